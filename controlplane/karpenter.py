"""Karpenter with its KWOK provider: real provisioning and consolidation of simulated nodes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from .controller import Controller, Setting
from .processes import Program
from .programs import Place

INSTANCE_TYPES = "instance-types.json"
"""File in the cluster's folder: the instance types that Karpenter may choose from."""


def _programs(setting: Setting) -> Sequence[Program]:
    place = setting.place
    types = place.folder / INSTANCE_TYPES
    environment = {
        "KUBECONFIG": str(place.kubeconfig),
        "SYSTEM_NAMESPACE": "kube-system",
        "KUBERNETES_MIN_VERSION": "1.19.0-0",
        "KARPENTER_SERVICE": "karpenter",
        "DISABLE_LEADER_ELECTION": "true",
        "METRICS_PORT": str(place.ports["karpenter-metrics"]),
        "HEALTH_PROBE_PORT": str(place.ports["karpenter-health"]),
        # Bytes: what its garbage collector aims to stay under.
        "MEMORY_LIMIT": str(1024**3),
        "CPU_REQUESTS": "1000",
        # All of Karpenter's own choices stay; only the wait for more pods is shorter than its 10 s.
        "BATCH_MAX_DURATION": "5s",
        # Its KWOK provider never names the reservation of a reserved offering: with the gate on, it panics.
        # Node overlays say what shared accelerators (MIG, time-slicing) a node offers.
        "FEATURE_GATES": "ReservedCapacity=false,NodeOverlay=true",
    }
    if types.exists():
        environment["INSTANCE_TYPES_FILE_PATH"] = str(types)
    return [
        Program(
            name="karpenter",
            command=[place.binary("karpenter-kwok")],
            environment=environment,
            inputs=[place.kubeconfig, types],
        )
    ]


def _health(place: Place) -> Mapping[str, str]:
    return {"karpenter": f"http://127.0.0.1:{place.ports['karpenter-health']}/readyz"}


KARPENTER = Controller(
    name="karpenter",
    tools=["karpenter-kwok"],
    ports=["karpenter-metrics", "karpenter-health"],
    programs=_programs,
    health=_health,
)


def instance_types_path(folder: Path) -> Path:
    """Return where a cluster keeps its instance types."""
    return folder / INSTANCE_TYPES
