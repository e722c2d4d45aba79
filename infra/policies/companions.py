"""Resources that say something of another one by referring to it, as those of a bucket do."""

from collections.abc import Iterator

from ...evaluation.graph import Resource, ResourceGraph


def companions(graph: ResourceGraph, resource: Resource, field: str, *types: str) -> Iterator[Resource]:
    """Yield the resources of some types whose input `field` comes from another resource, or is its name."""
    names = {value for value in (resource.inputs.get(field), resource.outputs.get("id")) if isinstance(value, str)}
    for type in types:
        for other in graph.of_type(type):
            if resource.urn in other.property_dependencies.get(field, ()) or other.inputs.get(field) in names:
                yield other
