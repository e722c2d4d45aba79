"""ARNs of one account and region."""

from collections.abc import Callable

import pulumi

from .account import partition

ArnFormat = Callable[[str], pulumi.Input[str]]
"""Completes an ARN: `ec2:{region}:{account}:instance/*` gets its partition, its region and its account."""


def arn_format(region: pulumi.Input[str], account: pulumi.Input[str]) -> ArnFormat:
    """Return what completes ARNs of a region and an account: at once where both are known, else as an output."""
    if isinstance(region, str) and isinstance(account, str):
        return lambda rest: _completed(rest, region, account)
    known = pulumi.Output.all(region, account)
    return lambda rest: known.apply(lambda found: _completed(rest, *found))


def _completed(rest: str, region: str, account: str) -> str:
    return f"arn:{partition(region)}:{rest.format(region=region, account=account)}"
