"""What the settings of a data center on AWS say of its cluster as a whole, before anything is made."""

from collections.abc import Mapping
from typing import Any, cast

from ..infra.addons import AmiFamily, GpuSoftware
from ..infra.addresses import is_aws_region
from ..infra.eks import ClusterIpFamily
from ..infra.network import NatGateways
from ..infra.versions import EKS_KUBERNETES
from .data_center_args import DataCenterArgs


def cluster_settings(args: DataCenterArgs, region: str) -> dict[str, Any]:
    """Return the fields of `Surroundings` that settings alone decide, in a data center in `region`."""
    cluster, site = _single(args, "cluster"), str(_single(args, "recovery_site").get("region", region))
    return {
        "regions": sorted({region, *filter(is_aws_region, [site])}),
        "has_gpus": bool(args.get("gpu_node_pools")),
        "gpu_software": str(args.get("gpu_software", GpuSoftware.AMI)),
        "ami_family": str(args.get("ami_family", AmiFamily.BOTTLEROCKET)),
        "kubernetes_version": str(cluster.get("kubernetes_version", EKS_KUBERNETES.number)),
        "is_ipv6": _is_ipv6(cluster),
        "has_pod_subnets": has_pod_subnets(args),
        "is_isolated": is_isolated(args),
    }


def has_pod_subnets(args: DataCenterArgs) -> bool:
    """Return whether pods may have subnets of their own: not with Auto Mode, and not with IPv6."""
    cluster = _single(args, "cluster")
    return not cluster.get("auto_mode") and not _is_ipv6(cluster)


def is_isolated(args: DataCenterArgs) -> bool:
    """Return whether nodes reach no service of AWS that has no endpoint in the network.

    Without a NAT gateway they reach none, unless there is a way through another network, which
    `karpenter.isolatedNetwork` can say. So it can for a platform whose network is another stack's.
    """
    network = _single(args, "network")
    nat = network.get("nat", NatGateways.NONE if network.get("fully_private") else NatGateways.PER_ZONE)
    return bool(_single(args, "karpenter").get("isolated_network", str(nat) == NatGateways.NONE.value))


def _is_ipv6(cluster: Mapping[str, Any]) -> bool:
    return str(cluster.get("ip_family")) == ClusterIpFamily.IPV6.value


def _single(args: DataCenterArgs, family: str) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], args.get(family, {}))
