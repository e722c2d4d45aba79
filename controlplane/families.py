"""Which pods belong to which workload, through whatever controllers lie in between."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .client import Client
from .objects import Object, namespace, owner
from .objects import name as name_of

_BETWEEN = (("apps/v1", "ReplicaSet"), ("batch/v1", "Job"), ("jobset.x-k8s.io/v1alpha2", "JobSet"))


@dataclass(frozen=True, slots=True)
class Key:
    """One object of a namespace."""

    kind: str
    namespace: str
    name: str


class Families:
    """The tree of owners of a moment: pods, and what made them."""

    def __init__(self, pods: Iterable[Object], between: Iterable[Object]) -> None:
        self.pods = list(pods)
        self.between = list(between)
        self._parents: dict[Key, Key] = {}
        for thing in (*self.pods, *self.between):
            kind, name = owner(thing)
            if kind:
                self._parents[key_of(thing)] = Key(kind, namespace(thing), name)
        self._pods_of: dict[Key, list[Object]] = {}
        for pod in self.pods:
            for ancestor in self.line(key_of(pod)):
                self._pods_of.setdefault(ancestor, []).append(pod)

    @classmethod
    def read(cls, client: Client, pods: Iterable[Object] | None = None) -> "Families":
        """Read the cluster."""
        if pods is None:
            pods = client.list("v1", "Pod")
        return cls(pods, [thing for version, kind in _BETWEEN for thing in client.list(version, kind)])

    def line(self, key: Key) -> list[Key]:
        """Return the object and its owners, the first of them last."""
        line = [key]
        while (parent := self._parents.get(line[-1])) is not None and parent not in line:
            line.append(parent)
        return line

    def root(self, thing: Object) -> Key:
        """Return the workload that an object belongs to: itself where nothing owns it."""
        return self.line(key_of(thing))[-1]

    def pods_of(self, key: Key) -> list[Object]:
        """Return the pods below a workload."""
        return self._pods_of.get(key, [])

    def members(self, key: Key) -> set[Key]:
        """Return a workload and everything below it."""
        return {
            key,
            *(candidate for thing in (*self.pods, *self.between) if key in self.line(candidate := key_of(thing))),
        }


def key_of(thing: Object) -> Key:
    """Return the key of an object."""
    return Key(thing["kind"], namespace(thing), name_of(thing))


def gpus(resources: Mapping[str, object]) -> int:
    """Return how many accelerators a resource list names: GPUs, MIG slices, Neuron devices."""
    return sum(int(str(count)) for name, count in resources.items() if is_accelerator(name))


def is_accelerator(resource: str) -> bool:
    """Tell whether a resource is an accelerator."""
    return resource.endswith(("/gpu", "/neuron")) or resource.startswith(("nvidia.com/mig-", "nvidia.com/gpu."))
