"""What the settings of a data center on AWS say of each other, and AWS would refuse or, worse, take without a word."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from ..components.compute import NodeProvisioner
from ..components.compute.aws_node_plan import AwsNodePlan, check_tag_keys
from ..infra.eks import SYSTEM_POOL, ClusterIpFamily
from ..infra.eks.version_skew import check_minor_version, check_node_skew
from ..infra.network import DEFAULT_POD_RANGE, NO_POD_RANGE
from ..planning.catalog.karpenter import RESERVED
from ..problems import Problems, camel_case, suggestion
from .families import Plans, Sections
from .layer import Layer
from .references import check_references
from .surroundings import Surroundings

_POOLS: Final = ("gpu_node_pools", "cpu_node_pools")
_CLASSES: Final = (*_POOLS, "node_classes")
_MOST_TAGS: Final = 38
"""Of the 50 that a resource may have, what is left beside ours, and those of EKS and Karpenter on instances."""

_OF_EKS: Final = "gp2"
"""The storage class that every EKS cluster has: EKS User Guide, Kubernetes versions, 1.30."""

_DRIVER: Final = "aws-ebs-csi-driver"
_SNAPSHOTS: Final = "snapshot-controller"


def check_on_aws(
    problems: Problems,
    sections: Sections,
    plans: Plans,
    around: Surroundings,
    *,
    layers: Sequence[Layer],
    tags: Mapping[str, str],
) -> None:
    """Refuse settings that are right one by one, and contradict each other.

    Args:
        problems: where problems go.
        sections: inputs of all components.
        plans: their plans.
        around: what settings alone decide.
        layers: those of this stack.
        tags: those of everything in AWS.
    """
    has_foundation = Layer.FOUNDATION in layers
    check_references(problems, sections, plans, zones=around.zones, has_foundation=has_foundation)
    check_tag_keys(problems, tags)
    if len(tags) > _MOST_TAGS:
        problems.add("tags", f"{len(tags)} tags are too many; give {_MOST_TAGS} or fewer")
    if has_foundation:
        _check_regions(problems, sections, around)
    if Layer.PLATFORM in layers:
        _check_addresses(problems, sections, plans)
        _check_auto_mode(problems, sections)
        _check_zones(problems, sections, around.zones)
        _check_names(problems, sections)
        _check_blocks(problems, plans)
        _check_gates(problems, plans)
        _check_nodes(problems, sections, plans, around)
        _check_storage_classes(problems, sections, plans)
    if around.is_isolated:
        for name in sections["web_firewalls"]:
            problems.add(f"webFirewalls.{name}", "nothing reaches WAF from a network without a way out; leave it out")


def _check_regions(problems: Problems, sections: Sections, around: Surroundings) -> None:
    site = sections["recovery_site"].get("")
    there = around.region if site is None else site.get("region", around.region)
    if site is not None and there == around.region:
        problems.add("recoverySite.region", f"is {around.region}, where the data center is itself; give another region")
    for name, own in sections["bucket_replications"].items() if there != around.region else ():
        if own.get("destination_region") != there:
            path = f"bucketReplications.{name}.destinationRegion"
            problems.add(path, f"'{own.get('destination_region')}' is not where the recovery site is; give {there}")
    bounded: Any = sections["permissions_boundary"].get("", {}).get("regions")
    for region in around.regions if isinstance(bounded, list) else ():
        if region not in bounded:
            owner = "the data center" if region == around.region else "the recovery site"
            problems.add("permissionsBoundary.regions", f"without {region} no role may act where {owner} is; add it")


def _check_addresses(problems: Problems, sections: Sections, plans: Plans) -> None:
    """Check the cluster against its network, where both are made here."""
    cluster, network = plans["cluster"].get(""), sections["network"].get("")
    if cluster is None or network is None or plans["network"][""] is None:
        return
    is_ipv6 = cluster.ip_family is ClusterIpFamily.IPV6
    if is_ipv6 and not network.get("dual_stack", True):
        problems.add("network.dualStack", "is false, and the ipFamily of the cluster is ipv6; leave it out")
    if (is_ipv6 or cluster.auto_mode) and "pod_cidr" in network and network["pod_cidr"] != NO_POD_RANGE:
        reason = "IPv6" if is_ipv6 else "autoMode"
        problems.add("network.podCidr", f"with {reason} pods have no subnets of their own; leave it out")
    if cluster.service_cidr is None:
        return
    services = ipaddress.ip_network(cluster.service_cidr)
    ranges = {"network.cidr": network["cidr"], "network.podCidr": network.get("pod_cidr", DEFAULT_POD_RANGE)}
    for path, text in ranges.items():
        if text != NO_POD_RANGE and services.overlaps(ipaddress.ip_network(text)):
            problems.add("cluster.serviceCidr", f"'{services}' overlaps {path}, {text}; give another network")


def _check_auto_mode(problems: Problems, sections: Sections) -> None:
    if not sections["cluster"].get("", {}).get("auto_mode"):
        return
    if "" in sections["karpenter"]:
        problems.add("karpenter", "with cluster.autoMode EKS runs a Karpenter of its own; leave it out")
    for path, _ in _made(sections):
        problems.add(path, "with cluster.autoMode EKS makes all nodes, from pools of its own; leave one of them out")
    for name in sections["storage_classes"]:
        problems.add(f"storageClasses.{name}", "with cluster.autoMode its driver is not in the cluster; leave it out")


def _check_zones(problems: Problems, sections: Sections, zones: Sequence[str]) -> None:
    for path, args in _made(sections):
        if "subnets" in args.get("aws", {}):
            continue
        for index, zone in enumerate(args.get("zones", [])):
            if zone not in zones:
                near = suggestion(zone, zones) or f"; give one of {', '.join(zones)}"
                problems.add(f"{path}.zones[{index}]", f"'{zone}' is not in zones, where the network is{near}")


def _check_blocks(problems: Problems, plans: Plans) -> None:
    users: dict[str, str] = {}
    for path, plan in _planned(plans):
        for block in plan.reservations.ids if plan.reservations.is_block else ():
            if block in users:
                place = f"{path}.aws.capacityBlock.reservation"
                problems.add(place, f"'{block}' is that of {users[block]} too; give every block one pool")
            users.setdefault(block, path)


def _check_gates(problems: Problems, plans: Plans) -> None:
    """Refuse what Karpenter would not see, because a feature is switched off."""
    karpenter = plans["karpenter"].get("")
    pools = [(path, pool) for path, pool in _pools(plans) if pool.provisioner is NodeProvisioner.KARPENTER_AWS]
    if karpenter is None:
        return
    for path, pool in pools:
        needs = {
            "staticCapacity": (pool.scaling.static_nodes is not None, "scaling.staticNodes"),
            "nodeOverlay": (pool.sharing is not None and pool.sharing.is_shared, "shared accelerators"),
            "reservedCapacity": (RESERVED in pool.capacity_types, "reserved capacity"),
        }
        for gate, (is_needed, what) in needs.items():
            if is_needed and not karpenter.feature_gates[gate]:
                problems.add(f"karpenter.featureGates.{gate}", f"is off, and {path} has {what}; turn it on")


def _check_nodes(problems: Problems, sections: Sections, plans: Plans, around: Surroundings) -> None:
    addons = plans["cluster_addons"].get("")
    made = dict(_made(sections))
    of_gpus = _with_gpus(sections, plans)
    for path, plan in _planned(plans):
        given: Mapping[str, Any] = made[path].get("aws", {})
        if "kubernetes_version" in given and plans["cluster"].get("") is not None:
            place, version = f"{path}.aws.kubernetesVersion", plan.image.kubernetes_version
            if check_minor_version(problems, place, version):
                check_node_skew(problems, place, control_plane=around.kubernetes_version, nodes=version)
        if addons is None or addons.ownership is None or plan.ownership is None or path not in of_gpus:
            continue
        if plan.ownership.addon != addons.ownership.addon:
            key = "amiFamily" if "ami_family" in given else "gpuSoftware"
            theirs = plan.ownership.addon or "the image itself"
            ours = addons.ownership.addon or "no add-on"
            problems.add(
                f"{path}.aws.{key}",
                f"GPUs of such nodes are handed out by {theirs}, but the cluster has {ours} for that, by gpuSoftware "
                "and amiFamily of the whole; make them the same",
            )


def _with_gpus(sections: Sections, plans: Plans) -> set[str]:
    """Return the paths of pools with accelerators, and of the node classes that are for such pools."""
    used = {str(pool["node_class"]) for pool in sections["gpu_node_pools"].values() if "node_class" in pool}
    classes = plans["node_classes"].items()
    with_types = {name for name, plan in classes if plan is not None and plan.accelerator is not None}
    return {
        *(f"gpuNodePools.{name}" for name in sections["gpu_node_pools"]),
        *(f"nodeClasses.{name}" for name in used | with_types),
    }


def _check_names(problems: Problems, sections: Sections) -> None:
    """Refuse names that stand for nothing, or for something else."""
    classes = sections["node_classes"]
    for path, args in _made(sections):
        wanted = args.get("node_class")
        if not path.startswith("nodeClasses.") and isinstance(wanted, str) and wanted not in classes:
            near = suggestion(wanted, classes) or "; add it there"
            problems.add(f"{path}.nodeClass", f"there is no '{wanted}' in nodeClasses{near}")
        if path.partition(".")[2] == SYSTEM_POOL and not path.startswith("nodeClasses."):
            problems.add(path, f"'{SYSTEM_POOL}' is what the system nodes are called; rename it")


def _check_storage_classes(problems: Problems, sections: Sections, plans: Plans) -> None:
    classes, cluster = sections["storage_classes"], plans["cluster"].get("")
    if cluster is not None and not cluster.auto_mode:
        for name, own in classes.items():
            needed = {f"storageClasses.{name}": _DRIVER, f"storageClasses.{name}.snapshots": _SNAPSHOTS}
            for path, addon in needed.items():
                if (addon == _DRIVER or own.get("snapshots")) and addon not in cluster.addons:
                    problems.add(path, f"needs the add-on {addon}; add it to cluster.addons")
    defaults = sorted(name for name, own in classes.items() if own.get("is_default"))
    for name in defaults[1:]:
        problems.add(f"storageClasses.{name}.isDefault", f"{defaults[0]} is the default already; leave one of them out")
    if cluster is not None and cluster.auto_mode:
        # Its classes are none of ours, and need not be called alike everywhere.
        return
    addons = cast(Mapping[str, Mapping[str, Any]], sections["cluster_addons"].get("", {}).get("addons", {}))
    for name, own in addons.items():
        wanted = own.get("storage_class")
        if isinstance(wanted, str) and wanted not in classes and wanted != _OF_EKS:
            near = suggestion(wanted, classes) or "; add it there"
            problems.add(f"clusterAddons.addons.{name}.storageClass", f"there is no '{wanted}' in storageClasses{near}")


def _made(sections: Sections) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the inputs of everything that makes nodes on EC2, with its path."""
    for family in _CLASSES:
        for name, args in sections[family].items():
            yield f"{camel_case(family)}.{name}", args


def _pools(plans: Plans) -> Iterator[tuple[str, Any]]:
    for family in _POOLS:
        for name, plan in plans[family].items():
            if plan is not None:
                yield f"{camel_case(family)}.{name}", plan


def _planned(plans: Plans) -> Iterator[tuple[str, AwsNodePlan]]:
    """Yield what nodes are made of, for each pool or class that says it, with its path."""
    for path, pool in _pools(plans):
        if pool.aws is not None:
            yield path, pool.aws
    for name, plan in plans["node_classes"].items():
        if plan is not None:
            yield f"nodeClasses.{name}", plan.nodes
