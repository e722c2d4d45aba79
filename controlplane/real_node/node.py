"""A real node: brought up beside the simulated ones, and taken away without a trace."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..client import Client
from ..failure import ControlPlaneFailure, ProgramFailed
from ..health import wait_for, wait_healthy
from ..nodes import SimulatedNode
from ..objects import Object, is_true, labels, name
from ..processes import ProcessTable, Program
from ..programs import Place
from . import cgroups, tunables
from .admission import api_endpoints, placement, wait_placed
from .images import Images
from .kubelet import POOL_LABEL, gateway, health, kube_proxy, kubelet
from .layout import NODE, Layout
from .name_service import coredns, permissions
from .name_service import health as name_health
from .namespaces import HOLDER, hold, holder, inside
from .network import connect, disconnect
from .runtime import containerd
from .volumes import host_paths, prepare

TOOLS: Final = ("kubelet", "kube-proxy", "pause", "containerd", "containerd-shim-runc-v2", "ctr", "coredns")
"""Programs that it needs beside those of every cluster."""

_READY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class RealNode:
    """The real node of one cluster."""

    layout: Layout
    processes: ProcessTable

    def start(self, place: Place, client: Client, region: str, tell: Callable[[str], None]) -> None:
        """Start the node, or whatever of it does not run, and wait until it is ready.

        Args:
            place: where the cluster lives.
            client: speaks to its API server.
            region: AWS region in which the simulated nodes are: this one is said to be in its first zone.
            tell: is given what a person should know.

        Raises:
            ControlPlaneFailure: a program ended or did not become ready, or the system refuses something.
        """
        for thing in (*placement(), *permissions()):
            client.apply_patiently(thing)
        wait_placed(client)
        pid = self._isolated(place, tell)
        runtime = inside(pid, containerd(place, self.layout))
        if self.processes.ensure(runtime):
            tell("starting the real node")
        images = self._images(pid, place)
        wait_for(lambda: self._answers(images), _READY_SECONDS, lambda: self._silent("containerd"))
        images.take_pause(place.binaries["pause"])
        programs = [
            gateway(place, self.layout),
            inside(pid, kubelet(place, self.layout, _labels(region))),
            inside(pid, kube_proxy(place, self.layout)),
            inside(pid, coredns(place, self.layout)),
        ]
        for program in programs:
            self.processes.ensure(program)
        client.apply_patiently(api_endpoints(place, self.layout))
        names = [runtime.name, *(program.name for program in programs)]
        wait_healthy(self.processes, {**health(self.layout), **name_health(self.layout)}, place.authority, names)
        wait_for(lambda: self._registered(client, region), _READY_SECONDS, lambda: self._silent("kubelet"))

    def take_images(self, place: Place, archives: Iterable[Path], tell: Callable[[str], None]) -> None:
        """Import archives of images that are new or have changed.

        Raises:
            ControlPlaneFailure: containerd refuses one, or the node does not run.
        """
        for path in self._images(self._holder_pid(), place).take(archives):
            tell(f"imported {path.name}")

    def prepare(self, objects: Iterable[Object]) -> None:
        """Have what pods of these objects find on a node: the directories of volumes.

        Raises:
            ControlPlaneFailure: one cannot be made, or the node does not run.
        """
        prepare(self._holder_pid(), host_paths(objects))

    def remove(self) -> None:
        """End what is left of the node, and remove what it made outside the cluster's folder.

        Raises:
            ControlPlaneFailure: a process cannot be ended.
        """
        self._end_pods()
        disconnect(self.layout)
        tunables.restore(self.layout)

    def _holder_pid(self) -> int:
        process = self.processes.running(HOLDER)
        if process is None:
            raise ProgramFailed("the real node does not run")
        return process.pid

    def _isolated(self, place: Place, tell: Callable[[str], None]) -> int:
        """Make the node's surroundings, and return the process that holds its namespaces."""
        layout = self.layout
        layout.configuration.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.processes.running(HOLDER) is None:
            # What runs in namespaces that nobody holds any more is beyond reach.
            for name in ("kubelet", "kube-proxy", "coredns", "containerd"):
                self.processes.stop(name)
            self._end_pods()
        tunables.remember(layout)
        cgroups.make(layout.cgroup)
        pid = hold(layout, self.processes, self._holder(place))
        connect(layout, pid, tell)
        return pid

    def _holder(self, place: Place) -> Program:
        return holder(self.layout, [path for name, path in place.binaries.items() if name in TOOLS])

    def _end_pods(self) -> None:
        self.processes.end_children("containerd")
        cgroups.end_all(self.layout.cgroup)

    def _images(self, pid: int, place: Place) -> Images:
        return Images(self.layout, pid, place.binary("ctr"))

    def _answers(self, images: Images) -> bool:
        if self.processes.running("containerd") is None:
            raise ProgramFailed(self._silent("containerd"))
        with suppress(ControlPlaneFailure):
            images.names()
            return True
        return False

    def _registered(self, client: Client, region: str) -> bool:
        """Tell whether the node is ready; give it the labels that a kubelet may not give itself."""
        kind = client.kind("v1", "Node")
        node = client.get(kind, NODE)
        if node is None:
            return False
        missing = {key: value for key, value in _labels(region).items() if labels(node).get(key) != value}
        if missing:
            client.merge(kind, NODE, None, {"metadata": {"labels": missing}})
        return is_true(node, "Ready")

    def _silent(self, name: str) -> str:
        return f"{name} is not ready: {self.processes.last_words(name)}\nits whole log: {self.processes.log(name)}"


def without_stand_ins(objects: Iterable[Object]) -> list[Object]:
    """Return the objects without the node pool that makes simulated nodes in the place of this one."""
    return [thing for thing in objects if not (thing["kind"] == "NodePool" and name(thing) == NODE)]


def stands_for(node: SimulatedNode) -> bool:
    """Tell whether a simulated node is one of the pool that this one is."""
    return node.labels.get(POOL_LABEL) == NODE


def _labels(region: str) -> dict[str, str]:
    return {
        POOL_LABEL: NODE,
        "node.kubernetes.io/instance-type": "this-machine",
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": f"{region}a",
    }
