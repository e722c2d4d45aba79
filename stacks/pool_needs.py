"""What node pools on AWS need of the cluster around them."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from ..components.compute import NodeProvisioner
from ..infra.addons import AmiFamily, GpuSoftware
from ..infra.network import NO_POD_RANGE
from .cluster_settings import has_pod_subnets
from .data_center_args import DataCenterArgs


def karpenter_for_pools(own: Mapping[str, Any], args: DataCenterArgs) -> dict[str, Any]:
    """Return Karpenter's settings with the features on that the pools use, unless the settings say otherwise.

    Sharing needs NodeOverlay, a fixed number of nodes StaticCapacity: Karpenter's reference of settings. Where pods
    have subnets of their own, a node's first interface holds none.
    """
    # A managed node group has what it says without Karpenter.
    managed = NodeProvisioner.MANAGED_NODE_GROUP.value
    pools = [pool for pool in _pools(args) if str(pool.get("provisioner")) != managed]
    needed = {
        "node_overlay": any("mig_profile" in pool or "time_slicing_replicas" in pool for pool in pools),
        "static_capacity": any("static_nodes" in pool.get("scaling", {}) for pool in pools),
    }
    gates = {**{gate: True for gate, is_needed in needed.items() if is_needed}, **own.get("feature_gates", {})}
    network = args.get("network")
    is_split = has_pod_subnets(args) and (network is None or network.get("pod_cidr") != NO_POD_RANGE)
    more = {"reserved_network_interfaces": 1} if is_split else {}
    return {**more, **own, **({"feature_gates": gates} if gates else {})}


def addons_for_pools(own: Mapping[str, Any], args: DataCenterArgs) -> dict[str, Any]:
    """Return the add-ons' settings with the shares of GPUs that the pools ask for, where an add-on slices time."""
    owner = _slicer(args)
    shares = sorted({int(pool["time_slicing_replicas"]) for pool in _pools(args) if "time_slicing_replicas" in pool})
    addons = cast(Mapping[str, Mapping[str, Any]], own.get("addons", {}))
    if owner is None or not shares or "time_slicing_replicas" in addons.get(owner, {}):
        return dict(own)
    settings = {**addons.get(owner, {}), "time_slicing_replicas": shares}
    return {**own, "addons": {**addons, owner: settings}}


def _slicer(args: DataCenterArgs) -> str | None:
    """Return the add-on that slices time; None where the machine image does it."""
    software = str(args.get("gpu_software", GpuSoftware.AMI))
    if software == GpuSoftware.GPU_OPERATOR.value:
        return "gpu-operator"
    is_al2023 = str(args.get("ami_family", AmiFamily.BOTTLEROCKET)) == AmiFamily.AL2023.value
    return "nvidia-device-plugin" if software == GpuSoftware.AMI.value and is_al2023 else None


def _pools(args: DataCenterArgs) -> Iterable[Mapping[str, Any]]:
    for family in ("gpu_node_pools", "cpu_node_pools"):
        yield from cast(Mapping[str, Mapping[str, Any]], args.get(family, {})).values()
