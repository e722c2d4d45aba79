"""The plan of nodes on EC2: their options checked against each other and against the pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import pulumi

from ...infra.addons.gpu_software import AmiFamily, GpuOwnership, GpuSoftware, gpu_ownership
from ...infra.arguments import is_known
from ...planning.catalog import Accelerator, InstanceType, NetworkInterface, find_network_layout
from ...problems import Problems
from .aws_node_options import AwsNodeOptions
from .capacity_reservations import ReservationPlan, plan_reservations
from .machine_image import ImagePlan, plan_image
from .node_user_data import BootSettings
from .sharing import SharingPlan

_FEWEST_PODS: Final = 4
_MOST_PODS: Final = 250
_SMALL_NODE_PODS: Final = 110
_LARGE_NODE_VCPUS: Final = 30
"""Pods with prefix delegation: Amazon EKS User Guide, Assign more IP addresses to nodes with prefixes."""

_RESTRICTED_TAGS: Final = (
    "aws:",
    "eks:eks-cluster-name",
    "kubernetes.io/cluster",
    "karpenter.sh/nodepool",
    "karpenter.sh/nodeclaim",
    "karpenter.k8s.aws/ec2nodeclass",
)
"""Beginnings of tags that AWS or Karpenter set: the definition of EC2NodeClass, v1.14.1."""

_MOST_TAGS: Final = 40
"""Of the 50 that an instance may have, what is left beside those of EKS and Karpenter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsNodePlan:
    """Nodes on EC2 with every default applied."""

    cluster_name: pulumi.Input[str]
    node_role_name: pulumi.Input[str]
    instance_profile: pulumi.Input[str] | None
    """None where Karpenter makes one with the role."""

    subnets: Mapping[str, pulumi.Input[str]]
    """By zone, the zones of the pool alone; empty where the discovery tag selects them."""

    security_group_ids: Sequence[pulumi.Input[str]]
    """Empty where the discovery tag selects them."""

    image: ImagePlan
    software: GpuSoftware
    ownership: GpuOwnership | None
    """Who owns what makes the GPUs usable; None without NVIDIA GPUs."""

    interfaces: Sequence[NetworkInterface]
    """The network interfaces; empty without EFA, where one is made as always."""

    placement_group: bool
    placement_group_name: pulumi.Input[str] | None
    reservations: ReservationPlan
    instance_store: bool
    max_pods: int | None
    detailed_monitoring: bool
    node_repair: bool
    tags: Mapping[str, str]

    @property
    def efa_interfaces(self) -> int:
        """Elastic Fabric Adapters of one node."""
        return max(len(self.interfaces) - 1, 0)

    def boot_settings(self, accelerator: Accelerator | None, sharing: SharingPlan | None) -> BootSettings:
        """Return what the nodes have to know at boot."""
        return BootSettings(
            family=self.image.family,
            accelerator=accelerator,
            sharing=sharing,
            without_device_plugin=self.ownership is not None and self.ownership.disables_built_in_plugin,
            instance_store=self.instance_store,
            max_pods=self.max_pods,
        )


def chosen_family(options: AwsNodeOptions) -> AmiFamily:
    """Return the operating system, or the default in place of one that does not exist."""
    family = str(options.get("ami_family", AmiFamily.BOTTLEROCKET))
    return AmiFamily(family) if family in [each.value for each in AmiFamily] else AmiFamily.BOTTLEROCKET


def plan_aws_nodes(
    problems: Problems,
    options: AwsNodeOptions,
    types: Sequence[InstanceType],
    *,
    zones: Sequence[str],
    is_managed: bool,
) -> AwsNodePlan:
    """Check the options of nodes of the given types; paths are those of the options."""
    family = chosen_family(options)
    software, ownership = _gpu_software(problems, options, types, family, is_managed)
    image = plan_image(problems, options, family, is_managed=is_managed)
    subnets = _subnets(problems, options, zones, is_managed)
    interfaces = _interfaces(problems, options, types)
    used = zones or list(subnets)
    for key, path in (("efa", "efa"), ("placement_group", "placementGroup"), ("capacity_block", "capacityBlock")):
        if options.get(key) and len(used) != 1:
            problems.add(path, f"needs one zone for all nodes, not {len(used) or 'any'}; give one in zones")
    if options.get("placement_group") and "placement_group_name" in options:
        problems.add("placementGroup", "given together with placementGroupName; give one of them")
    if (options.get("placement_group") or "placement_group_name" in options) and "capacity_block" in options:
        problems.add("placementGroup", "a capacity block is close together already, and in no placement group of yours")
    _check_foreign(problems, options, is_managed)
    cluster = options["cluster_name"]
    return AwsNodePlan(
        cluster_name=cluster,
        node_role_name=options.get("node_role_name", _role_name(cluster)),
        instance_profile=options.get("instance_profile"),
        subnets=subnets,
        security_group_ids=options.get("security_group_ids", []),
        image=image,
        software=software,
        ownership=ownership,
        interfaces=interfaces,
        placement_group=options.get("placement_group", False),
        placement_group_name=options.get("placement_group_name"),
        reservations=plan_reservations(problems, options),
        instance_store=_instance_store(problems, options, types),
        max_pods=_max_pods(problems, options, types),
        detailed_monitoring=options.get("detailed_monitoring", False),
        node_repair=options.get("node_repair", True),
        tags=_tags(problems, options),
    )


def _gpu_software(
    problems: Problems, options: AwsNodeOptions, types: Sequence[InstanceType], family: AmiFamily, is_managed: bool
) -> tuple[GpuSoftware, GpuOwnership | None]:
    software = str(options.get("gpu_software", GpuSoftware.AMI))
    accelerated = next((each.accelerator for each in types if each.accelerator), None)
    if types and (accelerated is None or accelerated.vendor != "nvidia"):
        problems.choice("amiFamily", str(options.get("ami_family", family)), [each.value for each in AmiFamily])
        if "gpu_software" in options:
            problems.add("gpuSoftware", "belongs to nodes with NVIDIA GPUs; leave it out")
        return GpuSoftware.AMI, None
    version = options.get("kubernetes_version") if is_managed else None
    given = str(options.get("ami_family", family))
    ownership = gpu_ownership(problems, software, given, kubernetes_version=version)
    return (GpuSoftware(software), ownership) if ownership else (GpuSoftware.AMI, None)


def _subnets(
    problems: Problems, options: AwsNodeOptions, zones: Sequence[str], is_managed: bool
) -> dict[str, pulumi.Input[str]]:
    given = options.get("subnets", {})
    if is_managed:
        for key, path in (("subnets", "subnets"), ("security_group_ids", "securityGroupIds")):
            if not options.get(key):
                problems.add(path, "missing; a managed node group finds none by a tag")
    for zone in zones:
        if given and zone not in given:
            problems.add("subnets", f"none in the zone '{zone}' of the pool, only in {', '.join(sorted(given))}")
    return {zone: given[zone] for zone in sorted(given) if not zones or zone in zones}


def _interfaces(
    problems: Problems, options: AwsNodeOptions, types: Sequence[InstanceType]
) -> tuple[NetworkInterface, ...]:
    if not options.get("efa", False):
        return ()
    if not types:
        problems.add("efa", "needs to know the instance types, whose network cards differ; give instanceTypes")
        return ()
    layouts = [find_network_layout(each.name, problems, "efa") for each in types]
    known = {each.interfaces: type.name for each, type in zip(layouts, types, strict=True) if each is not None}
    if len(known) > 1:
        first, second, *_ = sorted(known.values())
        problems.add("efa", f"{first} and {second} have different network cards; make a pool for each")
    return next(iter(known), ())


def _instance_store(problems: Problems, options: AwsNodeOptions, types: Sequence[InstanceType]) -> bool:
    without = [each.name for each in types if not each.local_nvme_gb]
    wanted = options.get("instance_store", bool(types) and not without)
    if wanted and types and len(without) == len(types):
        problems.add("instanceStore", f"{without[0]} has no local disks; leave it out, or choose a type that has")
    return wanted


def _max_pods(problems: Problems, options: AwsNodeOptions, types: Sequence[InstanceType]) -> int | None:
    given = options.get("max_pods")
    if given is not None:
        problems.between("maxPods", int(given), _FEWEST_PODS, _MOST_PODS, "pods of one node")
        return int(given)
    if not options.get("prefix_delegation", False):
        return None
    return _MOST_PODS if types and all(each.vcpus >= _LARGE_NODE_VCPUS for each in types) else _SMALL_NODE_PODS


def check_tag_keys(problems: Problems, tags: Mapping[str, str]) -> None:
    """Refuse tags that somebody else sets on instances."""
    for key in tags:
        if not key or key.startswith(_RESTRICTED_TAGS):
            problems.add(f"tags.{key}", "is set by AWS, EKS or Karpenter; leave it out")


def _tags(problems: Problems, options: AwsNodeOptions) -> dict[str, str]:
    given = options.get("tags", {})
    check_tag_keys(problems, given)
    if len(given) > _MOST_TAGS:
        problems.add("tags", f"{len(given)} tags are too many; give {_MOST_TAGS} or fewer")
    return dict(sorted(given.items()))


def _check_foreign(problems: Problems, options: AwsNodeOptions, is_managed: bool) -> None:
    if is_managed and "capacity_reservation_tags" in options:
        problems.add("capacityReservationTags", "belongs to the provisioner karpenter-aws; give ids")
    if is_managed and len(options.get("capacity_reservations", [])) > 1:
        problems.add("capacityReservations", "a managed node group takes one; make a pool for each")
    if is_managed and "instance_profile" in options:
        problems.add("instanceProfile", "belongs to the provisioner karpenter-aws; EKS makes that of a group")
    if not is_managed and "node_repair" in options:
        problems.add("nodeRepair", "belongs to the provisioner managed-node-group; Karpenter has its gate NodeRepair")


def _role_name(cluster: pulumi.Input[str]) -> pulumi.Input[str]:
    if is_known(cluster):
        return f"{cast(str, cluster)}-node"
    return pulumi.Output.from_input(cluster).apply(lambda known: f"{known}-node")
