"""Checks of who asks: credentials, and the account that they belong to."""

from collections.abc import Iterator

from .account import Account
from .check import Finding, Status, passed
from .demands import AccountDemands
from .failures import CredentialsUnusable, Unreachable


def check_credentials(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Ask AWS who we are."""
    try:
        answer = account.ask("sts", "get_caller_identity", region=account.home)
    except (CredentialsUnusable, Unreachable) as failure:
        yield Finding(
            status=Status.ERROR,
            subject="credentials",
            wanted="credentials that AWS takes",
            found=str(failure),
            way_out=failure.way_out,
        )
        return
    yield passed("credentials", found=str(answer["Arn"]))


def check_account(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Compare the account with those that the AWS provider allows."""
    answer = account.ask("sts", "get_caller_identity", region=account.home)
    number = str(answer["Account"])
    allowed, forbidden = demands.allowed_accounts, demands.forbidden_accounts
    if not allowed and not forbidden:
        yield Finding(
            status=Status.NOTE,
            subject="account",
            wanted="an account that the provider names",
            found=f"{number}; the provider takes any",
            way_out="give the AWS provider allowedAccountIds, so that nobody deploys to another account",
        )
    elif (allowed and number not in allowed) or number in forbidden:
        names = f"one of {', '.join(sorted(allowed))}" if allowed else f"none of {', '.join(sorted(forbidden))}"
        yield Finding(
            status=Status.ERROR,
            subject="account",
            wanted=names,
            found=number,
            way_out="use credentials of the right account (AWS_PROFILE), or change allowedAccountIds of the provider",
        )
    else:
        yield passed("account", found=number)
