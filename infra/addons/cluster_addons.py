"""The add-ons of an EKS cluster, as Helm releases in the order in which they need each other."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import pulumi

from ..arguments import planned, recorded
from ..helm import HelmRelease
from ..identity import IdentityMethod, PolicyStatement, WorkloadIdentity, WorkloadIdentityArgs, current_account
from ..kubernetes import KubernetesObject
from ..labels import object_labels
from .addon import AddonContext, PodSecurityStandard
from .catalog import MONITORS
from .plan import AddonRelease, ClusterAddonsArgs, plan_cluster_addons
from .values import at, file_values, merged

_COMPONENT = "cluster-addons"


class ClusterAddons(pulumi.ComponentResource):
    """Controllers, drivers and operators that a cluster needs beside Kubernetes, each with its own AWS identity.

    What an add-on needs comes along, what cannot be together is refused, and each release waits for those that it
    needs. Makes the namespaces that are not Kubernetes' own. Does not install EKS's own add-ons, Karpenter, or the
    definitions of the Gateway API. Whatever needs an add-on depends on this component.

    Example: `ClusterAddons("addons", {"cluster_name": "prod", "region": "us-east-1", "vpc_id": vpc_id, "addons":
    {"aws-load-balancer-controller": {}, "kueue": {}}, "gpu_software": "ami"})`
    """

    installed: pulumi.Output[list[str]]
    """Names of the add-ons, those that came along too, sorted."""

    chart_versions: pulumi.Output[Mapping[str, str]]
    """Version of each add-on's chart, by name."""

    role_arns: pulumi.Output[Mapping[str, str]]
    """ARNs of the roles of the add-ons that do something in AWS, by service account, as `namespace/name`."""

    def __init__(self, name: str, args: ClusterAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("ClusterAddons", name, partial(plan_cluster_addons, name=name), args)
        super().__init__("aidc:index:ClusterAddons", name, recorded(args), opts)
        context = AddonContext(
            cluster_name=args["cluster_name"],
            region=args["region"],
            vpc_id=args["vpc_id"],
            account=current_account(self),
            ownership=plan.ownership,
            is_isolated=args.get("isolated_network", False),
        )
        child = pulumi.ResourceOptions(parent=self)
        namespaces = {
            each: KubernetesObject(f"{name}-{each}", _namespace(each, standard, name), child)
            for each, standard in plan.namespaces.items()
        }
        releases: dict[str, HelmRelease] = {}
        roles: dict[str, pulumi.Output[str]] = {}
        for release in plan.releases:
            addon = release.addon
            before: list[pulumi.Resource] = [releases[each] for each in release.before]
            if addon.namespace in namespaces:
                before.append(namespaces[addon.namespace])
            held = _create_identities(name, args, release, context, child)
            roles |= {f"{addon.namespace}/{account}": identity.role_arn for account, identity in held.items()}
            # Pods get credentials only if the association is there when they start.
            before += held.values()
            annotated = {account: each.role_arn for account, each in held.items()} if _is_irsa(args) else {}
            releases[addon.name] = HelmRelease(
                f"{name}-{addon.name}",
                release.chart,
                release_name=addon.name,
                namespace=addon.namespace,
                values=release_values(release, context, annotated),
                opts=pulumi.ResourceOptions(parent=self, depends_on=before),
            )
        self.installed = pulumi.Output.from_input(sorted(releases))
        self.chart_versions = pulumi.Output.from_input({each.addon.name: each.chart.version for each in plan.releases})
        self.role_arns = pulumi.Output.from_input(cast(Any, roles))
        self.register_outputs(
            {"installed": self.installed, "chart_versions": self.chart_versions, "role_arns": self.role_arns}
        )


def release_values(
    release: AddonRelease, context: AddonContext, roles: Mapping[str, pulumi.Input[str]]
) -> dict[str, Any]:
    """Return the values of a release: of its file, of the cluster, of its identities, and of its settings.

    `roles` are those that service accounts, by name, must be annotated with: none with Pod Identity.
    """
    addon, settings = release.addon, release.settings
    values = file_values(addon.name, monitored=release.is_monitored and MONITORS in addon.after)
    if addon.values is not None:
        values = merged(values, addon.values(context, settings))
    for identity in addon.identities:
        if identity.service_account in roles:
            annotations = {"eks.amazonaws.com/role-arn": roles[identity.service_account]}
            values = merged(values, at((*identity.values, "annotations"), annotations))
    return merged(values, settings.get("values", {}))


def release_statements(release: AddonRelease, context: AddonContext) -> dict[str, list[PolicyStatement]]:
    """Return what each service account of a release may do in AWS; without those that may do nothing."""
    told: dict[str, list[PolicyStatement]] = {}
    more = release.settings.get("statements", [])
    for identity in release.addon.identities:
        own = identity.statements(context, release.settings) if identity.statements is not None else []
        told[identity.service_account] = [*own, *more]
        more = []
    return {account: statements for account, statements in told.items() if statements}


def _create_identities(
    name: str, args: ClusterAddonsArgs, release: AddonRelease, context: AddonContext, opts: pulumi.ResourceOptions
) -> dict[str, WorkloadIdentity]:
    addon = release.addon
    first = addon.identities[0].service_account if addon.identities else ""
    return {
        account: WorkloadIdentity(
            f"{name}-{addon.name}" if account == first else f"{name}-{account}",
            _identity_args(args, release, account, statements),
            opts,
        )
        for account, statements in release_statements(release, context).items()
    }


def _is_irsa(args: ClusterAddonsArgs) -> bool:
    return args.get("identity_method") == IdentityMethod.SERVICE_ACCOUNT.value


def _identity_args(
    args: ClusterAddonsArgs, release: AddonRelease, account: str, statements: list[PolicyStatement]
) -> WorkloadIdentityArgs:
    given: dict[str, Any] = {
        "method": args.get("identity_method"),
        "oidc_provider_arn": args.get("oidc_provider_arn"),
        "oidc_issuer": args.get("oidc_issuer"),
        "permissions_boundary": args.get("permissions_boundary"),
    }
    inputs = WorkloadIdentityArgs(
        cluster_name=args["cluster_name"],
        namespace=release.addon.namespace,
        service_account=account,
        statements=statements,
    )
    inputs.update({key: value for key, value in given.items() if value is not None})  # pyright: ignore
    return inputs


def _namespace(namespace: str, standard: PodSecurityStandard, component: str) -> dict[str, Any]:
    standards = {f"pod-security.kubernetes.io/{mode}": standard.value for mode in ("enforce", "audit", "warn")}
    labels = {**object_labels(component, _COMPONENT), **standards}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
