"""What a layer finds around it: what the layers beneath have made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pulumi

from ..infra.addons import AmiFamily, GpuSoftware
from ..infra.security import KeyPurpose
from ..infra.versions import EKS_KUBERNETES
from ..problems import camel_case

_STAND_IN_ACCOUNT: Final = "000000000000"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterFacts:
    """A cluster as those see it who deploy into it."""

    cluster_name: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    kubeconfig: pulumi.Input[str]
    kubernetes_version: pulumi.Input[str]
    node_role_name: pulumi.Input[str]
    node_role_arn: pulumi.Input[str]
    node_security_group_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a component of a data center on AWS needs to know of the others; None what is not there yet."""

    environment: str
    """Name of the environment, and of its cluster."""

    region: str
    zones: Sequence[str]
    """Sorted."""

    regions: Sequence[str] = ()
    """Its region and that of the recovery site."""

    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of everything in AWS."""

    vpc_id: pulumi.Input[str] | None = None
    vpc_cidr: pulumi.Input[str] | None = None
    private_subnets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, Any])
    """By zone."""

    intra_subnet_ids: pulumi.Input[Any] | None = None
    """A list."""

    pod_subnets: pulumi.Input[Any] | None = None
    """By zone; empty where pods take addresses of the private subnets."""

    keys: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, Any])
    """ARNs by purpose."""

    permissions_boundary: pulumi.Input[str] | None = None
    """ARN of the policy that bounds every role."""

    access_log_bucket: pulumi.Input[str] | None = None
    """Name of the bucket for access logs."""

    recovery: pulumi.Input[Any] | None = None
    """What the recovery site has: `vaultArn`, `storageKeyArn`, and `bucketArns` by name."""

    repositories: pulumi.Input[Any] | None = None
    """Addresses of the registry's repositories, by name."""

    cluster: ClusterFacts | None = None
    """None where there is none yet."""

    has_gpus: bool = False
    gpu_software: str = GpuSoftware.AMI.value
    ami_family: str = AmiFamily.BOTTLEROCKET.value
    kubernetes_version: str = EKS_KUBERNETES.number
    """Minor version of the control plane."""

    is_ipv6: bool = False
    """Whether pods have addresses of IPv6, for which networks and load balancers need both."""

    has_pod_subnets: bool = True
    """Whether pods may have subnets of their own."""

    is_isolated: bool = False
    """Whether nodes reach no service of AWS that has no endpoint in the network."""

    managed_addons: Sequence[str] = ()
    """EKS's own add-ons of the cluster."""

    named: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(default_factory=dict[str, Any])
    """What settings may refer to by its name: by family, then by name."""

    def exports(self) -> dict[str, Any]:
        """Return what a stack tells the stacks above it; `beneath` reads it."""
        facts = {key: getattr(self, key) for key in _EXPORTED if getattr(self, key) is not None}
        cluster = None if self.cluster is None else {key: getattr(self.cluster, key) for key in _CLUSTER}
        return {camel_case(key): value for key, value in facts.items()} | (
            {} if cluster is None else {"cluster": {camel_case(key): value for key, value in cluster.items()}}
        )


_EXPORTED: Final = (
    "vpc_id",
    "vpc_cidr",
    "private_subnets",
    "intra_subnet_ids",
    "pod_subnets",
    "keys",
    "permissions_boundary",
    "access_log_bucket",
    "recovery",
    "repositories",
)
_OPTIONAL: Final = ("recovery", "repositories")
_CLUSTER: Final = tuple(ClusterFacts.__annotations__)


def stand_ins(environment: str, region: str, zones: Sequence[str]) -> Surroundings:
    """Return surroundings of the right form, for checking settings before anything is there."""
    account = f"arn:aws:iam::{_STAND_IN_ACCOUNT}"
    subnets = {zone: f"subnet-{zone}" for zone in sorted(zones)}
    return Surroundings(
        environment=environment,
        region=region,
        zones=sorted(zones),
        vpc_id="vpc-0",
        vpc_cidr="10.0.0.0/16",
        private_subnets=subnets,
        intra_subnet_ids=list(subnets.values()),
        pod_subnets=subnets,
        keys={str(purpose): f"arn:aws:kms:{region}:{_STAND_IN_ACCOUNT}:key/{purpose}" for purpose in KeyPurpose},
        permissions_boundary=f"{account}:policy/{environment}",
        access_log_bucket=f"{environment}-access-logs",
        recovery={},
        cluster=ClusterFacts(
            cluster_name=environment,
            endpoint="https://cluster.example",
            kubeconfig="{}",
            kubernetes_version=EKS_KUBERNETES.number,
            node_role_name=f"{environment}-node",
            node_role_arn=f"{account}:role/{environment}-node",
            node_security_group_id="sg-0",
        ),
    )


def beneath(stack: str, around: Surroundings, *, has_cluster: bool, parent: pulumi.Resource) -> Surroundings:
    """Return the surroundings with what the stack of the layer beneath exports.

    Args:
        stack: a stack of the same project, or a whole name with organization and project.
        around: what is known without it.
        has_cluster: whether that layer is the platform.
        parent: parent of the reference.
    """
    whole = stack if "/" in stack else f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    reference = pulumi.StackReference("beneath", stack_name=whole, opts=pulumi.ResourceOptions(parent=parent))
    found: dict[str, Any] = {
        key: (reference.get_output if key in _OPTIONAL else reference.require_output)(camel_case(key))
        for key in _EXPORTED
    }
    found["private_subnets"] = {zone: at(found["private_subnets"], zone) for zone in around.zones}
    found["keys"] = {str(purpose): at(found["keys"], str(purpose)) for purpose in KeyPurpose}
    if has_cluster:
        told = reference.require_output("cluster")
        found["cluster"] = ClusterFacts(**{key: at(told, camel_case(key)) for key in _CLUSTER})
    return replace(around, **found)


def at(output: pulumi.Output[Any], key: str) -> pulumi.Output[Any]:
    """Return what an output has under a key."""
    return output.apply(lambda known: known[key])
