"""`aidc schedule` as people run it: a file, an environment, both, and clear refusals."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MIX = """
nodes:
  a100: {instanceType: p4d.24xlarge, count: 2, nodesPerBlock: 1}
  own: {cpu: 96, memory: 768Gi, gpus: 8, gpuModel: h100}
jobs:
  pretrain: {pods: 2, gpus: 8, cpu: 48, memory: 256Gi, topology: preferred, gpuModels: [a100-40gb]}
  whole: {gpus: 8, cpu: 8, memory: 64Gi, weight: 1}
  notebook: {count: 12, gpus: 0.25, cpu: 4, memory: 16Gi}
"""


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    path = tmp_path / "mix.yaml"
    path.write_text(MIX)
    return path


def test_the_page_says_what_runs_what_waits_and_what_to_set(aidc: Callable[..., Any], mix: Path) -> None:
    ended = aidc("schedule", mix)
    assert (ended.code, ended.err) == (0, "")
    page = ended.out
    assert page.startswith("14 jobs ask for 27 GPUs of 24 on 3 nodes\n")
    assert "LeastAllocated, the scheduler's default" in page
    assert "no schedule is better" in page
    assert re.search(r"\npretrain +1 +2  8 GPUs, 48 cores, 256 GiB  a100-0, a100-1\n", page)
    assert re.search(r"\nnotebook-0 to notebook-11 +12 +1  0.25 GPU, 4 cores, 16 GiB  own-0 x12\n", page)
    assert "\nWhat waits\n  whole: 1 pod of 8 GPUs, 8 cores, 64 GiB\n" in page
    assert "  gpuNodePools.*.timeSlicingReplicas: 4\n    12 of 12 pods that ask for a part of a GPU" in page


def test_data_has_every_place(main: Callable[..., Any], mix: Path) -> None:
    data = json.loads(main("schedule", mix, "--json", "-").out)
    assert data["waiting"] == ["whole"]
    assert {place["node"] for place in data["places"]["pretrain"]} == {"a100-0", "a100-1"}
    shares: dict[tuple[str, int], float] = {}
    for name, places in data["places"].items():
        for place in places:
            for gpu in place["gpus"]:
                shares[place["node"], gpu] = shares.get((place["node"], gpu), 0) + (0.25 if "notebook" in name else 1)
    assert max(shares.values()) <= 1
    assert data["best"]["gpus"] == sum(shares.values()) == 19
    assert data["best"]["isOptimal"]


def test_an_environment_is_taken_as_it_is_or_with_other_jobs(main: Callable[..., Any], tmp_path: Path) -> None:
    as_it_is = json.loads(main("schedule", "--on", "local", "--json", "-").out)
    assert as_it_is["waiting"] == []
    assert as_it_is["gpus"] >= as_it_is["best"]["gpus"] > 0
    more = tmp_path / "more.yaml"
    more.write_text(f"jobs: {{huge: {{gpus: 1, pods: {as_it_is['gpus'] + 1:.0f}, cpu: 0.1, memory: 1Gi}}}}")
    other = json.loads(main("schedule", more, "--on", "local", "--json", "-").out)
    assert (other["nodes"], other["jobs"], other["waiting"]) == (as_it_is["nodes"], 1, ["huge"])


def test_many_jobs_are_searched_and_bounded(main: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(
        "nodes: {own: {cpu: 96, memory: 768Gi, gpus: 8, count: 20}}\n"
        "jobs:\n"
        "  third: {count: 150, gpus: 0.34, cpu: 4, memory: 16Gi}\n"
        "  pair: {count: 60, gpus: 2, cpu: 8, memory: 32Gi}\n"
    )
    runs = [json.loads(main("schedule", path, "--moves", "30", "--json", "-").out) for _ in range(2)]
    for data in runs:
        assert data["best"].pop("seconds") > 0
        assert data["best"]["method"] == "annealing"
        assert max(rule["weight"] for rule in data["rules"].values()) <= data["best"]["weight"]
        assert data["best"]["weight"] <= data["best"]["weightBound"] < data["weightOffered"]
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jobs: {a: {cpu: 1, memory: 1Gi}}", ["nodes: there are none"]),
        ("nodes: {a: {cpu: 1, memory: 1Gi}}", ["jobs: there are none; give 1 or more"]),
        ("nods: {}", ["nods: unknown key; did you mean 'nodes'?"]),
        ("nodes: {a: {instanceType: p4d.24xlarg}}", ["nodes.a.instanceType", "p4d comes as p4d.24xlarge"]),
        ("nodes: {a: {instanceType: p4d.24xlarge, cpu: 3}}", ["nodes.a.cpu: is what the instance type says"]),
        ("nodes: {a: {cpu: 3}}", ["nodes.a.memory: is missing"]),
        ("nodes: {a: {cpu: 3, memory: 1Gi, count: -2}}", ["nodes.a.count: -2 is too little; give 1 or more"]),
        ("nodes: {a: {cpu: 3, memory: 1Gi, count: 0}}", ["nodes.a.count: 0 is too"]),
        ("nodes: {a: {cpu: 3, memory: 1Gi, gpus: 10000000000}}", ["nodes.a.gpus: 10,000,000,000 GPUs is too much"]),
        ("nodes: {a: {cpu: .inf, memory: 1Gi, gpus: .nan}}", ["line 1: .inf is no number to count with"]),
        ("jobs: {a: {cpu: -1, memory: -1Gi}}", ["jobs.a.cpu: -1.0 cores is too", "jobs.a.memory: -1.0 GiB is"]),
        ("jobs: {a: {cpu: 1, memory: 1Gi, pods: 3000000000}}", ["jobs.a.pods: 3,000,000,000 is too much"]),
        ("nodes: {a: 3}", ["nodes.a: 3 is no mapping"]),
        ("jobs: {a: {cpu: 1, memory: 1Gi, gpus: 1.5}}", ["jobs.a.gpus: 1.5 is not possible"]),
        ("jobs: {a: {cpu: 1, memory: 1Gi, topology: near}}", ["jobs.a.topology: 'near' is not one of"]),
        ("- a", ["the file must be a mapping of keys to values"]),
    ],
)
def test_bad_input_is_refused(
    text: str, words: list[str], main: Callable[..., Any], refused: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    refused(main("schedule", path), 2, *words)


def test_a_model_that_no_node_has_is_refused(main: Callable[..., Any], refused: Callable[..., None], mix: Path) -> None:
    mix.write_text(MIX.replace("[a100-40gb]", "[h10]"))
    refused(main("schedule", mix), 2, "jobs.pretrain.gpuModels: no node has h10", "did you mean 'h100'")


def test_nothing_to_schedule_is_refused(main: Callable[..., Any], refused: Callable[..., None]) -> None:
    refused(main("schedule"), 2, "there are none; give 1 or more")
