"""The ports of a Service."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NotRequired, TypedDict

from ...infra.addresses import check_port
from ...infra.labels import check_name
from ...problems import Problems


class TransportProtocol(StrEnum):
    """Protocol that a port speaks."""

    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"


class ServicePort(TypedDict):
    """One port of a Service."""

    port: int
    """Port that clients connect to. 1 to 65,535."""

    target_port: NotRequired[int]
    """Port of the container. 1 to 65,535. Default: the same as `port`."""

    protocol: NotRequired[TransportProtocol]
    """Transport protocol. Default: `TCP`."""

    app_protocol: NotRequired[str]
    """Protocol inside it, for balancers that read it, such as `kubernetes.io/h2c` for gRPC. Default: not said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PortPlan:
    """A port with every default applied."""

    name: str
    port: int
    target_port: int
    protocol: TransportProtocol
    app_protocol: str | None

    def manifest(self) -> dict[str, Any]:
        """An item of the Service's `spec.ports`."""
        fields = {
            "name": self.name,
            "port": self.port,
            "targetPort": self.target_port,
            "protocol": str(self.protocol),
        }
        return fields if self.app_protocol is None else {**fields, "appProtocol": self.app_protocol}


def plan_ports(problems: Problems, ports: Mapping[str, ServicePort]) -> tuple[PortPlan, ...]:
    """Check ports and apply their defaults; sorted by name."""
    if not ports:
        problems.add("ports", "has no port; give one, such as {'http': {'port': 80}}")
    planned: list[PortPlan] = []
    names_by_port: dict[tuple[int, str], str] = {}
    for name in sorted(ports):
        given = ports[name]
        check_name(problems, f"ports.{name}", name)
        protocol = given.get("protocol", TransportProtocol.TCP)
        with problems.under(f"ports.{name}"):
            port = check_port(problems, "port", given["port"])
            target = check_port(problems, "targetPort", given["target_port"]) if "target_port" in given else port
            problems.choice("protocol", protocol, [each.value for each in TransportProtocol])
            other = names_by_port.setdefault((port, str(protocol)), name)
            if other != name:
                problems.add("port", f"{port}/{protocol} is that of '{other}' too; give each its own")
        if protocol in list(TransportProtocol):
            planned.append(
                PortPlan(
                    name=name,
                    port=port,
                    target_port=target,
                    protocol=TransportProtocol(protocol),
                    app_protocol=given.get("app_protocol"),
                )
            )
    return tuple(planned)


def first_address(status: Any) -> str:
    """Return the first address of `status.loadBalancer.ingress`, which is a host name on AWS."""
    found: Any = status or {}
    balancer: Any = found.get("loadBalancer") or {}
    ingress: Any = balancer.get("ingress") or [{}]
    return ingress[0].get("hostname") or ingress[0].get("ip") or ""
