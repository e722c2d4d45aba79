"""The resource graph that one evaluation of a program yields. Knows nothing of Pulumi's runtime."""

import enum
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, cast

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"


class Unknown(enum.Enum):
    """A value that only a deployment can tell."""

    UNKNOWN = "[unknown]"

    def __repr__(self) -> str:
        return self.value


UNKNOWN: Final = Unknown.UNKNOWN
"""Stands in the inputs wherever a value is not known before the deployment."""

SECRET: Final = "[secret]"
"""Stands in shown or serialised inputs for a secret's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One registered resource, as the program declared it."""

    urn: str
    """Unique name, `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`."""

    type: str
    """Type token, such as `kubernetes:apps/v1:Deployment` or `aidc:index:GpuNodePool`."""

    name: str
    """Logical name."""

    parent: str = ""
    """URN of the parent; empty for the stack itself."""

    custom: bool = True
    """Whether a provider manages it; false for components."""

    read: bool = False
    """Whether the program reads it only (`Resource.get`, a stack reference)."""

    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Plain values; `UNKNOWN` where nothing is known yet. Secret values are here in plain: see `secrets`."""

    secrets: frozenset[str] = frozenset()
    """Paths of the inputs that are secret, such as `stringData.password`."""

    unknowns: frozenset[str] = frozenset()
    """Paths of the inputs that are unknown."""

    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a component (or the stack) registered as its outputs."""

    secret_outputs: frozenset[str] = frozenset()
    """Paths of the outputs that are secret."""

    dependencies: tuple[str, ...] = ()
    """URNs that must be there first, sorted."""

    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """For each input, the URNs that its value comes from."""

    provider: str = ""
    """URN of the explicit provider; empty for the default one."""

    protect: bool = False
    """Whether a deletion is refused."""

    retain_on_delete: bool = False
    """Whether the real thing is kept when the resource goes."""

    deleted_with: str = ""
    """URN of the resource whose deletion takes this one along."""

    ignore_changes: tuple[str, ...] = ()
    """Inputs whose changes are ignored, because something else owns them."""

    replace_on_changes: tuple[str, ...] = ()
    """Inputs whose changes make a new object instead of changing the old one."""

    aliases: tuple[str, ...] = ()
    """Names or URNs that it had before."""

    @property
    def package(self) -> str:
        """The type's package: `kubernetes`, `aws`, `aidc`; a provider's own package for a provider."""
        if self.type.startswith(PROVIDER_PREFIX):
            return self.type.removeprefix(PROVIDER_PREFIX)
        return self.type.partition(":")[0]

    @property
    def is_provider(self) -> bool:
        """Whether this is an explicit provider."""
        return self.type.startswith(PROVIDER_PREFIX)

    def shown_inputs(self) -> dict[str, Any]:
        """The inputs with each secret replaced by `[secret]` and each unknown by `[unknown]`."""
        return cast(dict[str, Any], _shown(self.inputs, "", self.secrets))

    def __repr__(self) -> str:
        return f"<{self.type} {self.name!r}>"


@dataclass(frozen=True, kw_only=True)
class ResourceGraph:
    """All resources that a program declares, in the order of registration, and its outputs."""

    project: str
    """Project name."""

    stack: str
    """Stack name."""

    preview: bool
    """Whether the program ran as in a first `pulumi preview`, with nothing known."""

    resources: Mapping[str, Resource]
    """By URN; the stack itself comes first."""

    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Stack outputs. Secret values are here in plain: see `root.secret_outputs`."""

    warnings: tuple[str, ...] = ()
    """What the program logged as a warning or an error."""

    calls: tuple[str, ...] = ()
    """Tokens of the provider functions that the program called, sorted and unique."""

    stacks: tuple[str, ...] = ()
    """Where the graph joins several stacks that stand on each other: their names, lowest first."""

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())

    def __len__(self) -> int:
        return len(self.resources)

    def __getitem__(self, urn: str) -> Resource:
        return self.resources[urn]

    @cached_property
    def children(self) -> Mapping[str, tuple[Resource, ...]]:
        """For each URN that has children, those in the order of registration; roots are under the stack."""
        found: dict[str, list[Resource]] = {}
        for resource in self:
            if resource.type != STACK_TYPE:
                found.setdefault(resource.parent, []).append(resource)
        return {urn: tuple(resources) for urn, resources in found.items()}

    @property
    def root(self) -> Resource:
        """The stack."""
        return next(iter(self))

    def of_type(self, type: str) -> tuple[Resource, ...]:
        """All resources of one type token; `kubernetes:*:Service` matches any version or group."""
        package, _, rest = type.partition(":*:")
        if rest:
            return tuple(r for r in self if r.package == package and r.type.rpartition(":")[2] == rest)
        return tuple(r for r in self if r.type == type)

    def named(self, name: str, type: str | None = None) -> Resource:
        """The one resource of this logical name (and type); raises `LookupError` where none or several match."""
        found = [r for r in (self if type is None else self.of_type(type)) if r.name == name]
        if len(found) != 1:
            kind = f" of type {type}" if type else ""
            matches = "".join(f"\n  {r.urn}" for r in found) if found else " none"
            raise LookupError(f"one resource named '{name}'{kind} wanted, found:{matches}")
        return found[0]

    def descendants(self, urn: str) -> Iterator[Resource]:
        """Everything below a resource, parents before children."""
        waiting = list(reversed(self.children.get(urn, ())))
        while waiting:
            resource = waiting.pop()
            yield resource
            waiting.extend(reversed(self.children.get(resource.urn, ())))

    def component_of(self, resource: Resource) -> Resource | None:
        """The nearest component above a resource, or None directly under the stack."""
        parent = self.resources.get(resource.parent)
        while parent is not None and parent.custom:
            parent = self.resources.get(parent.parent)
        return None if parent is None or parent.type == STACK_TYPE else parent

    def counts(self) -> Counter[str]:
        """How many resources there are of each type, the stack left out."""
        return Counter(resource.type for resource in self if resource.type != STACK_TYPE)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, the same bytes for the same program once serialised: secrets and unknowns are marked."""
        return {
            "project": self.project,
            "stack": self.stack,
            "preview": self.preview,
            "resources": [_to_dict(self[urn]) for urn in sorted(self.resources)],
            "outputs": _shown(self.outputs, "", self.root.secret_outputs),
            "warnings": list(self.warnings),
            "calls": list(self.calls),
        }

    def to_json(self) -> str:
        """`to_dict` as JSON with sorted keys."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True)


def _to_dict(resource: Resource) -> dict[str, Any]:
    data: dict[str, Any] = {"urn": resource.urn, "type": resource.type, "name": resource.name}
    optional = {
        "parent": resource.parent,
        "inputs": resource.shown_inputs(),
        "secrets": sorted(resource.secrets),
        "unknowns": sorted(resource.unknowns),
        "dependencies": list(resource.dependencies),
        "provider": resource.provider,
        "protect": resource.protect,
        "retainOnDelete": resource.retain_on_delete,
        "deletedWith": resource.deleted_with,
        "ignoreChanges": list(resource.ignore_changes),
        "replaceOnChanges": list(resource.replace_on_changes),
        "aliases": list(resource.aliases),
        "read": resource.read,
    }
    return data | {key: value for key, value in optional.items() if value} | {"custom": resource.custom}


def _shown(value: object, path: str, secrets: frozenset[str]) -> Any:
    if path in secrets and path:
        return SECRET
    if isinstance(value, Unknown):
        return value.value
    if isinstance(value, Mapping):
        items = cast(Mapping[str, Any], value).items()
        return {key: _shown(item, f"{path}.{key}" if path else key, secrets) for key, item in items}
    if isinstance(value, list):
        return [_shown(item, f"{path}[{index}]", secrets) for index, item in enumerate(cast(list[Any], value))]
    return value
