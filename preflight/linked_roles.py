"""The check of service-linked roles, which AWS makes only once somebody asks for them."""

from collections.abc import Iterator

from .account import Account
from .check import Finding, Status, passed
from .demands import AccountDemands
from .failures import NothingThere


def check_linked_roles(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Look for the roles that key policies name and that spot instances need."""
    for service, name in sorted(demands.linked_roles.items()):
        try:
            account.ask("iam", "get_role", RoleName=name)
            yield passed(f"role {name}", found="there")
        except NothingThere:
            yield Finding(
                status=Status.ERROR,
                subject=f"role {name}",
                wanted="there, once in an account",
                found="not there",
                way_out=f"aws iam create-service-linked-role --aws-service-name {service}",
            )
