"""The check of names: whether something with a wanted name is there already."""

from collections.abc import Callable, Iterator

from .account import Account
from .check import Finding, Status, passed, skipped
from .demands import AccountDemands
from .failures import NothingThere, PermissionMissing


def check_names(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Look for clusters, roles and buckets that have the names of ours."""

    def cluster(name: str) -> object:
        return account.ask("eks", "describe_cluster", name=name)

    def role(name: str) -> object:
        return account.ask("iam", "get_role", RoleName=name)

    for kind, names, look in (("cluster", sorted(demands.clusters), cluster), ("role", demands.roles, role)):
        try:
            for name in names:
                yield _clash(kind, name, look)
        except PermissionMissing as missing:
            yield skipped(f"names of {kind}s", str(missing), missing.way_out)
    for name in demands.buckets:
        yield _bucket(account, name)


def _clash(kind: str, name: str, look: Callable[[str], object]) -> Finding:
    try:
        look(name)
    except NothingThere:
        return passed(f"{kind} {name}", found="free")
    return Finding(
        status=Status.NOTE,
        subject=f"{kind} {name}",
        wanted="free, or of this environment",
        found="there",
        way_out=f"fine if this environment made it; else import it, remove it, or give the {kind} another name",
    )


def _bucket(account: Account, name: str) -> Finding:
    try:
        account.ask("s3", "head_bucket", Bucket=name)
    except NothingThere:
        return passed(f"bucket {name}", found="free")
    except PermissionMissing:
        # S3 has one space of names for all accounts, and tells no more than this.
        return Finding(
            status=Status.WARNING,
            subject=f"bucket {name}",
            wanted="free",
            found="there, and not to be read with these credentials",
            way_out="bucket names are unique over all accounts: give it another name",
        )
    return Finding(
        status=Status.NOTE,
        subject=f"bucket {name}",
        wanted="free, or of this environment",
        found="there, in this account",
        way_out="fine if this environment made it; else import it, or give the bucket another name",
    )
