"""Machines that an environment expects to find: simulated as its node pools describe them.

A node pool of existing nodes records what its machines must be in a ConfigMap (`contract.json`). Here, where there are
no machines, they are simulated, so that such an environment can be rehearsed as well.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from ..problems import Problems
from .nodes import SimulatedNode
from .objects import Object, table

_CONTRACT = "contract.json"


def machines_of(objects: Iterable[Object], region: str) -> list[SimulatedNode]:
    """Return the machines of every pool of existing nodes among these objects, as many as the pool has at most."""
    found: list[SimulatedNode] = []
    for thing in objects:
        if thing["kind"] == "ConfigMap" and (text := table(thing.get("data")).get(_CONTRACT)):
            contract = _parsed(str(text))
            if contract is not None:
                found += _machines(contract, region)
    return found


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        contract = json.loads(text)
    except ValueError:
        return None
    needed = {"pool", "maximumNodes", "labels", "taints", "zones", "requirement", "gpuResource", "gpusPerNode"}
    return cast("Mapping[str, Any]", contract) if isinstance(contract, dict) and needed <= contract.keys() else None


def _machines(contract: Mapping[str, Any], region: str) -> list[SimulatedNode]:
    pool = str(contract["pool"])
    named: Sequence[str] = contract.get("nodes") or ()
    names = named or [f"{pool}-{index}" for index in range(int(contract["maximumNodes"]))]
    zones: Sequence[str] = contract["zones"] or [f"{region}{letter}" for letter in "abc"]
    kind, resources, architecture = _hardware(contract, region)
    return [
        SimulatedNode(
            name=node,
            instance_type=kind,
            zone=zones[index % len(zones)],
            resources=resources,
            architecture=architecture,
            capacity_type=next(iter(contract.get("capacityTypes") or ()), "on-demand"),
            labels=contract["labels"],
            taints=[_taint(text) for text in contract["taints"]],
        )
        for index, node in enumerate(names)
    ]


def _hardware(contract: Mapping[str, Any], region: str) -> tuple[str, dict[str, str], str]:
    """Return the name, the resources and the architecture of machines like the cheapest type that fits the pool."""
    from ..planning.catalog import Requirement, all_instance_types, find_instance_types

    known, types = all_instance_types(), [str(name) for name in contract.get("instanceTypes") or ()]
    wanted = [known[name] for name in types if name in known]
    if not wanted:
        requirement: dict[str, Any] = {**contract["requirement"], "region": region}
        wanted = find_instance_types(Requirement(**requirement), Problems())
    devices = {str(contract["gpuResource"]): str(contract["gpusPerNode"])} if contract["gpuResource"] else {}
    if not wanted:
        return _described(contract), {"cpu": "64", "memory": "512Gi", **devices}, "amd64"
    like = wanted[0]
    resources = {
        "cpu": f"{like.allocatable_cpu_millis}m",
        "memory": f"{like.allocatable_memory_mib}Mi",
        "pods": str(like.pods),
        **devices,
    }
    # They are machines of one's own: only where the pool itself names a type do they carry one.
    return (like.name if types else _described(contract)), resources, like.architecture


def _described(contract: Mapping[str, Any]) -> str:
    if accelerator := contract.get("accelerator"):
        return f"{accelerator}-x{contract.get('acceleratorsPerNode', 1)}"
    return "cpu"


def _taint(text: str) -> dict[str, str]:
    """Read a taint as kubectl writes it: `key=value:effect`."""
    rest, _, effect = text.rpartition(":")
    key, equals, value = rest.partition("=")
    return {"key": key, **({"value": value} if equals else {}), "effect": effect}
