"""`aidc allocate` as people run it: the page, data, settings that an environment takes, and clear refusals."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TRAIN = ("--train", "7B", "--tokens", "300B", "--days", "14")
SERVE = ("--serve", "8B", "--requests-per-second", "200", "--time-to-first-token", "500ms")


def test_the_page_of_a_training_and_a_service(aidc: Callable[..., Any]) -> None:
    ended = aidc("allocate", *TRAIN, *SERVE, "--quota", "p=1000", "--survive-zone-loss")
    assert (ended.code, ended.err) == (0, "")
    page = ended.out
    assert page.startswith("The cheapest pools in us-east-1: us-east-1a, us-east-1b, us-east-1c\n")
    assert re.search(r"\ntraining +\S+ +on-demand +\d+ +us-east-1\w \d+ +[\d.]+ +[\d,.]+ +[\d,]+\n", page)
    assert re.search(r"\nserving +\S+ +on-demand +\d+ ", page)
    assert re.search(r"\ntotal +[\d,.]+ +[\d,]+\n", page)
    assert "proved: nothing cheaper than" in page
    assert re.search(r"  training: \d+ accelerators as \d+ data x \d+ tensor x \d+ pipeline", page)
    assert re.search(r"  serving: \d+ replicas on \S+, \d accelerators? each: [\d.]+ requests a second", page)
    assert "7B, in the shape of Mistral 7B v0.1" in page
    assert "40% of the peak FLOPS" in page
    assert "USD an hour (+" in page
    assert "on-demand of 2026-07-20" in page
    assert page == aidc("allocate", *TRAIN, *SERVE, "--quota", "p=1000", "--survive-zone-loss").out


def test_data_is_the_page_in_numbers(main: Callable[..., Any]) -> None:
    data = json.loads(main("allocate", *TRAIN, "--json").out)
    assert data["isPossible"]
    assert data["pricePerHour"] == pytest.approx(sum(pool["count"] * pool["price"] for pool in data["pools"]))
    assert data["pricePerMonth"] == pytest.approx(data["pricePerHour"] * 730)
    assert data["boundPerHour"] <= data["pricePerHour"] * (1 + 1e-9)
    assert data["settings"]["aidc:gpuNodePools"]
    assert data["notes"]["training"]
    # How the demand is met is data too: which layout, in how many days.
    (layout,) = [pool["layout"] for pool in data["pools"]]
    assert layout["data"] * layout["tensor"] * layout["pipeline"] == layout["accelerators"]
    assert 0 < layout["days"] <= 14
    assert [pool["serving"] for pool in data["pools"]] == [None]
    served = json.loads(main("allocate", *SERVE, "--json").out)["pools"]
    rates = [
        pool["count"] * pool["serving"]["replicas"] * each["requestsPerSecond"]
        for pool in served
        if (each := pool["serving"]["replica"])
    ]
    assert sum(rates) >= 200
    assert all(pool["serving"]["replica"]["timeToFirstToken"] <= 0.5 * (1 + 1e-6) for pool in served)


def test_what_nobody_can_buy_is_named_and_the_exit_code_is_1(main: Callable[..., Any]) -> None:
    ended = main("allocate", "--gpus", "64", "--accelerator", "h100", "--quota", "p=96", "--together")
    assert ended.code == 1
    assert ended.out.startswith("Nothing that is for sale meets this.\n")
    assert "quota L-417A185B (Running On-Demand P instances): raised from 96 to 1,024 vCPU" in ended.out
    data = json.loads(main("allocate", "--gpus", "64", "--accelerator", "h100", "--quota", "p=96", "--json").out)
    assert data["isPossible"] is False
    for_a_file = main("allocate", "--gpus", "64", "--accelerator", "h100", "--quota", "p=96", "--settings")
    assert (for_a_file.code, for_a_file.out) == (1, "")
    assert "cannot be kept" in for_a_file.err
    assert data["conflict"]["groups"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["demands: nothing is asked for; give at least one demand"]),
        (["--gpus", "-3"], ["demands.nodes", "'-3' is not a number"]),
        (["--gpus", "3", "--region", "us-eas-1"], ["region: 'us-eas-1'", "did you mean 'us-east-1'"]),
        (["--train", "7B"], ["demands.training.train.tokens: is missing", "demands.training.train.days: is missing"]),
        (["--train", "lama-3-8b", "--tokens", "1B", "--days", "1"], ["did you mean 'llama-3-8b'"]),
        (["--gpus", "3", "--accelerator", "h1000"], ["'h1000' is not a known accelerator"]),
        (["--gpus", "3", "--quota", "p"], ["--quota: 'p' is no quota; write it like p=768"]),
        (["--gpus", "3", "--spot-share", "1.5"], ["demands.nodes.spotShare: 1.5 is not a share"]),
        (["--gpus", "3", "--platform", "mars"], ["--platform: 'mars' is not one of aws, simulated"]),
        (["--accelerator", "h100"], ["--accelerator: rules demands of other options, and there is none"]),
        (
            [*TRAIN, "--survive-zone-loss", "--zone-share", "0.5", "--one-type"],
            [
                "--survive-zone-loss: a training is always of one type and in one zone; leave it out",
                "--zone-share: a training",
                "--one-type: a training",
            ],
        ),
        ([*SERVE, "--together"], ["--together: rules --gpus, --cpu and the like, and there is none of them"]),
        (["--serve", "mixtral-8x7b"], ["is missing"]),
        (["missing.yaml"], ["missing.yaml", "cannot be read"]),
    ],
)
def test_bad_input_is_refused(
    arguments: list[str], words: list[str], main: Callable[..., Any], refused: Callable[..., None]
) -> None:
    refused(main("allocate", *arguments), 2, *words)


@pytest.mark.parametrize("text", ["- a\n", "a: [", "3", "\x00"])
def test_a_file_that_is_no_request_is_refused(
    text: str, tmp_path: Path, main: Callable[..., Any], refused: Callable[..., None]
) -> None:
    path = tmp_path / "request.yaml"
    path.write_text(text)
    refused(main("allocate", path), 2, "request.yaml")


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("demands: [a]", ("--gpus", "8"), "demands: ['a'] is no mapping; write each demand under a name of its own"),
        ("limits: 3", ("--gpus", "8", "--quota", "p=96"), "limits: 3 is no mapping"),
        ("limits: {quotas: [p]}", ("--gpus", "8", "--quota", "p=96"), "limits.quotas: ['p'] is no mapping"),
        ("demands: {a: {needs: {cpu: 4}}}", ("--spot-share", "0.5"), "--spot-share: rules demands of other options"),
    ],
)
def test_options_that_do_not_go_with_a_file_are_refused(
    text: str,
    options: tuple[str, ...],
    words: str,
    tmp_path: Path,
    main: Callable[..., Any],
    refused: Callable[..., None],
) -> None:
    path = tmp_path / "request.yaml"
    path.write_text(text)
    refused(main("allocate", path, *options), 2, words)


def test_a_step_that_cannot_be_dealt_out_evenly_is_told(main: Callable[..., Any]) -> None:
    """512 texts for 400 groups: some have two, and all wait for them, so that a step takes half as long again."""
    ended = main("allocate", "--train", "70B", "--tokens", "15T", "--days", "60", "--alternatives", "0")
    assert "as 400 data x 4 tensor x 1 pipeline" in ended.out
    assert "take steps of 3,276,800 tokens, as many texts for each of the groups" in ended.out
    assert "take steps of" not in main("allocate", *TRAIN, "--alternatives", "0").out


def test_what_one_more_reserved_node_saves_is_before_its_own_price(main: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "request.yaml"
    reserved = {"id": "cr-1", "instanceType": "p5.48xlarge", "zone": "us-east-1b", "nodes": 1, "pricePerHour": 40}
    needs = {"needs": {"accelerators": 64}, "accelerator": "h100"}
    path.write_text(yaml.safe_dump({"demands": {"a": needs}, "reservations": [reserved]}))
    page = main("allocate", path).out
    # Of 64 accelerators 8 are reserved: the next node would stand for one that is bought at 55.04.
    assert (
        "reservation cr-1: one more node in us-east-1b saves 55.04 USD an hour, if nodes are split, before its" in page
    )


def request_file(folder: Path) -> Path:
    """A request with everything that settings can hold."""
    path = folder / "request.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "region": "us-east-1",
                "zones": ["us-east-1a", "us-east-1b"],
                "demands": {
                    "pretraining": {"train": {"model": "7B", "tokens": "300B", "days": 14}, "accelerator": "h100"},
                    "chat": {
                        "serve": {"model": "8B", "requestsPerSecond": 60, "timeToFirstToken": "1s"},
                        "survivesZoneLoss": True,
                        "spotShare": 0.5,
                    },
                    "batch": {"needs": {"cpu": 300, "memory": "1Ti"}},
                },
                "reservations": [
                    {"id": "cr-0123456789abcdef0", "instanceType": "p5.48xlarge", "zone": "us-east-1b", "nodes": 4}
                ],
            }
        )
    )
    return path


@pytest.mark.parametrize(("stack", "platform"), [("local", "simulated"), ("dev", "aws")])
def test_the_settings_can_be_pasted_into_an_environment(
    stack: str, platform: str, tmp_path: Path, main: Callable[..., Any], aidc: Callable[..., Any]
) -> None:
    shown = main("allocate", request_file(tmp_path), "--settings", "--platform", platform)
    assert (shown.code, shown.err) == (0, "")
    pasted = yaml.safe_load(shown.out)["config"]
    folder = tmp_path / "ours"
    (folder / "stacks").mkdir(parents=True)
    for name in ("Pulumi.yaml", "stacks/__main__.py"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    document = yaml.safe_load((ROOT / f"stacks/Pulumi.{stack}.yaml").read_text())
    for section, pools in pasted.items():
        if platform == "simulated":
            # Nothing is reserved where nothing is bought.
            pools = {name: pool for name, pool in pools.items() if pool["capacityTypes"] != ["reserved"]}
        document["config"].setdefault(section, {}).update(pools)
    (folder / f"stacks/Pulumi.{stack}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    planned = aidc("plan", stack, "-C", folder, "--json", "-")
    assert planned.code == 0, planned.err
    found = {pool["name"]: pool for pool in json.loads(planned.out)["nodePools"]}
    for pools in pasted.values():
        for name, pool in pools.items():
            if platform == "simulated" and pool["capacityTypes"] == ["reserved"]:
                continue
            assert found[name]["instanceTypes"] == pool["instanceTypes"]
            assert found[name]["maximumNodes"] == pool["scaling"]["maximumNodes"]
