"""The workload that is scaled, as the API server knows it."""

from dataclasses import dataclass
from typing import Any, Final, cast

from .cluster import ApiFailure, ClusterApi, Object
from .settings import TargetSettings

_NOT_FOUND: Final = 404
_CONFLICT: Final = 409


class Superseded(Exception):
    """Somebody else has changed the target since it was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetState:
    """The target at one moment."""

    wanted: int
    """Pods that it is told to have."""

    ready: int
    """Pods that take requests."""

    version: str
    """What `write` must still find: its resource version."""

    selector: str
    """Labels of its pods, as a query."""


class Target:
    """Reads the target, and writes its number of pods."""

    def __init__(self, api: ClusterApi, settings: TargetSettings) -> None:
        """Name the target by settings."""
        self._api = api
        group = f"/apis/{settings.api_version}"
        self._path = f"{group}/namespaces/{settings.namespace}/{settings.resource}/{settings.name}"

    def read(self) -> TargetState | None:
        """Return its state; None where it is gone.

        Raises:
            ApiFailure: The API server refused or did not answer.
        """
        try:
            scale = self._api.get(f"{self._path}/scale")
            whole = self._api.get(self._path)
        except ApiFailure as failure:
            if failure.status == _NOT_FOUND:
                return None
            raise
        spec, status = _section(scale, "spec"), _section(scale, "status")
        # Kinds without a count of ready pods are taken for ready as they are.
        ready = _section(whole, "status").get("readyReplicas", 0 if _counts_ready(whole) else status.get("replicas", 0))
        return TargetState(
            wanted=int(spec.get("replicas", 0)),
            ready=int(ready),
            version=str(_section(scale, "metadata").get("resourceVersion", "")),
            selector=str(status.get("selector", "")),
        )

    def write(self, replicas: int, version: str, *, seconds: float) -> None:
        """Set the number of pods, if the target is still what was read.

        Args:
            replicas: Pods that there are to be.
            version: Of the state that the decision was made for.
            seconds: Time that the request may take: the rest of the lease.

        Raises:
            Superseded: It has changed; nothing was written.
            ApiFailure: The API server refused or did not answer.
        """
        patch = {"metadata": {"resourceVersion": version}, "spec": {"replicas": replicas}}
        try:
            self._api.merge(f"{self._path}/scale", patch, seconds=seconds)
        except ApiFailure as failure:
            if failure.status == _CONFLICT:
                raise Superseded(str(failure)) from failure
            raise


def _section(thing: Object, key: str) -> dict[str, Any]:
    found = thing.get(key)
    return cast(dict[str, Any], found) if isinstance(found, dict) else {}


def _counts_ready(thing: Object) -> bool:
    """Whether this kind leaves `readyReplicas` out only where there are none."""
    return str(thing.get("apiVersion", "")).startswith("apps/")
