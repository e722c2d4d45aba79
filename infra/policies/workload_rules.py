"""Rules for workloads: what they ask for, how they are watched, and what protects them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...evaluation.graph import Resource, ResourceGraph
from ...evaluation.quantities import quantity
from ...planning.nodes.node_pools import is_accelerator
from ...planning.plan.scale_writers import scale_writers
from ...planning.values import mappings, number, section, text
from .pod_templates import JOBS, POD_TYPES, SERVERS, PodTemplate, pod_templates
from .rule import Level, ResourceRule, Rule, StackRule, is_given
from .selection import declared, selects

_NETWORK_POLICY: Final = "NetworkPolicy"
_EVICTABLE: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict"
_UNDISTURBED: Final = "karpenter.sh/do-not-disrupt"
_BINDINGS: Final = ("RoleBinding", "ClusterRoleBinding")
_SCALERS: Final = ("HorizontalPodAutoscaler", "ScaledObject")
_REPLICATED: Final = ("kubernetes:apps/*:Deployment", "kubernetes:apps/*:StatefulSet")


def _requests(resource: Resource) -> Iterator[str]:
    for pod in pod_templates(resource):
        whole = section(pod.spec, "resources")
        for container in pod.containers:
            requests, limits = section(container, "resources", "requests"), section(container, "resources", "limits")
            missing = [
                f"{key}.{name}"
                for key, given, names in (("requests", requests, ("cpu", "memory")), ("limits", limits, ("memory",)))
                for name in names
                if name not in given
                and name not in section(whole, key)
                # A limit is the request where none is given.
                and not (key == "requests" and name in limits)
            ]
            if missing:
                yield f"container {container.get('name')} lacks {', '.join(missing)}"


def _accelerators(resource: Resource) -> Iterator[str]:
    for pod in pod_templates(resource):
        for container in pod.containers:
            requests, limits = section(container, "resources", "requests"), section(container, "resources", "limits")
            for name in sorted(filter(is_accelerator, {*requests, *limits})):
                if name not in limits:
                    yield f"container {container.get('name')} requests {name} without a limit"
                elif name in requests and _amount(requests[name]) != _amount(limits[name]):
                    asked = f"requests {requests[name]} of {name} and is limited to {limits[name]}"
                    yield f"container {container.get('name')} {asked}"


def _amount(value: object) -> object:
    try:
        return quantity(str(value))
    except ValueError:
        return value


def _probes(resource: Resource) -> Iterator[str]:
    for pod in pod_templates(resource):
        for container in mappings(pod.spec.get("containers")):
            if not any(mappings(container.get("ports"))):
                continue
            ready, alive = container.get("readinessProbe"), container.get("livenessProbe")
            named = f"container {container.get('name')}"
            if not is_given(ready):
                yield f"{named} gets requests before it can answer: no readinessProbe"
            if not is_given(alive):
                yield f"{named} is not restarted when it hangs: no livenessProbe"
            if is_given(ready) and ready == alive:
                yield f"{named} has one probe for both, so that what is busy is killed"
            if pod.accelerators and is_given(alive) and not is_given(container.get("startupProbe")):
                yield f"{named} may be killed while it loads its model: no startupProbe"


def _service_account(resource: Resource) -> Iterator[str]:
    for pod in pod_templates(resource):
        if text(pod.spec.get("serviceAccountName", "default")) == "default":
            yield "runs as the service account that every pod of the namespace gets"


def _namespace(resource: Resource) -> Iterator[str]:
    if section(resource.inputs, "metadata").get("namespace", "default") == "default":
        yield "is in the namespace default"


def _tokens(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    bound = {
        (subject.get("namespace"), subject.get("name"))
        for kind in _BINDINGS
        for binding in declared(graph, kind)
        for subject in mappings(binding.inputs.get("subjects"))
        if subject.get("kind") == "ServiceAccount"
    }
    without = {
        (section(account.inputs, "metadata").get("namespace"), section(account.inputs, "metadata").get("name"))
        for account in declared(graph, "ServiceAccount")
        if account.inputs.get("automountServiceAccountToken") is False
    }
    for resource, pod in _pods(graph):
        account = (pod.namespace, pod.spec.get("serviceAccountName", "default"))
        mounts = pod.spec.get("automountServiceAccountToken")
        is_mounted = mounts is True or (mounts is None and account not in without)
        if is_mounted and account not in bound:
            yield resource, "has a token for the API, and no role is bound to its service account"


def _network_policies(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    policies = list(declared(graph, _NETWORK_POLICY))
    for resource, pod in _pods(graph):
        if not any(
            _is_near(policy, pod) and selects(section(policy.inputs, "spec").get("podSelector"), pod.labels)
            for policy in policies
        ):
            yield resource, "everything in the cluster may talk to its pods"


def _disruption_budgets(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    budgets, scaled = list(declared(graph, "PodDisruptionBudget")), set(_scaled(graph))
    for resource, pod in _pods(graph, _REPLICATED):
        metadata, replicas = section(resource.inputs, "metadata"), section(resource.inputs, "spec").get("replicas")
        kind = resource.type.rpartition(":")[2]
        is_scaled = (kind, pod.namespace, metadata.get("name")) in scaled
        evictable = text(section(pod.metadata, "annotations").get(_EVICTABLE)) == "true"
        if evictable or not (is_scaled or (number(replicas) or 0) > 1):
            continue
        if not any(
            _is_near(budget, pod) and selects(section(budget.inputs, "spec").get("selector"), pod.labels)
            for budget in budgets
        ):
            yield resource, "a drain may take all its pods at once"


def _scaled(graph: ResourceGraph) -> Iterator[tuple[object, object, object]]:
    for kind in _SCALERS:
        for scaler in declared(graph, kind):
            target = section(scaler.inputs, "spec", "scaleTargetRef")
            namespace = section(scaler.inputs, "metadata").get("namespace")
            yield target.get("kind", "Deployment"), namespace, target.get("name")
    for writer in scale_writers(graph):
        yield writer.kind, writer.namespace, writer.name


def _spread(resource: Resource) -> Iterator[str]:
    if (number(section(resource.inputs, "spec").get("replicas")) or 0) < 2:
        return
    for pod in pod_templates(resource):
        apart = section(pod.spec, "affinity", "podAntiAffinity")
        evictable = text(section(pod.metadata, "annotations").get(_EVICTABLE)) == "true"
        if not apart and not pod.spec.get("topologySpreadConstraints") and not evictable:
            yield "all its replicas may be on one node"


def _ends(resource: Resource) -> Iterator[str]:
    spec, kind = section(resource.inputs, "spec"), resource.type.rpartition(":")[2]
    if kind == "CronJob":
        spec = section(spec, "jobTemplate", "spec")
    if not is_given(spec.get("ttlSecondsAfterFinished")):
        yield "stays when it has ended"
    if kind == "RayJob" and spec.get("shutdownAfterJobFinishes") is not True:
        yield "its cluster stays when it has ended"


def _disruption(resource: Resource) -> Iterator[str]:
    for pod in pod_templates(resource):
        if pod.accelerators and text(section(pod.metadata, "annotations").get(_UNDISTURBED)) != "true":
            yield "Karpenter may move its pods in the middle of a step"


def _pods(graph: ResourceGraph, types: tuple[str, ...] = POD_TYPES) -> Iterator[tuple[Resource, PodTemplate]]:
    for resource in declared(graph, *{type.rpartition(":")[2] for type in types}):
        if resource.type.partition(":")[0] == "kubernetes":
            yield from ((resource, pod) for pod in pod_templates(resource))


def _is_near(resource: Resource, pod: PodTemplate) -> bool:
    return text(section(resource.inputs, "metadata").get("namespace")) == pod.namespace


def _resource_rule(**fields: Any) -> ResourceRule:
    given: Mapping[str, Any] = {"types": POD_TYPES, "level": Level.MANDATORY, **fields}
    return ResourceRule(**given)


def _stack_rule(**fields: Any) -> StackRule:
    given: Mapping[str, Any] = {"types": POD_TYPES, "level": Level.MANDATORY, **fields}
    return StackRule(**given)


WORKLOAD_RULES: Final[tuple[Rule, ...]] = (
    _resource_rule(
        name="pod-resources",
        title="Containers say what they need of cores and memory, and how much memory they may take.",
        way_out="give requests of cpu and memory and a limit of memory",
        published=("CKV_K8S_10", "CKV_K8S_12", "CKV_K8S_13", "kube-score container-resources"),
        check=_requests,
    ),
    _resource_rule(
        name="accelerator-limits",
        title="Accelerators are limited to what is requested: they cannot be shared by asking for less.",
        way_out="give the limit, and leave the request out or make it the same",
        published=("Kyverno check-nvidia-gpu", "Kubernetes: extended resources cannot be overcommitted"),
        check=_accelerators,
    ),
    _resource_rule(
        name="server-probes",
        title="Servers say when they can answer and when they hang, by two probes.",
        way_out="give a readinessProbe, another livenessProbe, and a startupProbe to what loads a model",
        published=("CKV_K8S_8", "CKV_K8S_9", "kube-score pod-probes-identical", "Kyverno require-probes"),
        types=SERVERS,
        check=_probes,
    ),
    _resource_rule(
        name="pod-service-account",
        title="Pods run as a service account of their own.",
        way_out="name one in serviceAccountName",
        published=("CKV_K8S_41", "CIS EKS 5.2.1"),
        check=_service_account,
    ),
    _resource_rule(
        name="namespace-default",
        title="Nothing runs in the namespace default.",
        way_out="name a namespace, such as that of a Tenancy",
        published=("CKV_K8S_21", "CIS EKS 4.5.2"),
        check=_namespace,
    ),
    _stack_rule(
        name="pod-token",
        title="Pods have a token for the API only where a role is bound to their service account.",
        way_out="set automountServiceAccountToken to false",
        published=("CKV_K8S_38", "Kyverno disable-automountserviceaccounttoken", "CIS EKS 4.1.6"),
        check=_tokens,
    ),
    _stack_rule(
        name="pod-network-policy",
        title="A NetworkPolicy says who may talk to each pod.",
        way_out="declare a NetworkPolicy that selects them, such as the one of a Tenancy",
        published=("CKV2_K8S_6", "kube-score pod-networkpolicy", "CIS EKS 4.3.2"),
        check=_network_policies,
    ),
    _stack_rule(
        name="disruption-budget",
        title="Workloads of several pods keep some of them while nodes are drained.",
        way_out="declare a PodDisruptionBudget that selects its pods",
        published=("kube-score deployment-has-poddisruptionbudget", "EKS Best Practices, Reliability"),
        types=_REPLICATED,
        check=_disruption_budgets,
    ),
    _resource_rule(
        name="replicas-spread",
        level=Level.ADVISORY,
        title="Replicas are kept apart.",
        way_out="give topologySpreadConstraints by node and zone",
        published=("kube-score pod-topology-spread-constraints", "EKS Best Practices, Reliability"),
        types=_REPLICATED,
        check=_spread,
    ),
    _resource_rule(
        name="job-ends",
        level=Level.ADVISORY,
        title="Jobs that have ended are deleted.",
        way_out="give ttlSecondsAfterFinished",
        published=("EKS Best Practices, AI/ML: ttlSecondsAfterFinished",),
        types=JOBS,
        check=_ends,
    ),
    _resource_rule(
        name="training-undisturbed",
        title="Karpenter leaves pods of jobs on accelerators where they are.",
        way_out=f"annotate the pods with {_UNDISTURBED}: 'true'",
        published=("Kyverno karpenter/add-karpenter-donot-evict", "EKS Best Practices, AI/ML"),
        types=JOBS,
        check=_disruption,
    ),
)
"""Rules for workloads."""
