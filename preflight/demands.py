"""What an environment asks of an AWS account, read from its graph. Needs no account."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final, cast

from ..evaluation.demand import workloads
from ..evaluation.graph import PROVIDER_PREFIX, Resource, ResourceGraph
from ..evaluation.manifests import Manifest, ordered_manifests
from ..planning.catalog.prices import SPOT
from .machines import MachineDemand, machine_demands

_PROVIDER: Final = f"{PROVIDER_PREFIX}aws"
_CLUSTER: Final = "aws:eks/cluster:Cluster"
_DISCOVERY: Final = "karpenter.sh/discovery"
_POD_ROLE: Final = "kubernetes.io/role/cni"
_LINKED_ROLE: Final = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
_LINKED_ROLES: Final = {
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
}
"""EC2 Auto Scaling User Guide, "Service-linked roles"; Karpenter, "Getting started", which has the second one made by
hand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubnetDemand:
    """A subnet that the environment makes."""

    name: str
    zone: str
    network: IPv4Network
    for_nodes: bool
    """Whether Karpenter puts nodes there."""

    for_pods: bool
    """Whether pods get their addresses there, and nodes do not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AddonDemand:
    """A managed add-on of a cluster."""

    name: str
    version: str
    """Empty where AWS chooses."""

    kubernetes: str
    """Version of the cluster; empty where it is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountDemands:
    """All that an environment asks of an account."""

    uses_aws: bool
    region: str
    """Region of the provider that most resources have; empty where nothing says one."""

    profile: str
    role_arn: str
    allowed_accounts: frozenset[str]
    forbidden_accounts: frozenset[str]
    machines: Sequence[MachineDemand]
    clusters: Mapping[str, str]
    """Kubernetes version by the cluster's name; an empty version where AWS chooses."""

    addons: Sequence[AddonDemand]
    subnets: Sequence[SubnetDemand]
    pods: int
    """Pods at most, without those of add-ons."""

    counts: Mapping[str, int]
    """Resources by type token."""

    tag_names: frozenset[str]
    """`Name` tags of its resources: what has one already is its own."""

    buckets: Sequence[str]
    roles: Sequence[str]
    linked_roles: Mapping[str, str]
    """Service-linked roles that must be there before, by service: what a key's policy names is refused else, and so
    is the first spot instance of an account."""

    @property
    def zones(self) -> list[str]:
        """Zones that something must be in."""
        named = {zone for demand in self.machines for zone in demand.zones} | {each.zone for each in self.subnets}
        return sorted(named)


def account_demands(graph: ResourceGraph, default_region: str = "") -> AccountDemands:
    """Read what a graph asks of the account of its main AWS provider.

    Args:
        graph: The environment.
        default_region: Region of the default provider, which is in the stack's configuration and not in the graph.
    """
    manifests = ordered_manifests(graph, allow_unknowns=True)
    resources = [each for each in graph if each.package == "aws" and each.custom and not each.is_provider]
    provider = _main_provider(graph, resources)
    inputs: Mapping[str, Any] = provider.inputs if provider else {}
    region = _region(provider, default_region)
    # An environment of several stacks has a provider in each; those of another region are for copies there.
    here = [each for each in resources if _region_of(graph, each, default_region) == region]
    uses_aws = bool(resources) or any(manifest.kind == "EC2NodeClass" for manifest in manifests)
    roles = [_mapping(each) for each in _items(inputs.get("assumeRoles"))]
    clusters = {_text(each.inputs.get("name")) or each.name: each for each in here if each.type == _CLUSTER}
    versions = {name: _text(each.inputs.get("version")) for name, each in clusters.items()}
    machines = machine_demands(graph, manifests)
    return AccountDemands(
        uses_aws=uses_aws,
        region=region,
        profile=_text(inputs.get("profile")),
        role_arn=next((_text(role.get("roleArn") or role.get("role_arn")) for role in roles), ""),
        allowed_accounts=frozenset(map(str, _items(inputs.get("allowedAccountIds")))),
        forbidden_accounts=frozenset(map(str, _items(inputs.get("forbiddenAccountIds")))),
        machines=machines,
        clusters=versions,
        addons=list(_addons(here, versions)),
        subnets=list(_subnets(here)),
        pods=_pods(manifests),
        counts=Counter(each.type for each in here),
        tag_names=frozenset(name for each in here if (name := _text(_mapping(each.inputs.get("tags")).get("Name")))),
        buckets=sorted(_named(here, "aws:s3/bucket:Bucket", "bucket")),
        roles=sorted(_named(here, "aws:iam/role:Role", "name")),
        linked_roles=_linked_roles(resources, machines),
    )


def _linked_roles(resources: Sequence[Resource], machines: Sequence[MachineDemand]) -> dict[str, str]:
    """Return the service-linked roles that are named or needed, and not made here."""
    policies = [_text(each.inputs.get("policy")) for each in resources if each.type == "aws:kms/key:Key"]
    made = {_text(each.inputs.get("awsServiceName")) for each in resources if each.type == _LINKED_ROLE}
    needed = {service: role for service, role in _LINKED_ROLES.items() if any(role in each for each in policies)}
    if any(SPOT in machine.capacity_types for machine in machines):
        needed["spot.amazonaws.com"] = _LINKED_ROLES["spot.amazonaws.com"]
    return {service: role for service, role in needed.items() if service not in made}


def _main_provider(graph: ResourceGraph, resources: Sequence[Resource]) -> Resource | None:
    """The provider of the cluster, or else the one that most resources have; None for the default one."""
    of_clusters = [each.provider for each in resources if each.type == _CLUSTER]
    used = Counter(of_clusters or [each.provider for each in resources])
    if not used:
        return next(iter(graph.of_type(_PROVIDER)), None)
    urn = used.most_common(1)[0][0]
    return graph.resources.get(urn)


def _region(provider: Resource | None, default: str) -> str:
    return (_text(provider.inputs.get("region")) if provider else "") or default


def _region_of(graph: ResourceGraph, resource: Resource, default: str) -> str:
    return _text(resource.inputs.get("region")) or _region(graph.resources.get(resource.provider), default)


def _addons(resources: Sequence[Resource], versions: Mapping[str, str]) -> Iterator[AddonDemand]:
    only = next(iter(versions.values())) if len(versions) == 1 else ""
    for each in resources:
        if each.type == "aws:eks/addon:Addon":
            yield AddonDemand(
                name=_text(each.inputs.get("addonName")),
                version=_text(each.inputs.get("addonVersion")),
                kubernetes=versions.get(_text(each.inputs.get("clusterName")), only),
            )


def _subnets(resources: Sequence[Resource]) -> Iterator[SubnetDemand]:
    for each in resources:
        cidr, zone = _text(each.inputs.get("cidrBlock")), _text(each.inputs.get("availabilityZone"))
        if each.type == "aws:ec2/subnet:Subnet" and cidr and zone:
            tags = _mapping(each.inputs.get("tags"))
            yield SubnetDemand(
                name=each.name,
                zone=zone,
                network=IPv4Network(cidr, strict=False),
                for_nodes=_DISCOVERY in tags,
                for_pods=_POD_ROLE in tags,
            )


def _pods(manifests: Sequence[Manifest]) -> int:
    return sum(workload.maximum_pods for workload in workloads(manifests, []))


def _named(resources: Sequence[Resource], type: str, property: str) -> Iterator[str]:
    return (name for each in resources if each.type == type and (name := _text(each.inputs.get(property))))


def _items(value: object) -> list[Any]:
    """A list; Pulumi hands providers all but text as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return cast(list[Any], value) if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
