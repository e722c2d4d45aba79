"""A tenant's share of a cluster: a namespace that is bounded, isolated and restricted."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, NotRequired, TypedDict, cast

import pulumi

from ...infra.addresses import check_port
from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...infra.quantities import check_quantity
from ...problems import Problems, camel_case
from ..network_policies import all_pods_of, neighbours, tcp, to_cluster_dns

_COMPONENT: Final = "tenancy"

_AGENT: Final = "169.254.170.23/32"
"""Where the agent of EKS Pod Identity answers: EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"."""

_QUOTA_RESOURCES: Final = {
    "cpu": ("requests.cpu", "cores"),
    "memory": ("requests.memory", "bytes"),
    "storage": ("requests.storage", "bytes"),
    "gpus": ("requests.nvidia.com/gpu", "accelerators"),
    "pods": ("pods", "pods"),
    "load_balancers": ("services.loadbalancers", "services"),
}
_COUNTED: Final = ("accelerators", "pods", "services")

_RESERVED: Final = "kube-"
"""How the namespaces of Kubernetes itself begin: kubernetes.io, "Namespaces", read 2026-11."""


class PodSecurity(StrEnum):
    """Pod Security Standard that the namespace enforces."""

    RESTRICTED = "restricted"
    BASELINE = "baseline"
    PRIVILEGED = "privileged"


class TenantQuota(TypedDict):
    """What all pods of a tenant may use together."""

    cpu: NotRequired[str]
    """Cores requested in all. Default: no bound."""

    memory: NotRequired[str]
    """Memory requested in all, such as `2Ti`. Default: no bound."""

    storage: NotRequired[str]
    """Storage claimed in all, such as `10Ti`. Default: no bound."""

    gpus: NotRequired[str]
    """NVIDIA GPUs requested in all. Default: no bound."""

    pods: NotRequired[str]
    """Pods in all. Default: no bound."""

    load_balancers: NotRequired[str]
    """Services of type LoadBalancer in all. Default: no bound."""


class ContainerDefaults(TypedDict):
    """Resources of a container that names none."""

    cpu: NotRequired[str]
    """Cores requested. Default: `100m`."""

    memory: NotRequired[str]
    """Memory requested and at most. Default: `256Mi`."""


class TenancyArgs(TypedDict):
    """Inputs of `Tenancy`."""

    namespace: NotRequired[str]
    """Name of the namespace. Default: the component's name."""

    pod_security: NotRequired[PodSecurity]
    """Pod Security Standard that is enforced. Default: `restricted`."""

    quota: NotRequired[TenantQuota]
    """Bounds for the tenant as a whole. Default: none."""

    container_defaults: NotRequired[ContainerDefaults]
    """Resources of containers that name none. Default: 100m cores and 256Mi."""

    isolate_pods: NotRequired[bool]
    """Whether even pods of this tenant may not reach each other. Default: false, since the workers of a training
    job must."""

    ingress_namespaces: NotRequired[list[str]]
    """Namespaces whose pods may reach this tenant's, such as that of a gateway or of Prometheus. Default: none."""

    egress_cidrs: NotRequired[list[str]]
    """Networks that this tenant's pods may reach, such as `10.0.0.0/8` for storage. Default: none."""

    egress_ports: NotRequired[list[int]]
    """TCP ports of `egress_cidrs` that they may reach, such as 443 for AWS and registries of models. 1 to 65,535.
    Default: every port, of every protocol."""

    pod_identity: NotRequired[bool]
    """Whether pods may reach the agent of EKS Pod Identity on their node, which hands them AWS credentials. Default:
    false."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TenancyPlan:
    """A tenancy with every default applied."""

    namespace: str
    pod_security: PodSecurity
    hard: Mapping[str, str]
    default_cpu: str
    default_memory: str
    isolate_pods: bool
    ingress_namespaces: Sequence[str]
    egress_cidrs: Sequence[str]
    egress_ports: Sequence[int]
    pod_identity: bool


def plan_tenancy(args: TenancyArgs, name: str = "tenancy") -> TenancyPlan:
    """Check the inputs of the tenancy called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, TenancyArgs):
        problems.raise_if_any("Tenancy")
    namespace = args.get("namespace", name)
    place = "namespace" if "namespace" in args else "name"
    check_name(problems, place, namespace)
    if namespace == "default" or namespace.startswith(_RESERVED):
        problems.add(place, f"'{namespace}' is the cluster's own, which denying traffic would stop; give another")
    pod_security = args.get("pod_security", PodSecurity.RESTRICTED)
    problems.choice("podSecurity", pod_security, [standard.value for standard in PodSecurity])
    quota = cast(Mapping[str, str], args.get("quota", TenantQuota()))
    hard: dict[str, str] = {}
    for key, (resource, unit) in _QUOTA_RESOURCES.items():
        if key in quota:
            hard[resource] = str(quota[key])
            value = check_quantity(problems, f"quota.{camel_case(key)}", hard[resource], unit=unit)
            if unit in _COUNTED and value is not None and value != value.to_integral_value():
                problems.add(f"quota.{camel_case(key)}", f"'{hard[resource]}' is no whole number of {unit}; round it")
    defaults = args.get("container_defaults", ContainerDefaults())
    default_cpu, default_memory = defaults.get("cpu", "100m"), defaults.get("memory", "256Mi")
    check_quantity(problems, "containerDefaults.cpu", default_cpu, unit="cores")
    check_quantity(problems, "containerDefaults.memory", default_memory, unit="bytes")
    for index, cidr in enumerate(args.get("egress_cidrs", [])):
        _check_cidr(problems, f"egressCidrs[{index}]", cidr)
    ports = [check_port(problems, f"egressPorts[{i}]", port) for i, port in enumerate(args.get("egress_ports", []))]
    if ports and not args.get("egress_cidrs"):
        problems.add("egressPorts", "opens nothing by itself; give egressCidrs, or leave it out")
    for index, other in enumerate(args.get("ingress_namespaces", [])):
        check_name(problems, f"ingressNamespaces[{index}]", other)
    problems.raise_if_any("Tenancy")
    return TenancyPlan(
        namespace=namespace,
        pod_security=PodSecurity(pod_security),
        hard=hard,
        default_cpu=default_cpu,
        default_memory=default_memory,
        isolate_pods=args.get("isolate_pods", False),
        ingress_namespaces=sorted(args.get("ingress_namespaces", [])),
        egress_cidrs=sorted(args.get("egress_cidrs", [])),
        egress_ports=sorted(set(ports)),
        pod_identity=args.get("pod_identity", False),
    )


class Tenancy(pulumi.ComponentResource):
    """A namespace with Pod Security, quota, default limits, default-deny network policies and a service account.

    The service account has no token. Pods may ask the cluster's DNS, reach each other, and nothing else until it is
    opened: workloads open their own ports.

    Example: `Tenancy("research", {"quota": {"gpus": "64"}})`
    """

    namespace: pulumi.Output[str]
    """Name of the namespace."""

    service_account: pulumi.Output[str]
    """Name of the service account that workloads run as."""

    def __init__(self, name: str, args: TenancyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("Tenancy", name, partial(plan_tenancy, name=name), args)
        super().__init__("aidc:index:Tenancy", name, recorded(args), opts)
        namespace = plan.namespace
        labels = object_labels(name, _COMPONENT)
        space = KubernetesObject(name, _namespace(namespace, plan, labels), pulumi.ResourceOptions(parent=self))
        # Not `deleted_with`: where a protected claim keeps the namespace, a destroy would only forget these objects.
        inside = pulumi.ResourceOptions(parent=self, depends_on=[space])
        account = KubernetesObject(f"{name}-workload", _service_account(namespace, labels), inside)
        if plan.hard:
            KubernetesObject(f"{name}-quota", _quota(namespace, plan, labels), inside)
        KubernetesObject(f"{name}-limits", _limits(namespace, plan, labels), inside)
        for policy in _network_policies(namespace, plan, labels):
            KubernetesObject(f"{name}-{policy['metadata']['name']}", policy, inside)
        self.namespace = space.object_name
        self.service_account = account.object_name
        self.register_outputs({"namespace": self.namespace, "service_account": self.service_account})


def _namespace(name: str, plan: TenancyPlan, labels: Mapping[str, str]) -> dict[str, Any]:
    standards = {f"pod-security.kubernetes.io/{mode}": str(plan.pod_security) for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {**labels, **standards}}}


def _service_account(namespace: str, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "workload", "namespace": namespace, "labels": labels},
        "automountServiceAccountToken": False,
    }


def _quota(namespace: str, plan: TenancyPlan, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "tenant", "namespace": namespace, "labels": labels},
        "spec": {"hard": dict(plan.hard)},
    }


def _limits(namespace: str, plan: TenancyPlan, labels: Mapping[str, str]) -> dict[str, Any]:
    container = {
        "type": "Container",
        "defaultRequest": {"cpu": plan.default_cpu, "memory": plan.default_memory},
        "default": {"memory": plan.default_memory},
    }
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "defaults", "namespace": namespace, "labels": labels},
        "spec": {"limits": [container]},
    }


def _network_policies(namespace: str, plan: TenancyPlan, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    specs: dict[str, dict[str, Any]] = {
        "default-deny": {"policyTypes": ["Ingress", "Egress"]},
        "allow-dns": {"policyTypes": ["Egress"], "egress": [to_cluster_dns()]},
    }
    if not plan.isolate_pods:
        same = [neighbours()]
        specs["allow-tenant"] = {
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": same}],
            "egress": [{"to": same}],
        }
    if plan.ingress_namespaces:
        sources = [all_pods_of(other) for other in plan.ingress_namespaces]
        specs["allow-ingress"] = {"policyTypes": ["Ingress"], "ingress": [{"from": sources}]}
    if plan.pod_identity:
        agent = {"to": [{"ipBlock": {"cidr": _AGENT}}], "ports": tcp(80)}
        specs["allow-pod-identity"] = {"policyTypes": ["Egress"], "egress": [agent]}
    if plan.egress_cidrs:
        networks = [{"ipBlock": {"cidr": cidr}} for cidr in plan.egress_cidrs]
        rule: dict[str, Any] = {"to": networks}
        if plan.egress_ports:
            rule["ports"] = tcp(*plan.egress_ports)
        specs["allow-egress"] = {"policyTypes": ["Egress"], "egress": [rule]}
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"podSelector": {}, **spec},
        }
        for name, spec in specs.items()
    ]


def _check_cidr(problems: Problems, path: str, cidr: str) -> None:
    try:
        ipaddress.ip_network(cidr)
    except ValueError:
        problems.add(path, f"'{cidr}' is not a network; write it like 10.0.0.0/8, without host bits")
