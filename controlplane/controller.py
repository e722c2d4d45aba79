"""A controller that runs beside a cluster, and the objects by which the API server finds it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .manifests import read_manifests
from .objects import Object
from .processes import Program
from .programs import Place


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a controller is made from."""

    place: Place
    manifests: Mapping[str, Path]
    """Folder of published manifests by tool."""

    temporary: Callable[[str], Path]
    """The temporary folder of a program, by its name."""


@dataclass(frozen=True, kw_only=True)
class Controller:
    """One controller: what it needs, what must be in the cluster, and what runs."""

    name: str
    tools: Sequence[str]
    """Programs, and whatever else brings manifests."""

    ports: Sequence[str]
    """Roles of the local ports that it listens on."""

    programs: Callable[[Setting], Sequence[Program]]
    health: Callable[[Place], Mapping[str, str]]
    """URL that answers 200 when it is ready, by program."""

    needs: Sequence[str] = ()
    """Other controllers."""

    before: Callable[[Setting], Sequence[Object]] = field(default=lambda setting: ())
    """Objects that must be there before it starts."""

    after: Callable[[Setting], Sequence[Object]] = field(default=lambda setting: ())
    """Objects that may come only when it is ready, such as its webhooks."""

    outside: Sequence[Path] = ()
    """Files outside the cluster's folder that must exist while it starts, and only then."""


def webhooks(folder: Path, port: int, authority: Path) -> list[Object]:
    """Return the webhook configurations in a folder, calling 127.0.0.1:`port` in place of their Service."""
    import base64

    bundle = base64.b64encode(authority.read_bytes()).decode()
    kinds = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
    found = [thing for thing in read_manifests(folder) if thing["kind"] in kinds]
    for configuration in found:
        configuration["metadata"].pop("annotations", None)
        for hook in configuration["webhooks"]:
            path = hook["clientConfig"]["service"]["path"]
            hook["clientConfig"] = {"url": f"https://127.0.0.1:{port}{path}", "caBundle": bundle}
    return found


def namespace(name: str) -> Object:
    """Return a namespace for a controller's own objects."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def local_service(name: str, namespace: str, port: int) -> Object:
    """Return a Service through which the API server reaches a program on this machine."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
    }


def api_service(group: str, version: str, service: Object, authority: Path) -> Object:
    """Return the entry that has the API server serve a group by a program on this machine."""
    import base64

    metadata = service["metadata"]
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"{version}.{group}"},
        "spec": {
            "group": group,
            "version": version,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "port": service["spec"]["ports"][0]["port"],
            },
            "caBundle": base64.b64encode(authority.read_bytes()).decode(),
        },
    }
