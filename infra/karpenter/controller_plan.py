"""Karpenter's controller with every default applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems, camel_case
from ..arguments import check_keys
from ..eks.version_skew import check_karpenter, check_minor_version
from ..identity import IdentityMethod
from ..labels import check_name
from ..quantities import check_quantity
from ..versions import EKS_KUBERNETES, KARPENTER_CHART

SERVICE_ACCOUNT: Final = "karpenter"
_QUEUE_SUFFIX: Final = "-karpenter"
_MAXIMUM_INTERFACES: Final = 15


class KarpenterFeatures(TypedDict):
    """Features of Karpenter that can be switched: its reference of settings, Feature gates."""

    reserved_capacity: NotRequired[bool]
    """Capacity reservations and capacity blocks. Default: true."""

    node_repair: NotRequired[bool]
    """Replacement of unhealthy nodes; forceful, after 10 to 30 minutes. Default: false."""

    static_capacity: NotRequired[bool]
    """Pools with a fixed number of nodes. Default: false."""

    node_overlay: NotRequired[bool]
    """Prices and resources of instance types that differ from AWS's. Default: false."""

    spot_to_spot_consolidation: NotRequired[bool]
    """Replacement of spot nodes by cheaper spot nodes. Default: false."""

    capacity_buffer: NotRequired[bool]
    """Spare capacity that is declared in the cluster. Default: false."""


class KarpenterControllerArgs(TypedDict):
    """Inputs of `KarpenterController`."""

    cluster_name: str
    """Name of the EKS cluster; a plain value, because the names of conditions in policies hold it."""

    node_role_arn: pulumi.Input[str]
    """ARN of the nodes' role, the only one that Karpenter may give to instances."""

    endpoint: NotRequired[pulumi.Input[str]]
    """Address of the cluster's API. Default: Karpenter asks EKS."""

    namespace: NotRequired[str]
    """Namespace of the controller, which is there. Default: `kube-system`."""

    replicas: NotRequired[int]
    """Controllers, one of which leads. Default: 2."""

    cpu: NotRequired[str]
    """Cores requested by each. Default: `1`."""

    memory: NotRequired[str]
    """Memory requested by each, and at most. Default: `1Gi`."""

    feature_gates: NotRequired[KarpenterFeatures]
    """Features that differ from Karpenter's own choice. Default: as the fields say."""

    kubernetes_version: NotRequired[str]
    """Minor version of the cluster, which Karpenter must know. Default: the newest whose add-ons the library pins."""

    interruption: NotRequired[bool]
    """Whether Karpenter hears of interruptions, by a queue. Default: true."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key of the queue; its policy lets `events.amazonaws.com` use it. Default: SQS's own."""

    zonal_shift: NotRequired[bool]
    """Whether no nodes are launched in a zone that traffic is shifted away from. Default: true."""

    isolated_network: NotRequired[bool]
    """Whether nodes reach no service of AWS that has no endpoint in the VPC, such as IAM and the price list: prices are
    not looked up, and the nodes' instance profile `<cluster_name>-node` is made here, for node classes to name.
    Default: false."""

    reserved_network_interfaces: NotRequired[int]
    """Network interfaces of a node that hold no pods: 1 where pods have subnets of their own. Default: 0."""

    identity: NotRequired[IdentityMethod]
    """How the controller gets AWS credentials: `pod-identity` or `service-account` (IRSA). Default: `pod-identity`."""

    oidc_provider_arn: NotRequired[pulumi.Input[str]]
    """ARN of the cluster's identity provider. Only for `service-account`, and needed there."""

    oidc_issuer: NotRequired[pulumi.Input[str]]
    """Address of the cluster's issuer, with https://. Only for `service-account`, and needed there."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the controller's role. Default: none."""


def instance_profile_name(cluster_name: str) -> str:
    """Return the name of the instance profile of a cluster's nodes that is made where Karpenter reaches no IAM."""
    return f"{cluster_name}-node"


@dataclass(frozen=True, kw_only=True, slots=True)
class KarpenterControllerPlan:
    """A controller with every default applied."""

    cluster_name: str
    queue_name: str
    namespace: str
    replicas: int
    cpu: str
    memory: str
    feature_gates: Mapping[str, bool]
    interruption: bool
    zonal_shift: bool
    isolated_network: bool
    reserved_network_interfaces: int
    identity: IdentityMethod


_FEATURES: Final = {
    "reserved_capacity": True,
    "node_repair": False,
    "static_capacity": False,
    "node_overlay": False,
    "spot_to_spot_consolidation": False,
    "capacity_buffer": False,
}
"""Karpenter's own choice, v1.14: charts/karpenter/values.yaml."""


def plan_karpenter_controller(args: KarpenterControllerArgs, name: str) -> KarpenterControllerPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, KarpenterControllerArgs):
        problems.raise_if_any("KarpenterController")
    # Two releases, of which the one with the definitions has the longer name: Helm bounds it at 53 characters.
    check_name(problems, "name", name, room=63 - 53 + len("-crd"))
    cluster_name = args["cluster_name"]
    check_name(problems, "clusterName", cluster_name, room=len(_QUEUE_SUFFIX))
    namespace = args.get("namespace", "kube-system")
    check_name(problems, "namespace", namespace)
    replicas = int(args.get("replicas", 2))
    problems.between("replicas", replicas, 1, 5, unit="replicas")
    cpu, memory = args.get("cpu", "1"), args.get("memory", "1Gi")
    check_quantity(problems, "cpu", cpu, unit="cores")
    check_quantity(problems, "memory", memory, unit="bytes")
    version = args.get("kubernetes_version", EKS_KUBERNETES.number)
    if check_minor_version(problems, "kubernetesVersion", version):
        check_karpenter(problems, "kubernetesVersion", kubernetes=version, karpenter=KARPENTER_CHART.number)
    interfaces = int(args.get("reserved_network_interfaces", 0))
    problems.between("reservedNetworkInterfaces", interfaces, 0, _MAXIMUM_INTERFACES, unit="interfaces")
    identity = args.get("identity", IdentityMethod.POD_IDENTITY)
    problems.choice("identity", identity, [each.value for each in IdentityMethod])
    _check_identity(problems, args, str(identity))
    interruption = args.get("interruption", True)
    if not interruption and "encryption_key" in args:
        problems.add("encryptionKey", "encrypts the interruption queue, which is off; leave it out, or interruption")
    problems.raise_if_any("KarpenterController")
    chosen: Mapping[str, Any] = args.get("feature_gates", KarpenterFeatures())
    return KarpenterControllerPlan(
        cluster_name=cluster_name,
        queue_name=f"{cluster_name}{_QUEUE_SUFFIX}",
        namespace=namespace,
        replicas=replicas,
        cpu=cpu,
        memory=memory,
        feature_gates={camel_case(key): bool(chosen.get(key, default)) for key, default in _FEATURES.items()},
        interruption=interruption,
        zonal_shift=args.get("zonal_shift", True),
        isolated_network=args.get("isolated_network", False),
        reserved_network_interfaces=interfaces,
        identity=IdentityMethod(identity),
    )


def _check_identity(problems: Problems, args: KarpenterControllerArgs, identity: str) -> None:
    is_needed = identity == IdentityMethod.SERVICE_ACCOUNT.value
    for key, path in (("oidc_provider_arn", "oidcProviderArn"), ("oidc_issuer", "oidcIssuer")):
        if is_needed != (key in args):
            problems.add(path, "missing; IRSA needs it" if is_needed else "belongs to service-account; leave it out")
