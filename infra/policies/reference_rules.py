"""Rules for what pods refer to by name."""

from collections.abc import Iterator
from typing import Final

from ...evaluation.graph import Resource, ResourceGraph
from ...planning.values import mappings, section
from .addon_rules import CHARTS
from .pod_templates import POD_TYPES, PodTemplate, pod_templates
from .rule import Level, Rule, StackRule
from .selection import declared

_ACCOUNT: Final = "ServiceAccount"
_CLAIM: Final = "PersistentVolumeClaim"
_DEFAULT: Final = "default"
"""The service account that Kubernetes makes in every namespace."""

_CONSEQUENCES: Final = {_ACCOUNT: "no pod is made without it", _CLAIM: "its pods wait for it"}


def _missing(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    # Of a namespace that others make or a chart fills, nobody knows here what is in it.
    filled = {each.inputs.get("namespace") for chart in CHARTS for each in graph.of_type(chart)}
    own = {_name(each) for each in declared(graph, "Namespace")} - filled
    there = {
        (kind, section(each.inputs, "metadata").get("namespace"), _name(each))
        for kind in _CONSEQUENCES
        for each in declared(graph, kind)
    }
    for resource in filter(POD_REFERENCES.concerns, graph):
        asked = {each for pod in pod_templates(resource) if pod.namespace in own for each in _references(pod)}
        for kind, namespace, name in sorted(asked - there):
            yield resource, f"names the {kind} '{name}', which '{namespace}' does not have; {_CONSEQUENCES[kind]}"


def _references(pod: PodTemplate) -> Iterator[tuple[str, str, str]]:
    account = pod.spec.get("serviceAccountName", _DEFAULT)
    if isinstance(account, str) and account not in ("", _DEFAULT):
        yield _ACCOUNT, pod.namespace, account
    for volume in mappings(pod.spec.get("volumes")):
        claim = section(volume, "persistentVolumeClaim").get("claimName")
        if isinstance(claim, str):
            yield _CLAIM, pod.namespace, claim


def _name(resource: Resource) -> object:
    return section(resource.inputs, "metadata").get("name", resource.name)


POD_REFERENCES: Final = StackRule(
    name="pod-references-there",
    level=Level.ADVISORY,
    title="Service accounts and claims that pods name are in the namespace that the program makes.",
    way_out="declare it, or name one that is there, such as that of a Tenancy",
    published=("Kubernetes, Configure Service Accounts for Pods: it must exist before the pod",),
    types=POD_TYPES,
    check=_missing,
)
REFERENCE_RULES: Final[tuple[Rule, ...]] = (POD_REFERENCES,)
"""Rules for what pods refer to by name."""
