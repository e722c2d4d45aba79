"""What a cluster add-on is: a chart, what it needs, what it cannot be beside, and what it may do in AWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pulumi

from ..identity import PolicyStatement, partition
from .gpu_software import GpuOwnership
from .settings import AddonSettings


class PodSecurityStandard(StrEnum):
    """A Pod Security Standard that a namespace enforces."""

    PRIVILEGED = "privileged"
    RESTRICTED = "restricted"


@dataclass(frozen=True, kw_only=True, slots=True)
class AddonContext:
    """The cluster that an add-on is installed in, as far as values and permissions depend on it."""

    cluster_name: pulumi.Input[str]
    """Name of the EKS cluster."""

    region: str
    """AWS region."""

    vpc_id: pulumi.Input[str]
    """The cluster's VPC."""

    account: pulumi.Input[str]
    """Id of the AWS account, 12 digits."""

    ownership: GpuOwnership | None
    """Who owns what of the NVIDIA GPUs' software; none in a cluster without them."""

    is_isolated: bool = False
    """Whether pods reach no service of AWS that has no endpoint in the VPC."""

    def arn(self, service: str, resource: pulumi.Input[str], *, has_region: bool = True) -> pulumi.Output[str]:
        """Return the ARN of a resource of this account, and of this region where the service has regions."""
        prefix = f"arn:{partition(self.region)}:{service}:{self.region if has_region else ''}:"
        return pulumi.Output.concat(prefix, self.account, ":", resource)

    def global_arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource that has neither account nor region in it."""
        return f"arn:{partition(self.region)}:{service}:::{resource}"


Statements = Callable[[AddonContext, AddonSettings], list[PolicyStatement]]
"""What an add-on may do in AWS; none where it is not asked to do anything there."""

Values = Callable[[AddonContext, AddonSettings], Mapping[str, Any]]
"""Values of a chart that depend on the cluster or on the settings."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AddonIdentity:
    """What the pods of one service account may do in AWS."""

    service_account: str
    """Name of the service account."""

    values: tuple[str, ...] = ("serviceAccount",)
    """Where in its chart's values the service account is, whose annotations IRSA needs."""

    statements: Statements | None = None
    """What its pods may do. Default: only what the add-on's settings say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Addon:
    """One add-on, as data."""

    name: str
    """Name, which is that of its chart, of its Helm release, and of its file of values."""

    purpose: str
    """What a cluster has it for."""

    namespace: str = "kube-system"
    """Where its pods are. Default: among the parts of Kubernetes itself."""

    pod_security: PodSecurityStandard = PodSecurityStandard.RESTRICTED
    """What its own namespace enforces."""

    privileged_because: str = ""
    """Why its own namespace enforces nothing; needed where it does not."""

    needs: tuple[str, ...] = ()
    """Add-ons that must be there first; they come along where nobody asked for them."""

    after: tuple[str, ...] = ()
    """Add-ons that are installed first where they are there."""

    conflicts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Add-ons that it cannot be beside, and the way out."""

    definitions: tuple[str, ...] = ()
    """API groups whose custom resource definitions its release brings."""

    needs_gpus: bool = False
    """Whether it is for NVIDIA GPUs only."""

    needs_internet: str = ""
    """What it does nothing without, where that has no endpoint in a VPC. Default: it reaches all that it needs."""

    kubernetes: str = ""
    """The oldest Kubernetes that its chart accepts. Default: its chart names none."""

    identities: tuple[AddonIdentity, ...] = ()
    """AWS identities of its pods; the first gets what its settings say too. Default: it has nothing to do in AWS."""

    values: Values | None = None
    """Values that depend on the cluster; they go over those of its file."""

    settings: frozenset[str] = frozenset()
    """Settings that are for it, beside those that are for every add-on."""

    required_settings: frozenset[str] = frozenset()
    """Those of them that have no default."""

    @property
    def has_own_namespace(self) -> bool:
        """Whether its namespace is made with it."""
        return self.namespace != "kube-system"
