"""EFA of training jobs: what a job of whole nodes gets from its pool, and what no node of the pool has."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import ResourceGraph
from aidc.problems import InvalidInput
from aidc.stacks import check_settings
from aidc.stacks.composition import plan_data_center

ROOT = Path(__file__).parents[2]
JOB = "trainingJobs/gpt2"
POOL = "gpuNodePools/h100-training"


def settings(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Staging's settings with values put in the place of others; None takes one out."""
    document = yaml.safe_load((ROOT / "stacks/Pulumi.staging.yaml").read_text())
    found = copy.deepcopy({key.removeprefix("aidc:"): value for key, value in document["config"].items()})
    for path, value in changes:
        inside = found
        *above, last = path.split("/")
        for key in above:
            inside = inside.setdefault(key, {})
        inside[last] = value
        if value is None:
            del inside[last]
    return found


def interfaces(*changes: tuple[str, Any]) -> int | None:
    args = check_settings(settings(*changes), "staging")
    return plan_data_center(args, "staging").section("training_jobs")["gpt2"].get("efa_interfaces")


def test_a_job_of_whole_nodes_gets_what_its_pool_has() -> None:
    assert interfaces() == 32


def test_an_explicit_number_goes_before_it() -> None:
    assert interfaces((f"{JOB}/efaInterfaces", 0)) == 0
    assert interfaces((f"{JOB}/efaInterfaces", 16)) == 16


@pytest.mark.parametrize(
    "change",
    [
        (f"{JOB}/gpusPerNode", 4),
        (f"{JOB}/nodes", 1),
        (f"{POOL}/aws/efa", False),
    ],
)
def test_others_get_none(change: tuple[str, Any]) -> None:
    assert interfaces(change) is None


def test_a_shared_node_class_counts_too() -> None:
    assert (
        interfaces(
            ("nodeClasses/fast", {"aws": {"efa": True}, "instanceTypes": ["p5.48xlarge"], "zones": ["us-east-1a"]}),
            (f"{POOL}/aws", None),
            (f"{POOL}/nodeClass", "fast"),
        )
        == 32
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((f"{POOL}/instanceTypes", ["p4d.24xlarge"]), "'h100-training' has, 4; give 4 or fewer"),
        ((f"{POOL}/aws", {}), "has, 0; leave it out, or give the pool `efa: true` among its options of AWS"),
        ((f"{JOB}/nodePool", "l40s-serving"), "32 is more than a node of pool 'l40s-serving' has, 0; leave it out"),
    ],
)
def test_more_than_a_node_has_is_refused(change: tuple[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_settings(settings((f"{JOB}/efaInterfaces", 32), change), "staging")
    found = {problem.path: problem.reason for problem in caught.value.problems}
    assert reason in found["trainingJobs.gpt2.efaInterfaces"]


def test_the_workers_of_staging_ask_for_them(evaluate_stack: Callable[..., ResourceGraph]) -> None:
    job = evaluate_stack(ROOT, "staging").named("gpt2-job").inputs
    pod = job["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    (worker,) = pod["containers"]
    assert worker["resources"]["limits"]["vpc.amazonaws.com/efa"] == "32"
    assert "hugepages-2Mi" not in worker["resources"]["limits"]
    assert {"name": "FI_EFA_USE_HUGE_PAGE", "value": "0"} in worker["env"]
