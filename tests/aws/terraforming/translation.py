"""The AWS part of resource graphs as one Terraform configuration."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aidc.evaluation import ResourceGraph
from aidc.evaluation.graph import Resource, Unknown

from .references import References, opened
from .schemas import Block, Provider

_DEFAULT_REGION: Final = "us-east-1"


@dataclass
class Configuration:
    """A Terraform configuration, and what of the graphs has no place in it."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """By type, then by label."""

    providers: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Region and default tags by alias."""

    urns: dict[str, str] = field(default_factory=dict[str, str])
    """URN by Terraform address."""

    unknown_types: set[str] = field(default_factory=set[str])
    """Pulumi's tokens for which this provider has no type."""

    newer: set[str] = field(default_factory=set[str])
    """Arguments that this provider does not have, as `type: path`."""

    incomplete: list[str] = field(default_factory=list[str])
    """Inputs that are unknown although every answer is there, as `urn: path`."""

    def document(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The whole configuration; `settings` go into every provider."""
        aliases = [{**settings, **own, "alias": alias} for alias, own in sorted(self.providers.items())]
        return {
            "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
            "provider": {"aws": aliases},
            "resource": self.resources,
        }

    def __len__(self) -> int:
        return sum(len(each) for each in self.resources.values())


class Translator:
    """Translates graphs whose evaluation was answered by `references`."""

    def __init__(self, provider: Provider, references: References) -> None:
        self._provider = provider
        self._references = references
        self.configuration = Configuration()

    def add(self, graph: ResourceGraph, region: str = _DEFAULT_REGION) -> None:
        """Add the AWS resources of a graph; `region` is that of its default provider."""
        for resource in graph:
            if resource.package == "aws" and resource.custom and not resource.read and not resource.is_provider:
                self._add(resource, graph, region)

    def _add(self, resource: Resource, graph: ResourceGraph, region: str) -> None:
        found = self.configuration
        type = self._provider.type_of(resource.type)
        if type is None:
            found.unknown_types.add(resource.type)
            return
        label = self._references.label_of(resource.inputs)
        if label is None:
            return
        schema = self._provider.resource(type)
        found.incomplete += [f"{resource.urn}: {path}" for path in sorted(resource.unknowns)]
        body = self._body(resource.inputs, schema, f"{type}: ")
        if schema.attributes.get("name", {}).get("required") and "name" not in body:
            # Pulumi makes a name where Terraform wants one.
            body["name"] = resource.name
        body["provider"] = f"aws.{self._alias(resource, schema, graph, region)}"
        if depends_on := sorted(self._needed(resource.dependencies, graph, set()) - {f"{type}.{label}"}):
            body["depends_on"] = depends_on
        if ignored := [self._ignored(path, schema) for path in resource.ignore_changes]:
            body["lifecycle"] = {"ignore_changes": ignored}
        found.resources.setdefault(type, {})[label] = body
        found.urns[f"{type}.{label}"] = resource.urn

    def _body(self, inputs: Mapping[str, Any], schema: Block, path: str) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for key, value in inputs.items():
            own = schema.argument(key)
            if value is None or isinstance(value, Unknown) or key.startswith("__"):
                continue
            if own is None:
                self.configuration.newer.add(f"{path}{key}")
            elif own in schema.blocks:
                listed = value if isinstance(value, list) else [value]
                body[own] = [self._body(each, schema.block(own), f"{path}{key}.") for each in listed]
            elif "nested_type" in schema.attributes[own]:
                body[own] = self._nested(value, schema.attributes[own]["nested_type"], f"{path}{key}.")
            else:
                body[own] = self._value(value, schema.attributes[own]["type"], f"{path}{key}.")
        return body

    def _nested(self, value: Any, told: Mapping[str, Any], path: str) -> Any:
        inner = Block(told["attributes"], {})
        if told["nesting_mode"] == "single":
            return self._body(value, inner, path)
        listed = value if isinstance(value, list) else [value]
        return [self._body(each, inner, path) for each in listed]

    def _value(self, value: Any, told: Any, path: str) -> Any:
        """A value of a type of Terraform's: a list of one where Pulumi has the one itself."""
        if isinstance(told, list) and told[0] in ("list", "set"):
            listed = value if isinstance(value, list) else [value]
            return [self._value(each, told[1], path) for each in listed]
        if isinstance(told, list) and told[0] == "object":
            given = self._body(value, Block({key: {"type": each} for key, each in told[1].items()}, {}), path)
            # An object as an argument has all its keys.
            return {**dict.fromkeys(told[1]), **given}
        return _open(value)

    def _alias(self, resource: Resource, schema: Block, graph: ResourceGraph, region: str) -> str:
        explicit = graph.resources.get(resource.provider)
        given = explicit.inputs if explicit is not None and explicit.is_provider else {}
        # A region of the resource's own is newer than this provider, which has one provider a region for that.
        own = resource.inputs.get("region") if schema.argument("region") is None else None
        if own is not None:
            self.configuration.newer.discard(f"{self._provider.type_of(resource.type)}: region")
        settings: dict[str, Any] = {"region": own or given.get("region") or region}
        tags = given.get("defaultTags")
        tags = json.loads(tags) if isinstance(tags, str) else tags
        if tags:
            settings["default_tags"] = [{"tags": _open(tags["tags"])}]
        known = self.configuration.providers
        for alias, other in known.items():
            if other == settings:
                return alias
        alias = settings["region"] if settings["region"] not in known else f"{settings['region']}_{len(known)}"
        known[alias] = settings
        return alias

    def _needed(self, urns: Iterable[str], graph: ResourceGraph, seen: set[str]) -> set[str]:
        """The addresses of what must be there first, through whatever is no AWS resource."""
        needed: set[str] = set()
        for urn in urns:
            resource = graph.resources.get(urn)
            if resource is None or urn in seen:
                continue
            seen.add(urn)
            label = self._references.label_of(resource.inputs) if resource.package == "aws" else None
            if label is not None:
                needed.add(f"{self._provider.type_of(resource.type)}.{label}")
                continue
            inner = resource.dependencies
            if not resource.custom:
                inner = (*inner, *(each.urn for each in graph.descendants(urn) if each.custom))
            needed |= self._needed(inner, graph, seen)
        return needed

    def _ignored(self, path: str, schema: Block) -> str:
        steps: list[str] = []
        for step in path.split("."):
            own = schema.match(step) or step
            if own in schema.blocks:
                is_one = schema.blocks[own]["nesting_mode"] == "single"
                schema = schema.block(own)
                own = own if is_one or step == path else f"{own}[0]"
            steps.append(own)
        return ".".join(steps)


def _open(value: Any) -> Any:
    if isinstance(value, str):
        return opened(value)
    if isinstance(value, list):
        return [_open(each) for each in value]
    if isinstance(value, Mapping):
        return {opened(key): _open(each) for key, each in value.items()}
    return value
