"""Nodes whose accelerators are shared among pods, by MIG or by time-slicing."""

from collections.abc import Iterable
from dataclasses import dataclass

from ...problems import Problems
from .accelerators import check_time_slicing, find_mig_profile
from .instance_types import InstanceType, find_instance_type


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedNode:
    """An instance type whose accelerators are shared, as a type of its own for the KWOK provider.

    There, what a device plugin would offer has to be a property of the type: a NodeOverlay makes Karpenter
    count it, but the KWOK provider puts only what the first pods ask for on the node.
    """

    instance_type: str
    """Instance type, by its name in the catalog."""

    mig_profile: str | None = None
    """MIG profile into which every accelerator is cut. Default: none."""

    time_slicing_replicas: int | None = None
    """Pods that share one accelerator, or one MIG instance. Default: no time-slicing."""

    @property
    def name(self) -> str:
        """Value of `node.kubernetes.io/instance-type` that a pool of such nodes requires."""
        mig = f"-mig-{self.mig_profile.replace('+', '.')}" if self.mig_profile is not None else ""
        shared = f"-shared-{self.time_slicing_replicas}" if self.time_slicing_replicas is not None else ""
        return f"{self.instance_type}{mig}{shared}".lower()


def find_shared_resources(node: SharedNode, problems: Problems) -> tuple[InstanceType, dict[str, int]] | None:
    """Return the instance type of `node` and the extended resources that one such node offers.

    MIG instances are resources of their own, as under the device plugin's `mixed` strategy. What is wrong is
    added to `problems`, and None returned.
    """
    before = len(problems)
    found = find_instance_type(node.instance_type, problems)
    if found is None:
        return None
    model, resources = found.accelerator, found.extended_resources
    if model is None or found.accelerator_count == 0:
        problems.add("instanceType", f"{found.name} has no whole accelerator to share; choose a type that has")
        return None
    resource, count = model.resource_name, found.accelerator_count
    if node.mig_profile is not None:
        profile = find_mig_profile(model, node.mig_profile, problems)
        if profile is not None:
            resources.pop(resource)
            resource, count = profile.resource_name, count * profile.max_instances
    if node.time_slicing_replicas is not None:
        check_time_slicing(model, node.time_slicing_replicas, problems)
        count *= node.time_slicing_replicas
    return (found, {**resources, resource: count}) if len(problems) == before else None


def all_shared_resources(
    nodes: Iterable[SharedNode], problems: Problems
) -> dict[str, tuple[InstanceType, dict[str, int]]]:
    """Return `find_shared_resources` of every node by its name; paths start with `shared[index]`."""
    found: dict[str, tuple[InstanceType, dict[str, int]]] = {}
    for index, node in enumerate(nodes):
        with problems.under(f"shared[{index}]"):
            resources = find_shared_resources(node, problems)
        if resources is not None:
            found[node.name] = resources
    return found
