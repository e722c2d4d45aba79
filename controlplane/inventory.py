"""What was applied, recorded in the cluster itself: so that another run can remove what is not wanted any more."""

from collections.abc import Iterable
from dataclasses import dataclass

from .client import Client, Kind
from .failure import ApiError
from .objects import Object, name, namespace

STATEFUL = frozenset(
    {
        "PersistentVolumeClaim",
        "PersistentVolume",
        "StatefulSet",
        "VolumeSnapshot",
        "VolumeSnapshotContent",
        # A patch of its labels or taints, never ours to delete.
        "Node",
        # Both take everything in them along.
        "Namespace",
        "CustomResourceDefinition",
        # Databases, file systems and quorums by their operators.
        "CassandraDatacenter",
        "CephCluster",
        "CephFilesystem",
        "CephObjectStore",
        "PerconaServerMongoDB",
        "MongoDBCommunity",
        "ZookeeperCluster",
    }
)
"""Kinds that hold data, or take objects along that do: never removed unasked."""

_NAMESPACE = "kube-system"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object that was applied."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, thing: Object) -> "Entry":
        """Return the entry of an object."""
        return cls(thing["apiVersion"], thing["kind"], namespace(thing), name(thing))

    @classmethod
    def parse(cls, line: str) -> "Entry":
        """Read what `line` wrote."""
        return cls(*line.split(" "))

    @property
    def line(self) -> str:
        """One line; no part of it can hold a space."""
        return f"{self.api_version} {self.kind} {self.namespace} {self.name}"

    def kind_in(self, client: Client) -> Kind | None:
        """Return how the cluster serves its kind, or None where it does not any more."""
        try:
            return client.kind(self.api_version, self.kind)
        except ApiError:
            return None

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


class Inventory:
    """A ConfigMap with one line for each object, in the order of application."""

    def __init__(self, client: Client, owner: str) -> None:
        self._client = client
        self._name = f"{owner}-inventory"

    def read(self) -> list[Entry]:
        """Return what was recorded."""
        kind = self._client.kind("v1", "ConfigMap")
        found = self._client.get(kind, self._name, _NAMESPACE)
        text = (found or {}).get("data", {}).get("objects", "")
        return [Entry.parse(line) for line in text.splitlines()]

    def write(self, entries: Iterable[Entry]) -> None:
        """Record these instead."""
        self._client.apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": self._name, "namespace": _NAMESPACE},
                "data": {"objects": "\n".join(entry.line for entry in entries)},
            },
            force=True,
        )
