"""Rules for node pools, namespaces and autoscalers: what bounds cost, and who owns which number."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...evaluation.graph import Resource, ResourceGraph
from ...evaluation.manifests import is_kubernetes_object
from ...planning.catalog import all_instance_types
from ...planning.nodes.node_pools import is_accelerator
from ...planning.plan.ownership import replica_conflicts
from ...planning.plan.scale_writers import SCALE_WRITER_TYPE, scale_writers
from ...planning.values import mappings, requirements, section, text
from .policy_documents import listed
from .rule import Level, ResourceRule, Rule, StackRule
from .selection import declared

_POOL: Final = ("kubernetes:karpenter.sh/*:NodePool",)
_SCALERS: Final = ("HorizontalPodAutoscaler", "ScaledObject", "VerticalPodAutoscaler")
_SCALER_TYPES: Final = (*(f"kubernetes:*:{kind}" for kind in _SCALERS), SCALE_WRITER_TYPE)
_BOUND: Final = ("baseline", "restricted")
_LEVEL: Final = "pod-security.kubernetes.io/enforce"
_OF_ACCELERATORS: Final = ("karpenter.k8s.aws/instance-gpu-", "karpenter.k8s.aws/instance-accelerator-")

_REMOVED: Final[Mapping[str, str]] = {
    "admissionregistration.k8s.io/v1beta1": "1.22",
    "apiextensions.k8s.io/v1beta1": "1.22",
    "autoscaling/v2beta1": "1.25",
    "autoscaling/v2beta2": "1.26",
    "batch/v1beta1": "1.25",
    "extensions/v1beta1": "1.22",
    "flowcontrol.apiserver.k8s.io/v1beta3": "1.32",
    "networking.k8s.io/v1beta1": "1.22",
    "policy/v1beta1": "1.25",
    "rbac.authorization.k8s.io/v1beta1": "1.22",
    "scheduling.k8s.io/v1beta1": "1.22",
    "storage.k8s.io/v1beta1": "1.27",
}
"""Group and version, and the Kubernetes that no longer has it: kubernetes.io, Deprecated API Migration Guide, read
2026-11."""


def _spec(resource: Resource) -> Mapping[str, Any]:
    return section(resource.inputs, "spec")


def _has_accelerators(pool: Resource) -> bool:
    """Whether nodes of a pool may have accelerators: by its limits, its instance types or its requirements."""
    if any(map(is_accelerator, section(_spec(pool), "limits"))):
        return True
    catalog, wanted = all_instance_types(), dict(requirements(_spec(pool)))
    named = wanted.get("node.kubernetes.io/instance-type", ())
    if any(catalog[name].accelerator_count for name in named if name in catalog):
        return True
    keys = mappings(section(_spec(pool), "template", "spec").get("requirements"))
    return any(
        str(each.get("key")).startswith(_OF_ACCELERATORS) and each.get("operator") != "DoesNotExist" for each in keys
    )


def _limits(pool: Resource) -> Iterator[str]:
    limits = section(_spec(pool), "limits")
    if "replicas" in _spec(pool):
        return
    if not limits:
        yield "nothing bounds its nodes, nor their price"
    elif _has_accelerators(pool) and "nodes" not in limits and not any(map(is_accelerator, limits)):
        yield "its limits name no accelerators, which are what costs"


def _taint(pool: Resource) -> Iterator[str]:
    if not _has_accelerators(pool):
        return
    taints = mappings(section(_spec(pool), "template", "spec").get("taints"))
    if not any(each.get("effect") in ("NoSchedule", "NoExecute") for each in taints):
        yield "any pod may take room on its accelerated nodes"


def _consolidation(pool: Resource) -> Iterator[str]:
    disruption = section(_spec(pool), "disruption")
    after = text(disruption.get("consolidateAfter", "0s"))
    if not _has_accelerators(pool) or "replicas" in _spec(pool):
        return
    if after in ("", "0s"):
        yield "gives a node back the moment that it is empty, only to wait minutes for the next"
    moves = disruption.get("consolidationPolicy", "WhenEmptyOrUnderutilized") != "WhenEmpty"
    budgets = [text(each.get("nodes")) for each in mappings(disruption.get("budgets"))]
    if moves and "100%" in budgets:
        yield "may move the pods of all its nodes at once"


def _pod_security(namespace: Resource) -> Iterator[str]:
    level = section(namespace.inputs, "metadata", "labels").get(_LEVEL)
    if level is None:
        yield "pods in it may be privileged: no level is enforced"
    elif isinstance(level, str) and level not in _BOUND:
        yield f"pods in it may be privileged: the level {level} is enforced"


def _owners(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    by_path = {f"{each.type.rpartition(':')[2]} {each.name}": each for each in graph}
    for problem in replica_conflicts(graph):
        yield by_path[problem.path], problem.reason


def _declared_twice(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    first: dict[tuple[object, ...], Resource] = {}
    for resource in filter(is_kubernetes_object, graph):
        metadata = section(resource.inputs, "metadata")
        name, namespace = metadata.get("name"), metadata.get("namespace", "")
        # Without a name each gets one of its own.
        if not isinstance(name, str) or not isinstance(namespace, str):
            continue
        group, kind = resource.type.partition("/")[0], resource.type.rpartition(":")[2]
        other = first.setdefault((resource.provider, group, kind, namespace, name), resource)
        if other is not resource:
            place = f"{kind} '{name}' in '{namespace}'" if namespace else f"{kind} '{name}'"
            yield resource, f"declares the {place}, which {other.name} of {_component(graph, other)} declares too"


def _component(graph: ResourceGraph, resource: Resource) -> str:
    component = graph.component_of(resource)
    return "the program itself" if component is None else f"{component.type.rpartition(':')[2]} {component.name}"


def _targets(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    for scaler, namespace, kind, name in _scaled(graph):
        if not isinstance(name, str) or not isinstance(kind, str):
            continue
        found = (section(each.inputs, "metadata") for each in declared(graph, kind))
        if not any(each.get("name") == name and each.get("namespace") == namespace for each in found):
            yield scaler, f"scales {kind} {name}, which is not in this program"


def _scaled(graph: ResourceGraph) -> Iterator[tuple[Resource, object, object, object]]:
    for scaler in declared(graph, *_SCALERS):
        target = _target(scaler)
        namespace = section(scaler.inputs, "metadata").get("namespace")
        yield scaler, namespace, target.get("kind", "Deployment"), target.get("name")
    for writer in scale_writers(graph):
        yield writer.resource, writer.namespace, writer.kind, writer.name


def _target(scaler: Resource) -> Mapping[str, Any]:
    return section(_spec(scaler), "targetRef") or section(_spec(scaler), "scaleTargetRef")


def _requests(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    read: dict[tuple[object, ...], set[str]] = {}
    for scaler in declared(graph, "HorizontalPodAutoscaler", "ScaledObject"):
        read.setdefault(_place(scaler), set()).update(_read(scaler))
    for scaler in declared(graph, "VerticalPodAutoscaler"):
        if section(_spec(scaler), "updatePolicy").get("updateMode") == "Off":
            continue
        both = sorted(_written(scaler) & read.get(_place(scaler), set()))
        if both:
            yield scaler, f"changes the requests of {' and '.join(both)} that a horizontal autoscaler counts in"


def _place(scaler: Resource) -> tuple[object, ...]:
    target = _target(scaler)
    return section(scaler.inputs, "metadata").get("namespace"), target.get("kind", "Deployment"), target.get("name")


def _read(scaler: Resource) -> Iterator[str]:
    """Yield the resources whose use, in percent of the request, an autoscaler reads."""
    for metric in mappings(_spec(scaler).get("metrics")):
        found = section(metric, "resource") or section(metric, "containerResource")
        if section(found, "target").get("type") == "Utilization":
            yield text(found.get("name"))
    for trigger in mappings(_spec(scaler).get("triggers")):
        if trigger.get("type") in ("cpu", "memory") and trigger.get("metricType", "Utilization") == "Utilization":
            yield text(trigger.get("type"))


def _written(scaler: Resource) -> set[str]:
    policies = [*mappings(section(_spec(scaler), "resourcePolicy").get("containerPolicies"))]
    active = [each for each in policies if each.get("mode") != "Off"]
    if policies and not active and any(each.get("containerName") == "*" for each in policies):
        return set()
    if not active:
        return {"cpu", "memory"}
    return {name for each in active for name in listed(each.get("controlledResources", ["cpu", "memory"]))}


def _removed(resource: Resource) -> Iterator[str]:
    group = resource.type.removeprefix("kubernetes:").rpartition(":")[0]
    yield f"{group} is not in Kubernetes {_REMOVED[group]} and later"


CAPACITY_RULES: Final[tuple[Rule, ...]] = (
    ResourceRule(
        name="pool-limits",
        level=Level.MANDATORY,
        title="A node pool of Karpenter has a bound, and one of accelerators a bound on them.",
        way_out="give spec.limits, such as nodes or nvidia.com/gpu",
        published=("Kyverno karpenter/set-karpenter-non-cpu-limits", "EKS Best Practices, AI/ML"),
        types=_POOL,
        check=_limits,
    ),
    ResourceRule(
        name="pool-taint",
        level=Level.MANDATORY,
        title="Nodes with accelerators are for pods that ask for them.",
        way_out="give the pool a taint nvidia.com/gpu with the effect NoSchedule",
        published=("EKS Best Practices, AI/ML: taint accelerated nodes",),
        types=_POOL,
        check=_taint,
    ),
    ResourceRule(
        name="pool-consolidation",
        level=Level.ADVISORY,
        title="Nodes with accelerators are not given back in haste, and not all at once.",
        way_out="give consolidateAfter minutes, and a budget of less than 100%",
        published=("EKS Best Practices, AI/ML: consolidation",),
        types=_POOL,
        check=_consolidation,
    ),
    ResourceRule(
        name="namespace-pod-security",
        level=Level.MANDATORY,
        title="A namespace enforces a level of the Pod Security Standards.",
        way_out=f"label it {_LEVEL}: restricted",
        published=("Pod Security Standards", "CIS EKS 4.2"),
        types=("kubernetes:core/v1:Namespace",),
        check=_pod_security,
    ),
    StackRule(
        name="one-owner-of-objects",
        level=Level.MANDATORY,
        title="One resource declares an object of a cluster.",
        way_out="give one of them another name or namespace: the last one written wins, and deleting one deletes it",
        published=("Kubernetes, Object Names and IDs: a name is unique for a kind in a namespace",),
        types=("kubernetes:*",),
        check=_declared_twice,
    ),
    StackRule(
        name="one-owner-of-replicas",
        level=Level.MANDATORY,
        title="One owner writes a number of pods.",
        way_out="leave spec.replicas out under an autoscaler, and keep one autoscaler",
        published=(
            "kube-score deployment-targeted-by-hpa-does-not-have-replicas-configured",
            "Kyverno prevent-duplicate-hpa",
        ),
        types=_SCALER_TYPES,
        check=_owners,
    ),
    StackRule(
        name="one-owner-of-requests",
        level=Level.MANDATORY,
        title="What a vertical autoscaler changes is not what a horizontal one counts in.",
        way_out="scale horizontally by another metric, as HybridScaling does",
        published=("VPA: known limitations, HPA on the same resource metric",),
        types=("kubernetes:autoscaling.k8s.io/*:VerticalPodAutoscaler",),
        check=_requests,
    ),
    StackRule(
        name="scaler-target",
        level=Level.ADVISORY,
        title="What an autoscaler scales is there.",
        way_out="name a workload of the program, in the namespace of the autoscaler",
        published=("kube-score horizontalpodautoscaler-has-target",),
        types=_SCALER_TYPES,
        check=_targets,
    ),
    ResourceRule(
        name="api-version",
        level=Level.MANDATORY,
        title="Objects have an API version that Kubernetes still has.",
        way_out="use the version that took its place",
        published=("kube-score stable-version",),
        types=tuple(f"kubernetes:{group}:*" for group in _REMOVED),
        check=_removed,
    ),
)
"""Rules for node pools, namespaces and autoscalers."""
