"""All checks of an AWS account, and how they are run."""

import threading
from collections.abc import Collection, Sequence
from typing import Any, Final

from .account import Account
from .check import Check, CheckResult, Finding, Severity, Status, skipped
from .demands import AccountDemands
from .eks_versions import check_addon_versions, check_kubernetes_versions
from .failures import AccountFailure, PermissionMissing
from .identity import check_account, check_credentials
from .linked_roles import check_linked_roles
from .names import check_names
from .places import check_instance_types, check_region, check_zones
from .reservations import check_reservations
from .resource_quotas import check_resource_quotas
from .subnet_room import check_subnet_room
from .vcpu_quotas import check_vcpu_quotas

_PATIENCE: Final = 60.0
"""Seconds for one check; every question of it has a bound of its own."""

_FIRST: Final = ("credentials", "account", "region")
"""Checks on which the others stand, in this order."""

_QUOTAS: Final = ("servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota")

ACCOUNT_CHECKS: Final[Sequence[Check[Account]]] = (
    Check(
        name="credentials",
        asks="Are there credentials, and does AWS take them?",
        severity=Severity.ERROR,
        run=check_credentials,
    ),
    Check(
        name="account",
        asks="Is it an account that the provider's `allowedAccountIds` names?",
        severity=Severity.ERROR,
        run=check_account,
    ),
    Check(
        name="region",
        asks="Is the region there and enabled, and the one that the program deploys to?",
        severity=Severity.ERROR,
        run=check_region,
        permissions=("ec2:DescribeRegions",),
    ),
    Check(
        name="zones",
        asks="Are the zones of pools and subnets there and open?",
        severity=Severity.ERROR,
        run=check_zones,
        permissions=("ec2:DescribeAvailabilityZones",),
    ),
    Check(
        name="vcpu-quotas",
        asks="Are the quotas of virtual CPUs, by family and capacity type, enough for the pools at their largest?",
        severity=Severity.ERROR,
        run=check_vcpu_quotas,
        permissions=(*_QUOTAS, "ec2:DescribeInstances"),
    ),
    Check(
        name="resource-quotas",
        asks="Are the quotas of VPCs, internet gateways, Elastic IPs and EKS clusters enough?",
        severity=Severity.ERROR,
        run=check_resource_quotas,
        permissions=(
            *_QUOTAS,
            "ec2:DescribeVpcs",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeAddresses",
            "eks:ListClusters",
        ),
    ),
    Check(
        name="instance-types",
        asks="Are the instance types of each pool offered in its zones?",
        severity=Severity.ERROR,
        run=check_instance_types,
        permissions=("ec2:DescribeInstanceTypeOfferings",),
    ),
    Check(
        name="reservations",
        asks="Are capacity reservations and blocks there, active, of the right type and zone, and large enough?",
        severity=Severity.ERROR,
        run=check_reservations,
        permissions=("ec2:DescribeCapacityReservations",),
    ),
    Check(
        name="kubernetes-versions",
        asks="Does EKS have the clusters' versions of Kubernetes, and in standard support?",
        severity=Severity.ERROR,
        run=check_kubernetes_versions,
        permissions=("eks:DescribeClusterVersions",),
    ),
    Check(
        name="addon-versions",
        asks="Does EKS have the versions of the managed add-ons for the clusters' Kubernetes?",
        severity=Severity.ERROR,
        run=check_addon_versions,
        permissions=("eks:DescribeAddonVersions",),
    ),
    Check(
        name="subnet-room",
        asks="Have the subnets of each zone addresses for the planned nodes, their interfaces and their pods?",
        severity=Severity.ERROR,
        run=check_subnet_room,
        needs_account=False,
    ),
    Check(
        name="linked-roles",
        asks="Are the service-linked roles there that key policies name and spot instances need?",
        severity=Severity.ERROR,
        run=check_linked_roles,
        permissions=("iam:GetRole",),
    ),
    Check(
        name="names",
        asks="Are clusters, roles and buckets of these names there already?",
        severity=Severity.WARNING,
        run=check_names,
        permissions=("eks:DescribeCluster", "iam:GetRole", "s3:ListBucket"),
    ),
)


def run_account_checks(account: Account, demands: AccountDemands, skip: Collection[str] = ()) -> list[CheckResult]:
    """Run all checks but those in `skip`, and return what each found, in their order.

    Those on which the others stand run first: without credentials, or in a region that cannot be used, the rest is
    not asked. The others run at the same time.
    """
    results: dict[str, CheckResult] = {}
    stopped = ""
    for check in ACCOUNT_CHECKS:
        if check.name in skip:
            results[check.name] = CheckResult(check=check.name, findings=[skipped(check.name, "left out, as asked")])
        elif check.name in _FIRST:
            results[check.name] = _first(check, account, demands, stopped)
            if results[check.name].has_error and check.name != "account":
                stopped = stopped or check.name
    rest = [check for check in ACCOUNT_CHECKS if check.name not in results]
    results |= _together([check for check in rest if not (stopped and check.needs_account)], account, demands)
    for check in rest:
        if check.name not in results:
            reason = f"not asked, because of the error of the check '{stopped}'"
            results[check.name] = CheckResult(check=check.name, findings=[skipped(check.name, reason)])
    return [results[check.name] for check in ACCOUNT_CHECKS]


def _first(check: Check[Account], account: Account, demands: AccountDemands, stopped: str) -> CheckResult:
    if stopped:
        reason = f"not asked, because of the error of the check '{stopped}'"
        return CheckResult(check=check.name, findings=[skipped(check.name, reason)])
    return _together([check], account, demands)[check.name]


def _together(checks: Sequence[Check[Account]], account: Account, demands: AccountDemands) -> dict[str, CheckResult]:
    """Run checks at the same time; one that does not end in time is left behind."""
    found: dict[str, list[Finding]] = {check.name: [] for check in checks}
    defects: list[BaseException] = []

    def run(check: Check[Account]) -> None:
        try:
            _collect(check, account, demands, found[check.name])
        except BaseException as defect:
            defects.append(defect)

    threads = [(check, threading.Thread(target=run, args=(check,), daemon=True)) for check in checks]
    for _, thread in threads:
        thread.start()
    results: dict[str, CheckResult] = {}
    for check, thread in threads:
        thread.join(_PATIENCE)
        if defects:
            raise defects[0]
        findings = list(found[check.name])
        if thread.is_alive():
            findings.append(skipped(check.name, f"has not ended in {_PATIENCE:.0f} seconds", "try again"))
        results[check.name] = CheckResult(check=check.name, findings=findings)
    return results


def _collect(check: Check[Account], account: Account, demands: AccountDemands, into: list[Any]) -> None:
    """Add what a check finds; what it cannot ask is skipped, not taken for an error."""
    try:
        for finding in check.run(account, demands):
            into.append(finding)
    except PermissionMissing as missing:
        into.append(skipped(check.name, str(missing), missing.way_out))
    except AccountFailure as failure:
        into.append(
            Finding(
                status=Status.WARNING,
                subject=check.name,
                wanted="an answer",
                found=str(failure),
                way_out=failure.way_out or f"look at it yourself, or leave it out: --skip {check.name}",
            )
        )
