"""Taking a snapshot of a cluster."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..evaluation.quantities import quantity
from .client import Client
from .families import Families, gpus, is_accelerator, key_of
from .nodes import PRICE_LABEL
from .objects import Object, condition, entries, is_true, labels, name, namespace, owner, spec, status, table
from .readiness import Surroundings, verdict
from .snapshot import (
    AutoscalerView,
    ClaimView,
    MetricView,
    NodeView,
    PodView,
    PolicyView,
    ServiceView,
    Snapshot,
    Totals,
    WorkloadView,
)

_WORKLOADS = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("jobset.x-k8s.io/v1alpha2", "JobSet"),
    ("trainer.kubeflow.org/v1alpha1", "TrainJob"),
)
_BATCH = frozenset({"Job", "JobSet", "TrainJob"})


def observe(client: Client, cluster: str, environment: str, kubeconfig: Path, programs: Mapping[str, bool]) -> Snapshot:
    """Read the cluster once and return what runs where."""
    pods = client.list("v1", "Pod")
    families = Families.read(client, pods)
    nodes = sorted((node_view(node, pods) for node in client.list("v1", "Node")), key=_node_order)
    around = Surroundings.read(client)
    hosts = {node.name: node for node in nodes}
    workloads = [
        workload_view(thing, families, hosts, around)
        for version, kind in _WORKLOADS
        for thing in client.list(version, kind)
        if not owner(thing)[0]
    ]
    return Snapshot(
        cluster=cluster,
        environment=environment,
        server=client.server,
        kubeconfig=str(kubeconfig),
        programs=dict(programs),
        totals=_totals(nodes, pods),
        nodes=tuple(nodes),
        workloads=tuple(sorted(workloads, key=lambda view: (view.namespace, view.kind, view.name))),
        pods=tuple(pod_view(pod, families) for pod in pods),
        services=tuple(service_view(thing) for thing in _own(client.list("v1", "Service"))),
        autoscalers=tuple(autoscaler_view(thing) for thing in client.list("autoscaling/v2", "HorizontalPodAutoscaler")),
        claims=tuple(claim_view(thing) for thing in client.list("v1", "PersistentVolumeClaim")),
        network_policies=tuple(policy_view(thing) for thing in client.list("networking.k8s.io/v1", "NetworkPolicy")),
    )


def node_view(node: Object, pods: Iterable[Object]) -> NodeView:
    """Return the view of one node."""
    tags, allocatable = labels(node), table(status(node).get("allocatable"))
    here = [pod for pod in pods if spec(pod).get("nodeName") == name(node)]
    holding = [pod for pod in here if status(pod).get("phase") not in ("Succeeded", "Failed")]
    requests = [requested(pod) for pod in holding]
    price = tags.get(PRICE_LABEL)
    return NodeView(
        name=name(node),
        host=tags.get("kubernetes.io/hostname", name(node)),
        pool=tags.get("karpenter.sh/nodepool") or tags.get("aidc.dev/node-pool") or tags.get("aidc.dev/pool", ""),
        instance_type=tags.get("node.kubernetes.io/instance-type", ""),
        zone=tags.get("topology.kubernetes.io/zone", ""),
        capacity_type=tags.get("karpenter.sh/capacity-type", ""),
        ready=is_true(node, "Ready"),
        cpus=float(quantity(str(allocatable.get("cpu", "0")))),
        cpus_requested=round(sum(request.get("cpu", 0.0) for request in requests), 3),
        gpus=gpus(allocatable),
        gpus_used=int(sum(amount for request in requests for key, amount in request.items() if is_accelerator(key))),
        cost_per_hour=float(price) if price else None,
        pods=tuple(sorted(f"{namespace(pod)}/{name(pod)}" for pod in here)),
    )


def requested(pod: Object) -> Mapping[str, float]:
    """Return what the containers of a pod request, summed (init containers run before, and are left out)."""
    total: dict[str, float] = {}
    for container in entries(spec(pod).get("containers")):
        for key, amount in table(table(container.get("resources")).get("requests")).items():
            total[key] = total.get(key, 0.0) + float(quantity(str(amount)))
    return total


def workload_view(
    thing: Object, families: Families, nodes: Mapping[str, NodeView], around: Surroundings
) -> WorkloadView:
    """Return the view of one workload."""
    pods = families.pods_of(key_of(thing))
    found = verdict(thing, around)
    ready = [pod for pod in pods if is_true(pod, "Ready") or status(pod).get("phase") == "Succeeded"]
    at = sorted({str(spec(pod)["nodeName"]) for pod in pods if spec(pod).get("nodeName")})
    here = [nodes[node] for node in at if node in nodes]
    return WorkloadView(
        namespace=namespace(thing),
        kind=thing["kind"],
        name=name(thing),
        ready=len(ready),
        wanted=_wanted(thing, families, len(pods)),
        gpus=int(sum(amount for pod in pods for key, amount in requested(pod).items() if is_accelerator(key))),
        state=found.state.value,
        detail=found.detail,
        nodes=tuple(node.host for node in here),
        instance_types=tuple(sorted({node.instance_type for node in here})),
    )


def pod_view(pod: Object, families: Families) -> PodView:
    """Return the view of one pod."""
    return PodView(
        namespace=namespace(pod),
        name=name(pod),
        phase=str(status(pod).get("phase", "Pending")),
        node=str(spec(pod).get("nodeName") or ""),
        workload=families.root(pod).name,
    )


def _wanted(thing: Object, families: Families, pods: int) -> int:
    if thing["kind"] in _BATCH:
        jobs = [
            job
            for job in (thing, *families.between)
            if job["kind"] == "Job" and key_of(thing) in families.line(key_of(job))
        ]
        unique = {key_of(job): int(spec(job).get("parallelism", 1)) for job in jobs}
        return sum(unique.values()) if unique else pods
    if thing["kind"] == "DaemonSet":
        return int(status(thing).get("desiredNumberScheduled") or 0)
    return int(spec(thing).get("replicas", 1))


def service_view(thing: Object) -> ServiceView:
    """Return the view of one Service."""
    ingress = entries(table(status(thing).get("loadBalancer")).get("ingress"))
    public = ", ".join(str(entry.get("ip") or entry.get("hostname")) for entry in ingress)
    return ServiceView(
        namespace=namespace(thing),
        name=name(thing),
        type=spec(thing).get("type", "ClusterIP"),
        address=public or str(spec(thing).get("clusterIP") or spec(thing).get("externalName") or ""),
        ports=tuple(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in entries(spec(thing).get("ports"))),
    )


def autoscaler_view(thing: Object) -> AutoscalerView:
    """Return the view of one HPA."""
    now, target = status(thing), spec(thing)["scaleTargetRef"]
    # A metric that could not be read is there with an empty type.
    read = [entry for entry in entries(now.get("currentMetrics")) if entry.get("type")]
    current = dict(_metric(entry) for entry in read)
    wanted = dict(_metric(entry) for entry in entries(spec(thing).get("metrics")))
    active = condition(thing, "ScalingActive")
    return AutoscalerView(
        namespace=namespace(thing),
        name=name(thing),
        target=f"{target['kind']}/{target['name']}",
        metrics=tuple(
            MetricView(name=key, current=current.get(key, "unknown"), target=value) for key, value in wanted.items()
        ),
        replicas=int(now.get("currentReplicas") or 0),
        desired=int(now.get("desiredReplicas") or 0),
        minimum=int(spec(thing).get("minReplicas", 1)),
        maximum=int(spec(thing)["maxReplicas"]),
        active=active.get("status") == "True",
        detail=str(active.get("message", "")),
    )


def _metric(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return name and value of one metric, of an HPA's specification or of its status."""
    kind = str(entry["type"])
    body = entry[kind[:1].lower() + kind[1:]]
    label = body.get("name") or table(body.get("metric")).get("name", kind)
    value = body.get("current") or table(body.get("target"))
    if (percent := value.get("averageUtilization")) is not None:
        return label, f"{percent}%"
    return label, str(value.get("averageValue") or value.get("value") or "unknown")


def claim_view(thing: Object) -> ClaimView:
    """Return the view of one claim."""
    size = table(status(thing).get("capacity")).get("storage")
    asked = table(table(spec(thing).get("resources")).get("requests")).get("storage", "")
    return ClaimView(
        namespace=namespace(thing),
        name=name(thing),
        phase=str(status(thing).get("phase", "Pending")),
        storage_class=str(spec(thing).get("storageClassName") or ""),
        size=str(size or asked),
        access_modes=tuple(entries(spec(thing).get("accessModes"))),
    )


def policy_view(thing: Object) -> PolicyView:
    """Return the view of one network policy."""
    wanted = spec(thing)
    return PolicyView(
        namespace=namespace(thing),
        name=name(thing),
        types=tuple(wanted.get("policyTypes") or ("Ingress",)),
        denies_by_default=not any(wanted.get(key) for key in ("podSelector", "ingress", "egress")),
    )


def _own(services: Iterable[Object]) -> list[Object]:
    """Return the Services that are not the control plane's own."""
    return [thing for thing in services if name(thing) != "kubernetes" and spec(thing).get("type") != "ExternalName"]


def _node_order(node: NodeView) -> tuple[bool, str, str, list[tuple[int, str]]]:
    # gpu-2 before gpu-10.
    parts = [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", node.host)]
    return node.pool == "system", node.pool, node.instance_type, parts


def _totals(nodes: Iterable[NodeView], pods: Iterable[Object]) -> Totals:
    nodes, phases = list(nodes), [str(status(pod).get("phase")) for pod in pods]
    return Totals(
        nodes=len(nodes),
        pods=len(phases),
        pods_running=phases.count("Running"),
        pods_pending=phases.count("Pending"),
        gpus=sum(node.gpus for node in nodes),
        gpus_used=sum(node.gpus_used for node in nodes),
        cost_per_hour=round(sum(node.cost_per_hour or 0.0 for node in nodes), 4),
        nodes_without_price=sum(node.cost_per_hour is None for node in nodes),
    )
