"""A whole data center from its settings."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from ..components.compute import CpuNodePool, GpuNodePool, KwokNodeClass, NodeScaling
from ..components.inference import Microservice
from ..components.storage import DatasetVolume, ObjectStore, SharedFilesystem
from ..components.tenancy import Tenancy
from ..components.training import TrainingJob
from ..infra.arguments import planned
from ..infra.cluster import Platform, kubernetes_provider
from ..infra.kubernetes import KubernetesObject
from ..infra.labels import object_labels
from .composition import DEFAULT_REGION, Composition, plan_data_center
from .data_center_args import DataCenterArgs
from .served_model import create_served_model

_NODE_CLASS = "default"


class DataCenter(pulumi.ComponentResource):
    """Node pools, tenants, storage and workloads on one Kubernetes cluster, composed from settings.

    What depends on what is said once, here: workloads after their tenant, their claims and their pool; nodes after
    their node class. A deletion runs the other way round.

    Example: `DataCenter("data-center", load_settings())`
    """

    namespaces: pulumi.Output[list[str]]
    """Namespaces of the tenants, sorted."""

    urls: pulumi.Output[Mapping[str, str]]
    """Addresses of the inference services inside the cluster, by name."""

    def __init__(self, name: str, args: DataCenterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        composition = planned("DataCenter", name, plan_data_center, args)
        super().__init__(
            "aidc:index:DataCenter",
            name,
            {"platform": str(composition.platform), "region": args.get("region", DEFAULT_REGION)},
            opts,
        )
        provider = self._cluster(name, composition, args)
        self._composition = composition
        self._inside = pulumi.ResourceOptions(parent=self, provider=provider)
        self._priority_classes = self._make_priority_classes()
        self._pools = self._make_pools()
        self._tenants = {
            key: Tenancy(key, cast(Any, each), self._inside) for key, each in composition.section("tenants").items()
        }
        self._volumes = self._make_volumes()
        self._make_warm_capacity()
        self._make_training_jobs()
        models = self._make_inference_services()
        self._make_microservices()
        self.namespaces = pulumi.Output.all(*(tenant.namespace for tenant in self._tenants.values())).apply(sorted)
        self.urls = pulumi.Output.all(**{key: model.url for key, model in models.items()})
        self.register_outputs({"namespaces": self.namespaces, "urls": self.urls})

    def _cluster(self, name: str, composition: Composition, args: DataCenterArgs) -> pulumi.ProviderResource:
        """Return the caller's provider where there is one, else that of the settings' kubeconfig."""
        given = self.get_provider("kubernetes::")
        if given is not None and "kubeconfig" not in args:
            return given
        is_simulated = composition.platform is Platform.SIMULATED
        kubeconfig = args.get("kubeconfig")
        if kubeconfig is None and is_simulated:
            from ..controlplane.state import State

            kubeconfig = str(State(pulumi.get_stack()).kubeconfig)
        return kubernetes_provider(
            f"{name}-cluster",
            kubeconfig=kubeconfig,
            context=args.get("kube_context"),
            is_simulated=is_simulated,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_priority_classes(self) -> dict[str, KubernetesObject]:
        return {
            key: KubernetesObject(key, _priority_class(key, args), self._inside)
            for key, args in self._composition.section("priority_classes").items()
        }

    def _make_pools(self) -> dict[str, GpuNodePool | CpuNodePool]:
        gpu, cpu = self._composition.section("gpu_node_pools"), self._composition.section("cpu_node_pools")
        more: dict[str, Any] = {}
        if self._composition.platform is Platform.SIMULATED and (gpu or cpu):
            more["node_class"] = KwokNodeClass(_NODE_CLASS, {}, self._inside).node_class
        made: dict[str, GpuNodePool | CpuNodePool] = {}
        for key, args in gpu.items():
            made[key] = GpuNodePool(key, cast(Any, {**args, **more}), self._inside)
        for key, args in cpu.items():
            made[key] = CpuNodePool(key, cast(Any, {**args, **more}), self._inside)
        return made

    def _make_volumes(self) -> dict[tuple[str, str], SharedFilesystem | DatasetVolume]:
        kinds = {"shared_filesystems": SharedFilesystem, "dataset_volumes": DatasetVolume}
        volumes = {
            (family, key): kind(key, cast(Any, self._in_tenant(args)), self._inside)
            for family, kind in kinds.items()
            for key, args in self._composition.section(family).items()
        }
        for key, args in self._composition.section("object_stores").items():
            ObjectStore(key, cast(Any, self._in_tenant(args)), self._inside)
        return volumes

    def _make_warm_capacity(self) -> None:
        for key, args in self._composition.section("warm_capacity").items():
            NodeScaling(key, cast(Any, self._resolved(args)), self._after_tenant(args))

    def _make_training_jobs(self) -> None:
        for key, args in self._composition.section("training_jobs").items():
            TrainingJob(key, cast(Any, self._resolved(args)), self._after_tenant(args))

    def _make_inference_services(self) -> dict[str, Any]:
        return {
            key: create_served_model(
                key, {**args, "service": self._resolved(args["service"])}, self._after_tenant(args["service"])
            )
            for key, args in self._composition.section("inference_services").items()
        }

    def _make_microservices(self) -> None:
        for key, args in self._composition.section("microservices").items():
            Microservice(key, cast(Any, self._resolved(args)), self._after_tenant(args))

    def _in_tenant(self, args: Mapping[str, Any]) -> dict[str, Any]:
        tenant = self._tenants[self._composition.namespaces[args["namespace"]]]
        return {**args, "namespace": tenant.namespace}

    def _after_tenant(self, args: Mapping[str, Any]) -> pulumi.ResourceOptions:
        """Wait for all of the tenant: no pod before the policies that isolate it."""
        tenant = self._tenants[self._composition.namespaces[args["namespace"]]]
        return pulumi.ResourceOptions.merge(self._inside, pulumi.ResourceOptions(depends_on=[tenant]))

    def _resolved(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return a workload's inputs with names replaced by the outputs of what they name."""
        resolved = self._in_tenant(args)
        if args.get("node_pool") in self._pools:
            resolved["node_pool"] = self._pools[args["node_pool"]].pool_name
        if args.get("priority_class") in self._priority_classes:
            resolved["priority_class"] = self._priority_classes[args["priority_class"]].object_name
        if args.get("mounts"):
            resolved["mounts"] = [
                {**mount, "claim": self._claim(args["namespace"], mount["claim"])} for mount in args["mounts"]
            ]
        return resolved

    def _claim(self, namespace: str, claim: str) -> pulumi.Output[str]:
        return self._volumes[self._composition.claims[namespace, claim]].claim


def _priority_class(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name, "labels": object_labels(name, "priority-class")},
        "value": int(args["value"]),
        "preemptionPolicy": "PreemptLowerPriority" if args.get("preempts", True) else "Never",
        "description": args.get("description", ""),
    }
