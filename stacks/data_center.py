"""A whole data center from its settings."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pulumi

from ..components.compute import CpuNodePool, GpuNodePool, KwokNodeClass, NodeScaling
from ..components.inference import Microservice
from ..components.network import Certificate, WebFirewall
from ..components.preprocessing import PreprocessingJob
from ..components.storage import DatasetVolume, ObjectStore, SharedFilesystem
from ..components.tenancy import Tenancy
from ..components.training import TrainingJob
from ..infra.arguments import planned
from ..infra.cluster import Platform, kubernetes_provider
from ..infra.kubernetes import KubernetesObject
from ..infra.labels import object_labels
from ..infra.registry import WorkloadImage
from ..infra.security import SecretStore
from .aws_layers import (
    cluster_facts,
    connect,
    create_aws_provider,
    create_cluster,
    create_controllers,
    create_copies,
    create_foundation,
    create_node_classes,
    tags_of,
)
from .bucket_access import create_bucket_access, without_grants
from .cluster_settings import cluster_settings
from .composition import DEFAULT_REGION, Composition, plan_data_center
from .data_center_args import DataCenterArgs
from .families import FAMILIES
from .filling import filled
from .images import repositories_of
from .layer import Layer
from .neighbours import Neighbours
from .served_model import create_served_model
from .surroundings import Surroundings, beneath

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

    exports: Mapping[str, pulumi.Output[Any]]
    """What the stack tells people and the stacks above it, by name."""

    def __init__(self, name: str, args: DataCenterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = partial(plan_data_center, environment=_environment(args))
        composition = planned("DataCenter", name, plan, args)
        super().__init__(
            "aidc:index:DataCenter",
            name,
            {"platform": str(composition.platform), "region": args.get("region", DEFAULT_REGION)},
            opts,
        )
        self._composition = composition
        self._controllers: dict[str, pulumi.Resource] = {}
        self._around: Surroundings | None = None
        exported: dict[str, Any] = {}
        if composition.platform is Platform.AWS:
            self._around, exported = self._make_lower_layers(name, args)
        else:
            provider = self._cluster(name, composition, args)
            self._inside = pulumi.ResourceOptions(parent=self, provider=provider)
        if Layer.PLATFORM in composition.layers:
            self._priority_classes = self._make_priority_classes()
            self._pools = self._make_pools()
        else:
            self._priority_classes, self._pools = {}, {}
        if Layer.WORKLOADS in composition.layers:
            exported |= self._make_workloads()
        self.namespaces = exported.get("namespaces", pulumi.Output.from_input(list[str]()))
        self.urls = exported.get("urls", pulumi.Output.from_input(dict[str, str]()))
        self.exports = {key: pulumi.Output.from_input(value) for key, value in exported.items()}
        self.register_outputs({"namespaces": self.namespaces, "urls": self.urls})

    def _make_lower_layers(self, name: str, args: DataCenterArgs) -> tuple[Surroundings, dict[str, Any]]:
        """Make the foundation and the platform of AWS, or refer to them; return what is around the workloads."""
        composition = self._composition
        own = pulumi.ResourceOptions(parent=self)
        provider = self.get_provider("aws::") or create_aws_provider(f"{name}-aws", composition, args, own)
        inside = pulumi.ResourceOptions(parent=self, providers=[provider])
        around = Surroundings(
            environment=composition.environment,
            region=composition.region,
            zones=sorted(args.get("zones", [])),
            tags=tags_of(composition, args),
            managed_addons=composition.managed_addons,
            **cluster_settings(args, composition.region),
        )
        cluster = None
        if Layer.FOUNDATION in composition.layers:
            around = create_foundation(composition, around, inside)
        else:
            is_on_platform = Layer.PLATFORM not in composition.layers
            around = beneath(args.get("beneath", ""), around, has_cluster=is_on_platform, parent=self)
        if Layer.PLATFORM in composition.layers:
            cluster = create_cluster(composition, around, inside)
            around = replace(around, cluster=cluster_facts(cluster))
        if around.cluster is not None:
            kubernetes = connect(f"{name}-cluster", around.cluster, cluster, own)
            inside = pulumi.ResourceOptions(parent=self, providers=[provider, kubernetes])
        self._inside = inside
        if cluster is not None:
            self._controllers = create_controllers(composition, around, cluster, inside)
        return around, around.exports()

    def _make_workloads(self) -> dict[str, Any]:
        section, after = self._composition.section("tenants"), self._after("cluster_addons")
        tenants = {key: Tenancy(key, self._filled("tenants", each), after) for key, each in section.items()}
        near = Neighbours(
            composition=self._composition,
            inside=self._inside,
            tenants=tenants,
            priority_classes=self._priority_classes,
            pools=self._pools,
        )
        named = self._make_named(tenants.values())
        near = self._make_volumes(replace(near, images=self._make_images()))
        self._make_warm_capacity(near)
        self._make_preprocessing_jobs(near)
        self._make_training_jobs(near)
        models = self._make_inference_services(near)
        self._make_microservices(near)
        return {
            **named,
            "namespaces": pulumi.Output.all(*(tenant.namespace for tenant in tenants.values())).apply(sorted),
            "urls": pulumi.Output.all(**{key: model.url for key, model in models.items()}),
        }

    def _make_named(self, tenants: Collection[Tenancy]) -> dict[str, Any]:
        """Make what load balancers refer to by name, and secrets; return what people need to know of them."""
        if self._around is None:
            return {}
        inside = self._inside
        certificates = {
            key: Certificate(key, self._filled("certificates", args), inside)
            for key, args in self._composition.section("certificates").items()
        }
        arns = {key: certificate.certificate_arn for key, certificate in certificates.items()}
        firewalls = {
            key: WebFirewall(key, self._filled("web_firewalls", args), inside).web_acl_arn
            for key, args in self._composition.section("web_firewalls").items()
        }
        for key, args in self._composition.section("secret_stores").items():
            after = pulumi.ResourceOptions(depends_on=list(tenants))
            after = pulumi.ResourceOptions.merge(self._after("cluster_addons"), after)
            SecretStore(key, self._filled("secret_stores", args), after)
        self._around = replace(self._around, named={"certificates": arns, "web_firewalls": firewalls})
        records = {key: certificate.validation_records for key, certificate in certificates.items()}
        return {"certificateRecords": records} if records else {}

    def _make_images(self) -> dict[str, WorkloadImage]:
        """Build what workloads name as their image."""
        section = self._composition.section("images")
        if self._around is not None and section:
            repositories = repositories_of(section, self._around.repositories)
            self._around = replace(self._around, named={**self._around.named, "repositories": repositories})
        return {key: WorkloadImage(key, self._filled("images", args), self._inside) for key, args in section.items()}

    def _filled(self, family: str, args: Mapping[str, Any]) -> Any:
        """Return a component's inputs with what the data center knows of its surroundings."""
        return args if self._around is None else filled(args, FAMILIES[family].args, self._around)

    def _after(self, family: str) -> pulumi.ResourceOptions:
        """Wait for the controllers of a family, where this stack makes them."""
        controller = self._controllers.get(family)
        needs = pulumi.ResourceOptions(depends_on=[] if controller is None else [controller])
        return pulumi.ResourceOptions.merge(self._inside, needs)

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
        after, classes = self._after("karpenter"), dict[str, pulumi.Output[str]]()
        if self._around is not None:
            classes = create_node_classes(self._composition, self._around, after)
        made: dict[str, GpuNodePool | CpuNodePool] = {}
        for family, kind in (("gpu_node_pools", GpuNodePool), ("cpu_node_pools", CpuNodePool)):
            for key, args in self._composition.section(family).items():
                named = {"node_class": classes[args["node_class"]]} if args.get("node_class") in classes else {}
                made[key] = kind(key, self._filled(family, {**args, **more, **named}), after)
        return made

    def _make_volumes(self, near: Neighbours) -> Neighbours:
        """Make buckets, and claims that pods mount; return them beside the others."""
        section = self._composition.section("object_stores")
        wanted = {key: self._filled("object_stores", args) for key, args in section.items()}
        stores = {
            key: ObjectStore(key, near.in_tenant(without_grants(args)), self._inside) for key, args in wanted.items()
        }
        if self._around is not None:
            buckets = {key: store.bucket for key, store in stores.items()}
            self._around = replace(self._around, named={**self._around.named, "object_stores": buckets})
            arns = {key: store.bucket_arn for key, store in stores.items()}
            create_copies(self._composition, self._around, arns, self._inside, self._after("cluster_addons"))
        kinds = {"shared_filesystems": SharedFilesystem, "dataset_volumes": DatasetVolume}
        volumes = {
            (family, key): kind(key, near.in_tenant(self._filled(family, args)), self._inside)
            for family, kind in kinds.items()
            for key, args in self._composition.section(family).items()
        }
        return replace(near, volumes=volumes, identities=create_bucket_access(wanted, stores, self._inside))

    def _make_warm_capacity(self, near: Neighbours) -> None:
        for key, args in self._composition.section("warm_capacity").items():
            NodeScaling(key, near.resolved(args), near.after_tenant(args))

    def _make_preprocessing_jobs(self, near: Neighbours) -> None:
        for key, args in self._composition.section("preprocessing_jobs").items():
            PreprocessingJob(key, near.resolved(self._filled("preprocessing_jobs", args)), near.after_tenant(args))

    def _make_training_jobs(self, near: Neighbours) -> None:
        for key, args in self._composition.section("training_jobs").items():
            TrainingJob(key, near.resolved(self._filled("training_jobs", args)), near.after_tenant(args))

    def _make_inference_services(self, near: Neighbours) -> dict[str, Any]:
        return {
            key: create_served_model(
                key,
                self._filled("inference_services", near.resolved_model(args)),
                near.after_tenant(args["service"]),
            )
            for key, args in self._composition.section("inference_services").items()
        }

    def _make_microservices(self, near: Neighbours) -> None:
        for key, args in self._composition.section("microservices").items():
            Microservice(key, near.resolved(self._filled("microservices", args)), near.after_tenant(args))


def _environment(args: DataCenterArgs) -> str:
    """Return the name of the environment that a stack belongs to by its own name: `prod` for `prod-platform`."""
    return pulumi.get_stack().removesuffix(f"-{args.get('layer', '')}")


def _priority_class(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name, "labels": object_labels(name, "priority-class")},
        "value": int(args["value"]),
        "preemptionPolicy": "PreemptLowerPriority" if args.get("preempts", True) else "Never",
        "description": args.get("description", ""),
    }
