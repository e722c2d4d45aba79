"""Names on AWS that stand for something else: each that stands for nothing is refused by its path."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.problems import InvalidInput
from aidc.stacks import check_settings

STACKS = Path(__file__).parents[2] / "stacks"


def settings(stack: str) -> dict[str, Any]:
    document = yaml.safe_load((STACKS / f"Pulumi.{stack}.yaml").read_text())
    return {key.removeprefix("aidc:"): value for key, value in document["config"].items()}


def refused(stack: str, path: str, value: Any) -> dict[str, str]:
    """What is said of a stack's settings with one value put in the place of another."""
    given = copy.deepcopy(settings(stack))
    inside = given
    *above, last = path.split("/")
    for key in above:
        inside = inside[key]
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    with pytest.raises(InvalidInput) as caught:
        check_settings(given, stack)
    return {problem.path: problem.reason for problem in caught.value.problems}


BALANCER = "inferenceServices.chat.applicationLoadBalancer"
INSIDE = BALANCER.replace(".", "/")
CASES = [
    ("prod", f"{INSIDE}/certificateArns", ["modles"], f"{BALANCER}.certificateArns[0]", "'models'"),
    (
        "prod",
        f"{INSIDE}/webAclArn",
        "nope",
        f"{BALANCER}.webAclArn",
        "add it there, or give an ARN",
    ),
    (
        "prod",
        "sharedFilesystems/scratch/fsx/subnetId",
        "us-east-1z",
        "sharedFilesystems.scratch.fsx.subnetId",
        "neither a zone of this network nor a subnet's id",
    ),
    (
        "prod",
        "bucketReplications/nope",
        {"destinationRegion": "us-west-2"},
        "bucketReplications.nope",
        "there is no 'nope' in objectStores",
    ),
    ("prod-foundation", "recoverySite", None, "backupPlans.data.schedules.daily.copyTo", "there is no recovery site"),
    (
        "prod-foundation",
        "backupPlans/data/schedules/daily/copyTo",
        "recovery-sit",
        "backupPlans.data.schedules.daily.copyTo",
        "did you mean 'recovery-site'",
    ),
    (
        "dev",
        "bucketReplications",
        {"datasets": {"destinationRegion": "us-west-2"}},
        "bucketReplications.datasets",
        "add recoverySite.buckets.datasets",
    ),
]


@pytest.mark.parametrize(("stack", "place", "value", "path", "reason"), CASES)
def test_a_name_that_stands_for_nothing(stack: str, place: str, value: Any, path: str, reason: str) -> None:
    found = refused(stack, place, value)
    assert set(found) == {path}
    assert reason in found[path]


@pytest.mark.parametrize("stack", ["dev", "staging", "prod-foundation", "prod-platform", "prod"])
def test_what_the_environments_name_is_there(stack: str) -> None:
    check_settings(settings(stack), stack)


def test_arns_and_ids_stand_for_themselves() -> None:
    given = settings("prod")
    balancer = given["inferenceServices"]["chat"]["applicationLoadBalancer"]
    balancer["certificateArns"] = ["arn:aws:acm:us-east-1:123456789012:certificate/0a1b"]
    balancer["webAclArn"] = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/models/0a1b"
    given["sharedFilesystems"]["scratch"]["fsx"]["subnetId"] = "subnet-0123456789abcdef0"
    check_settings(given, "prod")
