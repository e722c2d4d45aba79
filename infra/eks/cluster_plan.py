"""An EKS cluster with every default applied, and what is wrong with its inputs."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi

from ...problems import Problems
from ..addresses import check_cidr
from ..arguments import check_keys, is_known
from ..identity import IdentityMethod
from ..labels import check_name
from ..versions import EKS_KUBERNETES
from .arguments import (
    ClusterAccess,
    ClusterAccessPolicy,
    ClusterIpFamily,
    EksClusterArgs,
    SupportPolicy,
    SystemNodes,
)
from .system_nodes_plan import SystemNodesPlan, plan_system_nodes
from .version_skew import addon_versions, check_minor_version

LOG_RETENTION_DAYS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Days that CloudWatch Logs can keep: CloudWatch Logs API, PutRetentionPolicy."""

_ALWAYS: Final = ("coredns", "kube-proxy", "vpc-cni")
_IDENTITY_AGENT: Final = "eks-pod-identity-agent"
_USUAL: Final = ("aws-ebs-csi-driver", "eks-node-monitoring-agent", _IDENTITY_AGENT)
_EXTRA: Final = ("metrics-server", "snapshot-controller")
_LONGEST_SUFFIX: Final = "-karpenter"
"""Of the names that are derived from the cluster's; IAM bounds a role's name at 64 characters."""

_SERVICES: Final = "172.20.0.0/16"
_PRIVATE: Final = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PRINCIPAL: Final = re.compile(r"arn:aws[-a-z]*:iam::\d{12}:(role|user)/.+")
_EVERYBODY: Final = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterAccessPlan:
    """One access entry."""

    principal_arn: pulumi.Input[str]
    policy: ClusterAccessPolicy
    namespaces: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class EksClusterPlan:
    """A cluster with every default applied."""

    cluster_name: str
    kubernetes_version: str
    endpoint_public_cidrs: Sequence[str]
    endpoint_private_cidrs: Sequence[str]
    egress_cidrs: Sequence[str]
    service_cidr: str | None
    ip_family: ClusterIpFamily
    access: Mapping[str, ClusterAccessPlan]
    log_retention_days: int
    deletion_protection: bool
    protect: bool
    support_policy: SupportPolicy
    zonal_shift: bool
    auto_mode: bool
    identity: IdentityMethod
    system_nodes: SystemNodesPlan | None
    addons: Mapping[str, str]


def plan_eks_cluster(args: EksClusterArgs, name: str) -> EksClusterPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, EksClusterArgs):
        problems.raise_if_any("EksCluster")
    cluster_name = args.get("cluster_name", name)
    check_name(problems, "clusterName" if "cluster_name" in args else "name", cluster_name, room=len(_LONGEST_SUFFIX))
    version = args.get("kubernetes_version", EKS_KUBERNETES.number)
    has_version = check_minor_version(problems, "kubernetesVersion", version)
    auto_mode = args.get("auto_mode", False)
    identity = args.get("identity", IdentityMethod.POD_IDENTITY)
    problems.choice("identity", identity, [each.value for each in IdentityMethod])
    support = args.get("support_policy", SupportPolicy.STANDARD)
    problems.choice("supportPolicy", support, [each.value for each in SupportPolicy])
    days = int(args.get("log_retention_days", 365))
    problems.choice("logRetentionDays", str(days), map(str, LOG_RETENTION_DAYS))
    ip_family = _ip_family(problems, args)
    _check_subnets(problems, args)
    for key in ("endpoint_public_cidrs", "endpoint_private_cidrs", "egress_cidrs"):
        _check_cidrs(problems, args, key)
    service_cidr = _service_cidr(problems, args, ip_family)
    access = _access(problems, args["access_entries"])
    system_nodes, addons = None, {}
    if has_version:
        if not auto_mode:
            with problems.under("systemNodes"):
                system_nodes = plan_system_nodes(problems, args.get("system_nodes", SystemNodes()), version)
        names = _addon_names(problems, args, auto_mode, str(identity))
        addons = addon_versions(problems, version, names, args.get("addon_versions", {}))
    if auto_mode:
        _check_auto_mode(problems, args)
    problems.raise_if_any("EksCluster")
    everywhere = [_EVERYBODY[0]] if ip_family is ClusterIpFamily.IPV4 else list(_EVERYBODY)
    return EksClusterPlan(
        cluster_name=cluster_name,
        kubernetes_version=version,
        endpoint_public_cidrs=sorted(args.get("endpoint_public_cidrs", [])),
        endpoint_private_cidrs=sorted(args.get("endpoint_private_cidrs", [])),
        egress_cidrs=sorted(args.get("egress_cidrs", everywhere)),
        service_cidr=service_cidr,
        ip_family=ip_family,
        access=access,
        log_retention_days=days,
        deletion_protection=args.get("deletion_protection", True),
        protect=args.get("protect", True),
        support_policy=SupportPolicy(support),
        zonal_shift=args.get("zonal_shift", True),
        auto_mode=auto_mode,
        identity=IdentityMethod(identity),
        system_nodes=system_nodes,
        addons=addons,
    )


def _access(problems: Problems, entries: Mapping[str, ClusterAccess]) -> dict[str, ClusterAccessPlan]:
    planned: dict[str, ClusterAccessPlan] = {}
    owners: dict[str, str] = {}
    for key, entry in sorted(entries.items()):
        with problems.under(f"accessEntries.{key}"):
            check_name(problems, "", key)
            policy, namespaces = entry["policy"], entry.get("namespaces", [])
            problems.choice("policy", policy, [each.value for each in ClusterAccessPolicy])
            for index, namespace in enumerate(namespaces):
                check_name(problems, f"namespaces[{index}]", namespace)
            if policy == ClusterAccessPolicy.CLUSTER_ADMIN.value and namespaces:
                problems.add("namespaces", "a cluster-admin is bounded to none; leave it out, or give admin")
            _check_principal(problems, entry["principal_arn"], key, owners)
        if policy in list(ClusterAccessPolicy):
            planned[key] = ClusterAccessPlan(
                principal_arn=entry["principal_arn"], policy=ClusterAccessPolicy(policy), namespaces=sorted(namespaces)
            )
    if not any(entry["policy"] == ClusterAccessPolicy.CLUSTER_ADMIN.value for entry in entries.values()):
        problems.add(
            "accessEntries",
            "none is a cluster-admin, and whoever creates the cluster gets no rights by that, so nobody could use it; "
            "give one entry the policy cluster-admin, for the role that deploys",
        )
    return planned


def _check_principal(problems: Problems, arn: pulumi.Input[str], key: str, owners: dict[str, str]) -> None:
    if not isinstance(arn, str) or not is_known(arn):
        return
    if ":assumed-role/" in arn:
        problems.add("principalArn", f"'{arn}' is a session; give the role's own ARN, arn:aws:iam::<account>:role/...")
    elif not _PRINCIPAL.fullmatch(arn):
        problems.add("principalArn", f"'{arn}' is not a role or user; write it like arn:aws:iam::<account>:role/<name>")
    elif arn in owners:
        problems.add("principalArn", f"the same as that of {owners[arn]}; EKS has one entry for each principal")
    owners.setdefault(arn, key)


def _check_subnets(problems: Problems, args: EksClusterArgs) -> None:
    for key, path, least in (("subnet_ids", "subnetIds", 2), ("node_subnet_ids", "nodeSubnetIds", 1)):
        given = args.get(key)
        count = len(cast(Sequence[Any], given)) if isinstance(given, (list, tuple)) else least
        if count < least:
            many = "two, in two zones" if least == 2 else "one"
            problems.add(path, f"{count} given; EKS needs {many}, or more")


def _check_cidrs(problems: Problems, args: EksClusterArgs, key: str) -> None:
    path = {
        "endpoint_public_cidrs": "endpointPublicCidrs",
        "endpoint_private_cidrs": "endpointPrivateCidrs",
        "egress_cidrs": "egressCidrs",
    }[key]
    for index, cidr in enumerate(args.get(key, [])):
        check_cidr(problems, f"{path}[{index}]", cidr)
        if key == "endpoint_public_cidrs" and cidr in _EVERYBODY:
            problems.add(
                f"{path}[{index}]", f"'{cidr}' opens the API to everybody; name the networks of those who use it"
            )
        elif key == "endpoint_public_cidrs" and _is_private(cidr):
            problems.add(
                f"{path}[{index}]",
                f"'{cidr}' is private, and nobody comes from it over the internet; put it into endpointPrivateCidrs",
            )


def _is_private(cidr: str) -> bool:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError:
        return False
    return any(network.subnet_of(private) for private in _PRIVATE)  # pyright: ignore[reportArgumentType]


def _ip_family(problems: Problems, args: EksClusterArgs) -> ClusterIpFamily:
    family = args.get("ip_family", ClusterIpFamily.IPV4)
    problems.choice("ipFamily", family, [each.value for each in ClusterIpFamily])
    if family == ClusterIpFamily.IPV6.value:
        for key, path in (("service_cidr", "serviceCidr"), ("pod_subnets", "podSubnets")):
            if key in args:
                problems.add(path, "not with IPv6, where pods and services have addresses enough; leave it out")
        return ClusterIpFamily.IPV6
    return ClusterIpFamily.IPV4


def _service_cidr(problems: Problems, args: EksClusterArgs, family: ClusterIpFamily) -> str | None:
    if family is ClusterIpFamily.IPV6:
        return None
    cidr, path, vpc_cidr = args.get("service_cidr", _SERVICES), "serviceCidr", args["vpc_cidr"]
    try:
        services = ipaddress.IPv4Network(cidr)
    except ValueError:
        problems.add(path, f"'{cidr}' is not an IPv4 network; write it like {_SERVICES}, without host bits")
        return cidr
    if not 12 <= services.prefixlen <= 24 or not any(services.subnet_of(block) for block in _PRIVATE):  # pyright: ignore[reportArgumentType]
        problems.add(path, f"'{cidr}' cannot hold Services; give /12 to /24 of {', '.join(map(str, _PRIVATE))}")
    if isinstance(vpc_cidr, str) and is_known(vpc_cidr):
        before = len(problems)
        check_cidr(problems, "vpcCidr", vpc_cidr)
        if len(problems) == before and services.overlaps(ipaddress.ip_network(vpc_cidr)):  # pyright: ignore[reportArgumentType]
            problems.add(path, f"'{cidr}' overlaps the VPC's {vpc_cidr}; give another network")
    return cidr


def _addon_names(problems: Problems, args: EksClusterArgs, auto_mode: bool, identity: str) -> list[str]:
    offered = _EXTRA if auto_mode else (*_USUAL, *_EXTRA)
    given = args.get("addons", [] if auto_mode else list(_USUAL))
    for index, addon in enumerate(given):
        problems.choice(f"addons[{index}]", addon, offered)
    if not auto_mode and identity == IdentityMethod.POD_IDENTITY.value and _IDENTITY_AGENT not in given:
        problems.add("addons", f"{_IDENTITY_AGENT} is missing; without it no pod gets credentials by Pod Identity")
    return [addon for addon in given if addon in offered] + ([] if auto_mode else list(_ALWAYS))


def _check_auto_mode(problems: Problems, args: EksClusterArgs) -> None:
    for key, path in (("system_nodes", "systemNodes"), ("pod_subnets", "podSubnets")):
        if key in args:
            problems.add(path, "belongs to nodes of one's own; leave it out, or autoMode")
