"""Which account, region and partition a program runs in."""

from typing import Final

import pulumi

_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""Regions outside the partition `aws`, by prefix: AWS General Reference, ARN format."""


def partition(region: str) -> str:
    """Return the partition of a region, the second part of its ARNs."""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def current_account(parent: pulumi.Resource) -> pulumi.Output[str]:
    """Return the id of the account that the AWS provider of `parent` works in, 12 digits."""
    from pulumi_aws import get_caller_identity_output

    return get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=parent)).account_id


def current_region(parent: pulumi.Resource) -> pulumi.Output[str]:
    """Return the region that the AWS provider of `parent` works in."""
    from pulumi_aws import get_region_output

    return get_region_output(opts=pulumi.InvokeOutputOptions(parent=parent)).region
