"""A simulated cluster on this machine: started, healed, and removed without a trace."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..tools import Report
from . import programs
from .certificates import Authority
from .client import Client
from .controller import Controller, Setting
from .controllers import with_needs
from .definitions import install_definitions
from .failure import ProgramFailed
from .health import wait_healthy
from .karpenter import instance_types_path
from .kubeconfig import write_kubeconfig
from .nodes import SimulatedNode, reconcile_nodes, system_nodes
from .outside import outside_files, remove_outside
from .ports import choose_ports, is_free, ports_of_others
from .processes import ProcessTable, Program
from .real_node import node as real_node
from .real_node.layout import Layout, choose_number
from .real_node.requirements import require_machine
from .simulation import kwok_configuration, metrics_objects
from .state import Record, State, node_networks, require_existing, state_home, write_atomically
from .tooling import Tooling, provide_tooling

_CORE_TOOLS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "metrics-server",
    "gateway-api",
)
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class ClusterSettings:
    """What a simulated cluster offers."""

    controllers: frozenset[str] = frozenset()
    """Of karpenter, jobset, trainer, keda and vertical-pod-autoscaler. What an earlier start asked for stays."""

    region: str = "us-east-1"
    """AWS region whose instance types and prices count."""

    machines: Sequence[SimulatedNode] = ()
    """Nodes that are there beside two system nodes and those that Karpenter makes."""

    zones: Sequence[str] | None = None
    """Zones in which Karpenter makes nodes. Default: a, b and c of the region."""

    real_node: bool = False
    """Whether there is a node that really runs its pods (Linux, root). Once there, it stays."""

    images: Sequence[Path] = ()
    """Archives of images for the real node."""

    instance_types: Sequence[Mapping[str, Any]] | None = None
    """What Karpenter may choose from, in the form of its KWOK provider. Default: the catalog of the region."""


class Cluster:
    """One simulated cluster, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._state = State(name)
        self._processes = ProcessTable(self._state.folder)
        self.kubeconfig = self._state.kubeconfig
        # Programs whose API server is a new one begin anew: left alone, they would back off for half a minute.
        self._lost_their_server = False

    def start(self, settings: ClusterSettings, report: Report) -> None:
        """Start the cluster, or whatever of it does not run; what runs as it should is left alone.

        Raises:
            ClusterBusy: another process works on this cluster.
            ProgramFailed: a program ended or did not become ready.
            InvalidInput: the name, a controller or the state folder is wrong.
        """
        wanted = with_needs({*settings.controllers, *self._state.read().controllers})
        with self._state.locked():
            self._processes.end_strays()
            record = self._state.read()
            record.controllers = sorted(controller.name for controller in wanted)
            if settings.real_node and record.node_network is None:
                require_machine()
                record.node_network = choose_number(node_networks(state_home()))
            node_tools = () if record.node_network is None else real_node.TOOLS
            tools = [*_CORE_TOOLS, *node_tools, *(tool for controller in wanted for tool in controller.tools)]
            tooling = provide_tooling(tools, report)
            write_atomically(instance_types_path(self._state.folder), json.dumps(_instance_types(settings), indent=1))
            place = self._start_core(record, wanted, tooling, report)
            self._fill(place, tooling, settings, wanted, report)
            self._start_real_node(record, place, settings, report)
            self._lost_their_server = False

    def client(self) -> Client:
        """Connect to the API server as administrator.

        Raises:
            InvalidInput: there is no such cluster.
        """
        require_existing(self.name)
        if not self.kubeconfig.exists():
            raise ProgramFailed(f"cluster '{self.name}' never came up; run `aidc up` again")
        return Client.of_kubeconfig(self.kubeconfig)

    def running(self) -> dict[str, bool]:
        """Return whether each program that was started runs."""
        return {name: self._processes.running(name) is not None for name in self._processes.names()}

    def explain(self) -> str:
        """Say which programs do not run, and what the first of them said last; empty when all run."""
        dead = [name for name, runs in self.running().items() if not runs]
        if not dead:
            return ""
        # In the order of their start: what started first took the others along.
        others = f"\n{', '.join(dead[1:])} ended too" if dead[1:] else ""
        return f"{dead[0]} has ended: {self._processes.last_words(dead[0])}{others}"

    def environment(self) -> str:
        """Return the environment that was deployed last, or an empty string."""
        return self._state.read().environment

    def remember(self, environment: str) -> None:
        """Record the environment that is deployed now."""
        with self._state.locked():
            record = self._state.read()
            record.environment = environment
            self._state.write(record)

    def has_real_node(self) -> bool:
        """Tell whether it was ever started with a node that really runs its pods."""
        return self._state.read().node_network is not None

    def prepare(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Have what pods of these objects find on the real node; nothing where there is none.

        Raises:
            ControlPlaneFailure: the system refuses something.
        """
        if node := self._real_node(self._state.read()):
            node.prepare([dict(thing) for thing in objects])

    def stop(self) -> int:
        """End every process and remove every file of the cluster; return how many processes there were.

        Raises:
            ClusterBusy: another process works on this cluster.
            InvalidInput: there is no such cluster.
        """
        require_existing(self.name)
        with self._state.locked():
            count = self._processes.stop_all()
            remove_outside(self._state.folder)
            if node := self._real_node(self._state.read()):
                node.remove()
            self._state.remove()
        return count

    def _real_node(self, record: Record) -> real_node.RealNode | None:
        if record.node_network is None:
            return None
        return real_node.RealNode(Layout(self._state.folder, record.node_network), self._processes)

    def _start_real_node(
        self, record: Record, place: programs.Place, settings: ClusterSettings, report: Report
    ) -> None:
        node = self._real_node(record)
        if node is None:
            return
        tell = partial(report.line, self.name)
        with self.client() as client:
            node.start(place, client, settings.region, tell)
        node.take_images(place, settings.images, tell)

    def _start_core(
        self, record: Record, wanted: Sequence[Controller], tooling: Tooling, report: Report
    ) -> programs.Place:
        """Start etcd and the API server; on ports that were taken in between, start on others."""
        roles = [*programs.CORE_PORTS, *(role for controller in wanted for role in controller.ports)]
        for attempt in range(_ATTEMPTS):
            self._choose_ports(record, roles)
            self._state.write(record)
            place = programs.Place(
                folder=self._state.folder,
                authority=Authority(self._state.certificates),
                ports=record.ports,
                binaries=tooling.programs,
                kubeconfig=self.kubeconfig,
            )
            credentials = place.authority.client("admin", "admin", ["system:masters"])
            write_kubeconfig(
                self.kubeconfig, f"aidc-{self.name}", place.server, place.authority.certificate, credentials
            )
            core = [programs.etcd(place), programs.api_server(place)]
            if any([self._processes.ensure(program) for program in core]):
                report.line(self.name, "starting etcd and the API server")
                self._lost_their_server = True
            try:
                wait_healthy(
                    self._processes,
                    {"kube-apiserver": f"{place.server}/readyz"},
                    place.authority,
                    [program.name for program in core],
                )
                return place
            except ProgramFailed as failure:
                if "address already in use" not in str(failure) or attempt == _ATTEMPTS - 1:
                    raise
                report.line(self.name, "a port was taken in the meantime; choosing others")
                for program in reversed(core):
                    self._processes.stop(program.name)
        raise AssertionError("unreachable")

    def _choose_ports(self, record: Record, roles: Iterable[str]) -> None:
        """Give every role a port: the recorded one where it is free or our own program listens on it."""
        others = ports_of_others(state_home(), self.name)
        ours = self._processes.listening()
        kept = {
            role: port for role, port in record.ports.items() if port in ours or (port not in others and is_free(port))
        }
        missing = [role for role in roles if role not in kept]
        record.ports = {**kept, **choose_ports(missing, {*kept.values(), *others})}

    def _fill(
        self,
        place: programs.Place,
        tooling: Tooling,
        settings: ClusterSettings,
        wanted: Sequence[Controller],
        report: Report,
    ) -> None:
        """Start everything else: what every cluster has, then the controllers."""
        base = [
            programs.controller_manager(place),
            programs.scheduler(place),
            programs.kwok(place, kwok_configuration()),
            programs.metrics_server(place),
        ]
        with self.client() as client:
            if self._lost_their_server or self._processes.running("kwok") is None:
                self._processes.stop("kwok")
                # The node leases of a KWOK that ended would keep the next one from its nodes for 40 s.
                client.delete_all(client.kind("coordination.k8s.io/v1", "Lease"), "kube-node-lease")
            self._ensure(base, report)
            for thing in metrics_objects(place):
                client.apply(thing, force=True)
            manifests = {tool: folder for tool, folder in tooling.manifests.items() if (folder / "crds").is_dir()}
            if installed := install_definitions(client, manifests):
                report.line(self.name, f"installed {len(installed)} resource definitions")
            reconcile_nodes(client, [*system_nodes(settings.region), *settings.machines])
            setting = Setting(place=place, manifests=tooling.manifests, temporary=self._processes.temporary_folder)
            self._start_controllers(client, setting, wanted, report)
        running = [*base, *(program for item in wanted for program in item.programs(setting))]
        health = {**programs.health(place)}
        for controller in wanted:
            health |= controller.health(place)
        wait_healthy(self._processes, health, place.authority, [program.name for program in running])

    def _start_controllers(
        self, client: Client, setting: Setting, wanted: Sequence[Controller], report: Report
    ) -> None:
        for controller in wanted:
            for thing in controller.before(setting):
                client.apply(thing, force=True)
        # All at once, then wait: they start in parallel.
        with outside_files(self._state.folder, [path for item in wanted for path in item.outside]) as keep:
            for controller in wanted:
                self._ensure(controller.programs(setting), report)
            for controller in wanted:
                names = [program.name for program in controller.programs(setting)]
                wait_healthy(self._processes, controller.health(setting.place), setting.place.authority, names, keep)
                for thing in controller.after(setting):
                    client.apply_patiently(thing)

    def _ensure(self, wanted: Iterable[Program], report: Report) -> None:
        started = [program.name for program in wanted if self._processes.ensure(program, self._lost_their_server)]
        if started:
            report.line(self.name, f"starting {', '.join(started)}")


def _instance_types(settings: ClusterSettings) -> list[Mapping[str, Any]]:
    if settings.instance_types is not None:
        return list(settings.instance_types)
    from ..planning.catalog import karpenter_instance_types

    return list(karpenter_instance_types(settings.region, settings.zones))
