"""A Gateway: where requests enter, and with which certificate."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.addresses import check_port
from ...infra.labels import check_name
from ...problems import Problems
from .exposure import LoadBalancerScheme, check_annotations, plan_scheme, scheme_annotations

API_VERSION: Final = "gateway.networking.k8s.io/v1"
_MAXIMUM_LISTENERS: Final = 64
_HOST_NAME: Final = re.compile(r"(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MAXIMUM_HOST_NAME: Final = 253
_ADDRESS: Final = re.compile(r"\d+(\.\d+){3}")


class GatewayListener(TypedDict):
    """A port that a Gateway listens on."""

    port: NotRequired[int]
    """Port that clients connect to, 1 to 65,535. Default: 443 with a certificate, 80 without."""

    hostname: NotRequired[str]
    """Host name that it answers for, such as `chat.example.org` or `*.example.org`. Default: any."""

    tls_secret: NotRequired[pulumi.Input[str]]
    """Secret of type kubernetes.io/tls, in the Gateway's namespace, with the certificate. Default: none, which means
    plain HTTP."""


class GatewayDefinition(TypedDict):
    """A Gateway of the route's own."""

    gateway_class: pulumi.Input[str]
    """GatewayClass: which controller makes it."""

    listeners: dict[str, GatewayListener]
    """Listeners by name, 1 to 64."""

    scheme: NotRequired[LoadBalancerScheme]
    """Whether the address is `internal` or `internet-facing`. Default: `internal`."""

    annotations: NotRequired[dict[str, pulumi.Input[str]]]
    """Settings of the platform's own, for what the controller makes. Default: those of the scheme."""


class GatewayReference(TypedDict):
    """A Gateway that is there already."""

    name: pulumi.Input[str]
    """Name of the Gateway."""

    namespace: NotRequired[pulumi.Input[str]]
    """Its namespace; its listeners must admit routes from that of the route. Default: that of the route."""

    listener: NotRequired[str]
    """Name of one listener. Default: all that admit the route."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenerPlan:
    """A listener with every default applied."""

    name: str
    port: int
    hostname: str | None
    tls_secret: pulumi.Input[str] | None

    def manifest(self) -> dict[str, Any]:
        """An item of the Gateway's `spec.listeners`. Only routes of the Gateway's own namespace may use it."""
        fields: dict[str, Any] = {
            "name": self.name,
            "port": self.port,
            "protocol": "HTTP",
            "allowedRoutes": {"namespaces": {"from": "Same"}},
        }
        if self.hostname is not None:
            fields["hostname"] = self.hostname
        if self.tls_secret is not None:
            certificate = {"group": "", "kind": "Secret", "name": self.tls_secret}
            fields |= {"protocol": "HTTPS", "tls": {"mode": "Terminate", "certificateRefs": [certificate]}}
        return fields


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayPlan:
    """A Gateway with every default applied."""

    gateway_class: pulumi.Input[str]
    listeners: Sequence[ListenerPlan]
    annotations: Mapping[str, pulumi.Input[str]]

    def manifest(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """The whole object. The controller copies the annotations to the Service that it makes."""
        return {
            "apiVersion": API_VERSION,
            "kind": "Gateway",
            "metadata": dict(metadata),
            "spec": {
                "gatewayClassName": self.gateway_class,
                "infrastructure": {"annotations": {key: self.annotations[key] for key in sorted(self.annotations)}},
                "listeners": [listener.manifest() for listener in self.listeners],
            },
        }


def plan_gateway(problems: Problems, given: GatewayDefinition) -> GatewayPlan:
    """Check a Gateway and apply its defaults; listeners are sorted by name."""
    count = len(given["listeners"])
    if not 1 <= count <= _MAXIMUM_LISTENERS:
        problems.add("listeners", f"{count} listeners; give 1 to {_MAXIMUM_LISTENERS}")
    listeners: list[ListenerPlan] = []
    names: dict[tuple[int, str | None], str] = {}
    for name in sorted(given["listeners"]):
        check_name(problems, f"listeners.{name}", name)
        with problems.under(f"listeners.{name}"):
            listener = _plan_listener(problems, name, given["listeners"][name])
            other = names.setdefault((listener.port, listener.hostname), name)
            if other != name:
                problems.add("port", f"{listener.port} has the same host name on '{other}'; give each its own")
        listeners.append(listener)
    scheme = plan_scheme(problems, given.get("scheme", LoadBalancerScheme.INTERNAL))
    annotations = given.get("annotations", {})
    check_annotations(problems, annotations)
    return GatewayPlan(
        gateway_class=given["gateway_class"],
        listeners=listeners,
        annotations={**scheme_annotations(scheme), **annotations},
    )


def check_host_name(problems: Problems, path: str, name: str) -> None:
    """Require a host name as Gateway API has it: no address, no port, a wildcard only in front."""
    if len(name) > _MAXIMUM_HOST_NAME or not _HOST_NAME.fullmatch(name) or _ADDRESS.fullmatch(name):
        problems.add(path, f"'{name}' is not a host name; write it like chat.example.org or *.example.org")


def _plan_listener(problems: Problems, name: str, given: GatewayListener) -> ListenerPlan:
    tls_secret = given.get("tls_secret")
    port = check_port(problems, "port", given.get("port", 80 if tls_secret is None else 443))
    hostname = given.get("hostname")
    if hostname is not None:
        check_host_name(problems, "hostname", hostname)
    return ListenerPlan(name=name, port=port, hostname=hostname, tls_secret=tls_secret)
