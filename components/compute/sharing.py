"""Sharing one accelerator among pods: not at all, by time-slicing, or cut into isolated instances (MIG)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ...planning.catalog import Accelerator, check_time_slicing, find_mig_profile
from ...problems import Problems

_PLUGIN_LABEL: Final = "nvidia.com/device-plugin.config"
_MIG_LABEL: Final = "nvidia.com/mig.config"
_SHARED_SUFFIX: Final = ".shared"


@dataclass(frozen=True, kw_only=True, slots=True)
class SharingPlan:
    """How the accelerators of a node are offered to pods."""

    gpu_resource: str
    """Extended resource that a pod asks for."""

    devices: int
    """How many of `gpu_resource` one accelerator gives."""

    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Labels by which NVIDIA's operator finds out how to set up a node; none where its image does so."""

    time_slicing_replicas: int | None = None
    """Pods that share each accelerator in turn; None where it is not time-sliced."""

    mig_profile: str | None = None
    """Profile that each accelerator is cut into; None where it is not cut."""

    @property
    def is_shared(self) -> bool:
        """Whether pods get less than a whole accelerator."""
        return self.time_slicing_replicas is not None or self.mig_profile is not None


def plan_sharing(
    problems: Problems,
    accelerator: Accelerator,
    replicas: int | None,
    mig_profile: str | None,
    *,
    by_image: bool = False,
) -> SharingPlan | None:
    """Return how accelerators are shared; None where `problems` were added.

    A time-sliced accelerator is offered as `nvidia.com/gpu.shared` (the device plugin's `renameByDefault`), and
    an instance under its own name (the plugin's `mixed` strategy): so nobody gets a part who asked for a whole.
    Where the machine image shares them (`by_image`: Bottlerocket), an instance is called `nvidia.com/gpu`, since its
    plugin knows the strategy `single` alone (bottlerocket-os/bottlerocket issue 4483).
    """
    whole = accelerator.resource_name
    if replicas is not None and mig_profile is not None:
        problems.add("migProfile", "given together with timeSlicingReplicas; an accelerator is cut or time-sliced")
        return None
    if replicas is not None:
        before = len(problems)
        check_time_slicing(accelerator, replicas, problems)
        if len(problems) > before:
            return None
        labels = {} if by_image else {_PLUGIN_LABEL: f"time-slicing-{replicas}"}
        return SharingPlan(
            gpu_resource=whole + _SHARED_SUFFIX, devices=replicas, labels=labels, time_slicing_replicas=replicas
        )
    if mig_profile is not None:
        profile = find_mig_profile(accelerator, mig_profile, problems)
        if profile is None:
            return None
        labels = {} if by_image else {_MIG_LABEL: profile.config_name}
        resource = whole if by_image else profile.resource_name
        return SharingPlan(
            gpu_resource=resource, devices=profile.max_instances, labels=labels, mig_profile=profile.name
        )
    return SharingPlan(gpu_resource=whole, devices=1)
