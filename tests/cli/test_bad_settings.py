"""Wrong settings of our own project: exit code 2, the field by its path, the way out, nothing left behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

POOL = "gpuNodePools.h100-training"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("gpuNodePool", {}, ["gpuNodePool: unknown key", "did you mean 'gpuNodePools'"]),
        (f"{POOL}.scaling.maximumNode", 3, [f"{POOL}.scaling.maximumNode: unknown key", "did you mean 'maximumNodes'"]),
        (f"{POOL}.scaling.maximumNodes", "four", [f"{POOL}.scaling.maximumNodes", "four"]),
        (f"{POOL}.scaling.maximumNodes", 2.5, [f"{POOL}.scaling.maximumNodes", "2.5"]),
        (f"{POOL}.scaling.maximumNodes", 0, [f"{POOL}.scaling.maximumNodes", "give 1 node"]),
        (f"{POOL}.scaling.maximumNodes", -1, [f"{POOL}.scaling.maximumNodes", "-1 node"]),
        (f"{POOL}.scaling.maximumNodes", 1_000_000, [f"{POOL}.scaling.maximumNodes", "1,000,000", "5,000"]),
        (f"{POOL}.instanceTypes", ["p5.48xlrge"], [f"{POOL}.instanceTypes[0]", "p5.48xlrge", "p5.48xlarge"]),
        (f"{POOL}.instanceTypes", [], [f"{POOL}.instanceTypes", "none given"]),
        (f"{POOL}.instanceTypes", "p5.48xlarge", [f"{POOL}.instanceTypes", "list"]),
        (f"{POOL}.migProfile", "1g.99gb", [f"{POOL}.migProfile", "1g.99gb", "1g.10gb"]),
        ("gpuNodePools.l4-serving.migProfile", "1g.10gb", ["gpuNodePools.l4-serving.migProfile", "MIG"]),
        ("zones", "us-east-1a", ["zones", "list"]),
        ("tenants", ["research"], ["tenants"]),
        ("tenants", None, ["tenants"]),
        ("tenants.research.quota.gpus", "many", ["tenants.research.quota.gpus", "many"]),
        ("platform", "simulatd", ["platform", "did you mean 'simulated'"]),
        ("trainingJobs.gpt2.nodes", 0, ["trainingJobs.gpt2.nodes", "give 1"]),
        ("trainingJobs.gpt2.image", "", ["trainingJobs.gpt2.image"]),
        ("trainingJobs.gpt2.resources.memory", "1 TB", ["trainingJobs.gpt2.resources.memory", "1 TB"]),
        ("microservices.My_Service", {"namespace": "serving", "image": "a:1"}, ["microservices.My_Service"]),
    ],
)
def test_a_wrong_setting_is_named(
    path: str,
    value: Any,
    words: list[str],
    ours: Callable[..., Path],
    main: Callable[..., Any],
    refused: Callable[..., None],
    files_below: Callable[[Path], set[str]],
) -> None:
    folder = ours(path, value)
    before = files_below(folder)
    refused(main("plan", "local", "-C", folder), 2, *words)
    assert files_below(folder) == before


def test_render_writes_nothing_from_wrong_settings(
    ours: Callable[..., Path], aidc: Callable[..., Any], refused: Callable[..., None], tmp_path: Path
) -> None:
    folder = ours(f"{POOL}.scaling.maximumNodes", 0)
    refused(aidc("render", "local", "-C", folder, "-o", tmp_path / "out" / "manifests"), 2, f"{POOL}.scaling")
    assert not (tmp_path / "out").exists()


def test_all_mistakes_of_a_file_at_once_in_a_process(
    ours: Callable[..., Path], aidc: Callable[..., Any], refused: Callable[..., None]
) -> None:
    folder = ours()
    file = folder / "stacks/Pulumi.local.yaml"
    file.write_text(file.read_text().replace("p5.48xlarge", "p9.huge").replace("nodes: 4", "nodes: -4"))
    refused(aidc("plan", "local", "-C", folder), 2, "2 problems", "p9.huge", "trainingJobs.gpt2.nodes: -4")


def test_a_missing_environment_lists_those_that_exist(aidc: Callable[..., Any], refused: Callable[..., None]) -> None:
    refused(aidc("plan", "locl"), 2, "there is no stack 'locl'", "did you mean 'local'")
    refused(aidc("plan", "../../etc/passwd"), 2, "there are dev, local, prod, prod-foundation")


def test_the_name_of_a_setting_that_is_no_text(
    ours: Callable[..., Path], main: Callable[..., Any], refused: Callable[..., None]
) -> None:
    folder = ours()
    file = folder / "stacks/Pulumi.local.yaml"
    file.write_text(file.read_text() + "  true: 1\n")
    refused(main("plan", "local", "-C", folder), 2, "Pulumi.local.yaml", "config: the key True is not text")


def test_a_secret_setting_is_not_shown(
    ours: Callable[..., Path], aidc: Callable[..., Any], refused: Callable[..., None]
) -> None:
    folder = ours("tenants", {"secure": "AAABAHRoZSBjaXBoZXJ0ZXh0"})
    ended = aidc("plan", "local", "-C", folder)
    refused(ended, 2, "tenants")
    assert "AAABAH" not in ended.err
