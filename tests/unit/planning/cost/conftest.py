"""Small graphs, made without a program."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aidc.evaluation.graph import STACK_TYPE, Resource, ResourceGraph

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
PROVIDER = "urn:pulumi:dev::shop::pulumi:providers:aws::aws"


@pytest.fixture
def make_graph() -> Callable[..., ResourceGraph]:
    """Make a graph of components, each with its resources: `{"Network a": [(type, name, inputs), ...]}`."""

    def make(
        components: Mapping[str, list[tuple[str, str, Mapping[str, Any]]]], region: str | None = "us-east-1"
    ) -> ResourceGraph:
        resources = {STACK: Resource(urn=STACK, type=STACK_TYPE, name="shop-dev", custom=False)}
        inputs = {} if region is None else {"region": region}
        resources[PROVIDER] = Resource(
            urn=PROVIDER, type="pulumi:providers:aws", name="aws", parent=STACK, inputs=inputs
        )
        for component, inside in components.items():
            kind, _, name = component.partition(" ")
            urn = f"urn:pulumi:dev::shop::shop:index:{kind}::{name}"
            resources[urn] = Resource(urn=urn, type=f"shop:index:{kind}", name=name, parent=STACK, custom=False)
            for type, own, given in inside:
                child = f"urn:pulumi:dev::shop::shop:index:{kind}${type}::{own}"
                resources[child] = Resource(urn=child, type=type, name=own, parent=urn, inputs=given, provider=PROVIDER)
        return ResourceGraph(project="shop", stack="dev", preview=False, resources=resources)

    return make
