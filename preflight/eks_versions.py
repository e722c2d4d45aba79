"""Checks of EKS: whether AWS has the versions of Kubernetes and of the managed add-ons."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from .account import Account
from .check import Finding, Status, passed
from .demands import AccountDemands, AddonDemand
from .failures import AccountFailure, NothingThere, PermissionMissing

_SOON_DAYS: Final = 60


def check_kubernetes_versions(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Whether EKS offers each cluster's version, and for how long at the standard price."""
    wanted = {name: version for name, version in demands.clusters.items() if version}
    if not wanted:
        return
    listed = account.ask_all("eks", "describe_cluster_versions", "clusterVersions", includeAll=True)
    offered = {str(each["clusterVersion"]): each for each in listed}
    for cluster, version in sorted(wanted.items()):
        yield _supported(cluster, version, offered)


def _supported(cluster: str, version: str, offered: dict[str, Any]) -> Finding:
    subject = f"Kubernetes of cluster {cluster}"
    answer = offered.get(version)
    state = "" if answer is None else _support(answer)
    if answer is None or state == "unsupported":
        standard = sorted((name for name, each in offered.items() if _support(each).startswith("standard")), key=_order)
        return Finding(
            status=Status.ERROR,
            subject=subject,
            wanted=version,
            found=state or "EKS does not have it",
            way_out=f"take a version in standard support: {', '.join(standard)}",
        )
    end: object = answer.get("endOfStandardSupportDate")
    if state.startswith("extended"):
        way_out = "upgrade: a cluster in extended support costs six times as much (EKS pricing)"
        return Finding(status=Status.WARNING, subject=subject, wanted=version, found=state, way_out=way_out)
    if isinstance(end, datetime):
        left = (end.replace(tzinfo=end.tzinfo or UTC) - datetime.now(UTC)).days
        state = f"{state} until {end:%Y-%m-%d}"
        if left < _SOON_DAYS:
            way_out = f"plan the upgrade: {max(left, 0)} days of standard support are left"
            return Finding(status=Status.NOTE, subject=subject, wanted=version, found=state, way_out=way_out)
    return passed(subject, found=state, wanted=version)


def check_addon_versions(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Whether each managed add-on has the wanted version for the cluster's Kubernetes."""
    for addon in sorted(demands.addons, key=lambda addon: addon.name):
        try:
            yield _compatible(account, addon)
        except PermissionMissing:
            raise
        except AccountFailure as failure:
            # EKS refuses the name of an add-on that it does not have.
            yield Finding(
                status=Status.WARNING,
                subject=f"add-on {addon.name}",
                wanted=addon.version,
                found=str(failure),
                way_out="check the name: aws eks describe-addon-versions lists all",
            )


def _compatible(account: Account, addon: AddonDemand) -> Finding:
    subject = f"add-on {addon.name}"
    given: dict[str, Any] = {"addonName": addon.name}
    if addon.kubernetes:
        given["kubernetesVersion"] = addon.kubernetes
    try:
        answer = account.ask_all("eks", "describe_addon_versions", "addons", **given)
    except NothingThere:
        answer = []
    versions = [each for item in answer for each in item.get("addonVersions", [])]
    names = [str(each["addonVersion"]) for each in versions]
    default = next((str(each["addonVersion"]) for each in versions if _is_default(each, addon.kubernetes)), "")
    kubernetes = f"for Kubernetes {addon.kubernetes}" if addon.kubernetes else "for any Kubernetes"
    wanted = f"{addon.version or 'any version'} {kubernetes}"
    if not names:
        way_out = "take an add-on that EKS has for this version, or another version of Kubernetes"
        return Finding(status=Status.ERROR, subject=subject, wanted=wanted, found="none", way_out=way_out)
    if addon.version and addon.version not in names:
        return Finding(
            status=Status.ERROR,
            subject=subject,
            wanted=wanted,
            found=f"EKS has {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}",
            way_out=f"take {default or names[0]}" + (", which is the default" if default else ""),
        )
    return passed(subject, found=f"there, the default is {default}" if default else "there", wanted=wanted)


def _is_default(version: Any, kubernetes: str) -> bool:
    return any(
        bool(each.get("defaultVersion")) and (not kubernetes or each.get("clusterVersion") == kubernetes)
        for each in version.get("compatibilities", [])
    )


def _support(version: Any) -> str:
    """Return `standard support`, `extended support` or `unsupported`, from either spelling of the API."""
    state = str(version.get("versionStatus") or version.get("status") or "")
    return state.lower().replace("_", " ").replace("-", " ")


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
