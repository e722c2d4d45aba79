"""What workloads refer to by name, once it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from ..components.compute import CpuNodePool, GpuNodePool
from ..components.storage import DatasetVolume, SharedFilesystem
from ..components.tenancy import Tenancy
from ..infra.identity import WorkloadIdentity
from ..infra.kubernetes import KubernetesObject
from ..infra.registry import WorkloadImage
from .composition import Composition

_SERVICE_ACCOUNT: Final = "workload"
"""That of a Tenancy, which workloads have unless they say otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """What a workload finds beside it in the same stack; what a layer beneath has made is known by its name alone."""

    composition: Composition
    inside: pulumi.ResourceOptions
    """Options of whatever is in the cluster."""

    tenants: Mapping[str, Tenancy]
    priority_classes: Mapping[str, KubernetesObject]
    pools: Mapping[str, GpuNodePool | CpuNodePool]
    volumes: Mapping[tuple[str, str], SharedFilesystem | DatasetVolume] = field(default_factory=dict[Any, Any])
    """By family, then by name."""

    images: Mapping[str, WorkloadImage] = field(default_factory=dict[Any, Any])
    """By name."""

    identities: Mapping[tuple[str, str], WorkloadIdentity] = field(default_factory=dict[Any, Any])
    """By namespace and service account."""

    def in_tenant(self, args: Mapping[str, Any]) -> Any:
        """Return inputs with their namespace as the tenant gives it."""
        return {**args, "namespace": self._tenant(args).namespace}

    def resolved(self, args: Mapping[str, Any]) -> Any:
        """Return a workload's inputs with names replaced by the outputs of what they name."""
        resolved = self._placed(self.in_tenant(args))
        if args.get("mounts"):
            resolved["mounts"] = [
                {**mount, "claim": self._claim(args["namespace"], mount["claim"])} for mount in args["mounts"]
            ]
        return resolved

    def resolved_model(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return a served model's inputs with the names in its service and in its predictive autoscaler replaced."""
        resolved = {**args, "service": self.resolved(args["service"])}
        if "predictive_scaling" in args:
            resolved["predictive_scaling"] = self._placed(args["predictive_scaling"])
        return resolved

    def after_tenant(self, args: Mapping[str, Any]) -> pulumi.ResourceOptions:
        """Wait for the tenant, since no pod comes before the policies that isolate it, and for the role of the pods."""
        needs: list[pulumi.Resource] = [self._tenant(args)]
        identity = self.identities.get((args["namespace"], args.get("service_account", _SERVICE_ACCOUNT)))
        if identity is not None:
            needs.append(identity)
        return pulumi.ResourceOptions.merge(self.inside, pulumi.ResourceOptions(depends_on=needs))

    def _placed(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return inputs with what is said of where pods run, and of which image, as outputs."""
        placed = dict(args)
        if args.get("node_pool") in self.pools:
            placed["node_pool"] = self.pools[args["node_pool"]].pool_name
        if args.get("priority_class") in self.priority_classes:
            placed["priority_class"] = self.priority_classes[args["priority_class"]].object_name
        if args.get("image") in self.images:
            placed["image"] = self.images[args["image"]].reference
        return placed

    def _tenant(self, args: Mapping[str, Any]) -> Tenancy:
        return self.tenants[self.composition.namespaces[args["namespace"]]]

    def _claim(self, namespace: str, claim: str) -> pulumi.Output[str]:
        return self.volumes[self.composition.claims[namespace, claim]].claim
