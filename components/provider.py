"""The components as a package for every language of Pulumi."""

import inspect
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, cast

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.analyzer import ComponentDefinition, PropertyDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

_ROOMS: Final = (
    "components",
    "infra.addons",
    "infra.eks",
    "infra.identity",
    "infra.karpenter",
    "infra.network",
    "infra.recovery",
    "infra.registry",
    "infra.security",
)
"""Where public components are: whatever is a component among the names that these packages export."""


class AidcProvider(ComponentProvider):
    """Hands inputs to the components as they are, under their Python names, and hands their errors back by property.

    Pulumi's own provider drops unknown inputs without a word, fails on an `Output` where the schema has an integer,
    and wraps an error of a component into a traceback (pulumi 3.272). The components check their inputs themselves,
    so that all languages get the same errors.
    """

    def __init__(self, components: list[type[pulumi.ComponentResource]], version: str) -> None:
        """Read the schema from the components' own types."""
        super().__init__(components, "aidc", version=version)
        assert self.schema is not None, "the provider of components has a schema"
        self.schema = json.dumps(_dedented(json.loads(self.schema)))

    def map_inputs(
        self, inputs: Mapping[str, pulumi.Input[Any]], component_def: ComponentDefinition
    ) -> dict[str, pulumi.Input[Any]]:
        """Return the inputs of one component under their Python names."""
        return self._renamed(inputs, component_def.inputs, component_def.inputs_mapping)

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, pulumi.Input[Any]],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Make one component; what is wrong with its inputs is raised as `pulumi.InputPropertiesError`."""
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, pulumi.InputPropertiesError):
                raise error.inner from None
            raise

    def _renamed(
        self, inputs: Mapping[str, Any], properties: Mapping[str, PropertyDefinition], names: Mapping[str, str]
    ) -> dict[str, Any]:
        # An input that the schema does not have keeps its name, so that the component refuses it.
        return {
            names.get(key, key): self._value(value, properties.get(key))
            for key, value in inputs.items()
            if value is not None
        }

    def _value(self, value: Any, definition: PropertyDefinition | None) -> Any:
        if definition is None or isinstance(value, str):
            return value
        if isinstance(value, pulumi.Output):
            output = cast(pulumi.Output[Any], value)
            return output.apply(lambda known: self._value(known, definition)) if self._has_names(definition) else output
        if isinstance(value, Mapping):
            fields = cast(Mapping[str, Any], value)
            if definition.ref:
                kind = self.get_type_definition(definition)
                return self._renamed(fields, kind.properties, kind.properties_mapping) if kind else fields
            return {key: self._value(item, definition.additional_properties) for key, item in fields.items()}
        if isinstance(value, list):
            return [self._value(item, definition.items) for item in cast(Sequence[Any], value)]
        return value

    def _has_names(self, definition: PropertyDefinition | None) -> bool:
        """Whether a value holds objects with names of ours, at any depth."""
        if definition is None:
            return False
        if definition.ref:
            kind = self.get_type_definition(definition)
            return kind is not None and bool(kind.properties)
        return self._has_names(definition.items) or self._has_names(definition.additional_properties)


def component_classes() -> list[type[pulumi.ComponentResource]]:
    """Return the public components, sorted by name."""
    found = public_names().values()
    kinds = [each for each in found if inspect.isclass(each) and issubclass(each, pulumi.ComponentResource)]
    return sorted(kinds, key=lambda kind: kind.__name__)


def public_names() -> dict[str, Any]:
    """Return everything that the rooms of components export, by name."""
    rooms = [import_module(f"aidc.{room}") for room in _ROOMS]
    return {name: getattr(room, name) for room in rooms for name in getattr(room, "__all__", ())}


def component_provider() -> AidcProvider:
    """Return the provider of the public components, in the version of the library."""
    from .. import __version__

    return AidcProvider(component_classes(), __version__)


def _dedented(value: Any) -> Any:
    """Take the indentation of the source out of every description."""
    if isinstance(value, dict):
        fields = cast(dict[str, Any], value)
        return {
            key: inspect.cleandoc(item) if key == "description" and isinstance(item, str) else _dedented(item)
            for key, item in fields.items()
        }
    return [_dedented(item) for item in cast(list[Any], value)] if isinstance(value, list) else value
