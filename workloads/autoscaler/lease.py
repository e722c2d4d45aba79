"""Which of several autoscalers acts: the holder of a Lease, and nobody for longer than it lasts."""

import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Protocol, cast

from .cluster import ApiFailure, ClusterApi
from .settings import ElectionSettings

_LOG: Final = logging.getLogger("aidc.autoscaler")
_CONFLICT: Final = 409


class Office(Protocol):
    """The right to act."""

    @property
    def remaining(self) -> float:
        """Seconds for which this process may act for sure; 0 where it may not."""
        ...


class SoleOffice:
    """The right of the only autoscaler."""

    @property
    def remaining(self) -> float:
        """Always enough for a request."""
        return 10.0


class Lease:
    """One contender for a Lease; a thread of its own renews it, or waits for its end.

    How long another's lease lasts is counted here from the moment at which a renewal of it was seen, and one's own from
    before its renewal was sent, as client-go does: no clock of two machines is compared, and at no moment two hold it.
    """

    def __init__(
        self, api: ClusterApi, settings: ElectionSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare a contender that does nothing before `start` or `contend`."""
        self._api, self._settings, self._clock = api, settings, clock
        group = "/apis/coordination.k8s.io/v1"
        self._path = f"{group}/namespaces/{settings.namespace}/leases/{settings.name}"
        # A process that starts again in the same pod is another one: it does not know what the one before was doing.
        self.identity = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        """How the Lease names this process."""
        self._ends = 0.0
        self._seen: tuple[str, Any] | None = None
        self._seen_at = 0.0
        self._said = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    @property
    def remaining(self) -> float:
        """Seconds for which this process holds the lease for sure; 0 where it does not."""
        return max(0.0, self._ends - self._clock())

    def start(self) -> None:
        """Contend from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop contending, and give the lease to whoever waits."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._settings.duration_seconds)
        if self.remaining:
            self._ends = 0.0
            try:
                self._give_up()
            except ApiFailure as failure:
                _LOG.warning(f"the lease could not be given up: {failure}")

    def contend(self) -> None:
        """Renew the lease, or take it where nobody has it; failures are said once."""
        try:
            self._contend()
        except ApiFailure as failure:
            if failure.status != _CONFLICT:
                self._say(f"no lease: {failure}", logging.WARNING)

    def _contend(self) -> None:
        began = self._clock()
        lease = self._api.get(self._path)
        spec = cast(dict[str, Any], lease.get("spec") or {})
        holder = str(spec.get("holderIdentity") or "")
        version = str(lease["metadata"]["resourceVersion"])
        renewal = (holder, spec.get("renewTime"))
        if renewal != self._seen:
            self._seen, self._seen_at = renewal, self._clock()
        duration = float(spec.get("leaseDurationSeconds") or self._settings.duration_seconds)
        if holder not in ("", self.identity) and self._clock() < self._seen_at + duration:
            self._ends = 0.0
            self._say(f"waiting: {holder} holds the lease")
            return
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        change: dict[str, Any] = {"renewTime": now, "leaseDurationSeconds": self._settings.duration_seconds}
        if holder != self.identity:
            change |= {
                "holderIdentity": self.identity,
                "acquireTime": now,
                "leaseTransitions": int(spec.get("leaseTransitions") or 0) + 1,
            }
        self._api.merge(
            self._path,
            {"metadata": {"resourceVersion": version}, "spec": change},
            seconds=self._settings.duration_seconds / 2,
        )
        self._ends = began + self._settings.duration_seconds
        self._say(f"{self.identity} holds the lease")

    def _give_up(self) -> None:
        lease = self._api.get(self._path)
        spec = cast(dict[str, Any], lease.get("spec") or {})
        if spec.get("holderIdentity") == self.identity:
            version = lease["metadata"]["resourceVersion"]
            patch = {
                "metadata": {"resourceVersion": version},
                "spec": {"holderIdentity": "", "leaseDurationSeconds": 1},
            }
            self._api.merge(self._path, patch)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self.contend()
            self._stopping.wait(self._settings.renew_seconds)

    def _say(self, what: str, level: int = logging.INFO) -> None:
        if what != self._said:
            self._said = what
            _LOG.log(level, what)
