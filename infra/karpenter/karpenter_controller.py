"""Karpenter on AWS: what launches nodes for the pods that wait, and takes them away."""

from functools import partial
from typing import Any, Final, Optional, cast

import pulumi

from ..arguments import planned, recorded
from ..helm import HelmRelease
from ..identity import WorkloadIdentity, WorkloadIdentityArgs, arn_format, current_account, current_region
from ..versions import KARPENTER_CHART, KARPENTER_CRD_CHART
from .controller_plan import (
    SERVICE_ACCOUNT,
    KarpenterControllerArgs,
    KarpenterControllerPlan,
    instance_profile_name,
    plan_karpenter_controller,
)
from .interruption import create_interruption_queue
from .statements import karpenter_statements

_IDENTITY_KEYS: Final = ("oidc_provider_arn", "oidc_issuer", "permissions_boundary")
"""Inputs that are those of the identity."""


class KarpenterController(pulumi.ComponentResource):
    """Karpenter's definitions and its controller, with an identity of least privilege and an interruption queue.

    Needs an EKS cluster with nodes that it does not run itself, so it depends on `EksCluster` as a whole. Makes no
    node pools: they depend on this component (`depends_on=[karpenter]`), so that Karpenter is there to remove their
    nodes before it goes itself. Deletion runs the other way round: controller, identity and queue, definitions.

    Example: `KarpenterController("karpenter", {"cluster_name": "prod", "node_role_arn": cluster.node_role_arn},
    opts=pulumi.ResourceOptions(providers=[aws, kubernetes], depends_on=[cluster]))`
    """

    queue_name: pulumi.Output[Optional[str]]  # noqa: UP045 - what Pulumi's analyzer reads
    """Name of the interruption queue; only with `interruption`."""

    role_arn: pulumi.Output[str]
    """ARN of the controller's role."""

    instance_profile: pulumi.Output[Optional[str]]  # noqa: UP045 - what Pulumi's analyzer reads
    """Name of the nodes' instance profile; only with `isolated_network`."""

    ready: pulumi.Output[str]
    """Namespace and name of the controller's release, known once it runs."""

    def __init__(self, name: str, args: KarpenterControllerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("KarpenterController", name, partial(plan_karpenter_controller, name=name), args)
        super().__init__("aidc:index:KarpenterController", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        region, account = current_region(self), current_account(self)
        queue = None
        if plan.interruption:
            queue = create_interruption_queue(
                name,
                queue_name=plan.queue_name,
                account=account,
                encryption_key=args.get("encryption_key"),
                opts=child,
            )
        statements = karpenter_statements(
            cluster_name=plan.cluster_name,
            arn=arn_format(region, account),
            region=region,
            node_role_arn=args["node_role_arn"],
            queue_arn=None if queue is None else queue.arn,
            queue_key=args.get("encryption_key"),
            zonal_shift=plan.zonal_shift,
        )
        profile = _instance_profile(name, plan, args["node_role_arn"], child)
        given = {key: value for key, value in args.items() if key in _IDENTITY_KEYS}
        identity_args = {
            "cluster_name": plan.cluster_name,
            "namespace": plan.namespace,
            "service_account": SERVICE_ACCOUNT,
            "statements": statements,
            "role_name": f"{plan.cluster_name}-karpenter",
            "method": plan.identity,
            **given,
        }
        identity = WorkloadIdentity(f"{name}-identity", cast(WorkloadIdentityArgs, identity_args), child)
        definitions = HelmRelease(f"{name}-crd", KARPENTER_CRD_CHART, namespace=plan.namespace, values={}, opts=child)
        needs: list[pulumi.Resource] = [definitions, identity, *([] if queue is None else queue.parts)]
        controller = HelmRelease(
            name,
            KARPENTER_CHART,
            namespace=plan.namespace,
            values=controller_values(plan, endpoint=args.get("endpoint"), role_arn=identity.role_arn),
            skip_crds=True,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=needs)),
        )
        self.queue_name = pulumi.Output.from_input(None if queue is None else queue.name)
        self.role_arn = identity.role_arn
        self.instance_profile = pulumi.Output.from_input(profile)
        self.ready = controller.id
        self.register_outputs(
            {
                "queue_name": self.queue_name,
                "role_arn": self.role_arn,
                "instance_profile": self.instance_profile,
                "ready": self.ready,
            }
        )


def _instance_profile(
    name: str, plan: KarpenterControllerPlan, node_role_arn: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """Make the nodes' instance profile where Karpenter reaches no IAM: its documentation, Private Clusters."""
    if not plan.isolated_network:
        return None
    from pulumi_aws import iam

    role = pulumi.Output.from_input(node_role_arn).apply(lambda arn: arn.rpartition("/")[2])
    profile = iam.InstanceProfile(f"{name}-nodes", name=instance_profile_name(plan.cluster_name), role=role, opts=opts)
    return profile.name


def controller_values(
    plan: KarpenterControllerPlan, *, endpoint: pulumi.Input[str] | None, role_arn: pulumi.Input[str]
) -> dict[str, Any]:
    """Return the values of Karpenter's chart; `role_arn` is used with IRSA alone."""
    settings: dict[str, Any] = {
        "clusterName": plan.cluster_name,
        "enableZonalShift": plan.zonal_shift,
        "featureGates": dict(plan.feature_gates),
        "isolatedVPC": plan.isolated_network,
        "reservedENIs": str(plan.reserved_network_interfaces),
    }
    if endpoint is not None:
        settings["clusterEndpoint"] = endpoint
    if plan.interruption:
        settings["interruptionQueue"] = plan.queue_name
    account: dict[str, Any] = {"name": SERVICE_ACCOUNT}
    if plan.identity.value != "pod-identity":
        account["annotations"] = {"eks.amazonaws.com/role-arn": role_arn}
    return {
        # The release has the name of the component; what it makes is called the same everywhere.
        "fullnameOverride": SERVICE_ACCOUNT,
        "replicas": plan.replicas,
        "serviceAccount": account,
        "settings": settings,
        "controller": {
            "resources": {
                "requests": {"cpu": plan.cpu, "memory": plan.memory},
                # No limit of cores: scheduling many pods is a burst.
                "limits": {"memory": plan.memory},
            }
        },
        "podDisruptionBudget": {"name": SERVICE_ACCOUNT, "maxUnavailable": 1},
        "priorityClassName": "system-cluster-critical",
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        # Rather two controllers in one zone than one: the chart would leave the second one waiting.
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
        ],
        "serviceMonitor": {"enabled": False},
    }
