"""The managed add-ons of a cluster, and the roles of those that call AWS."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from ..identity import ArnFormat, IdentityMethod, Statement
from .addon_settings import SERVICE_ACCOUNTS, addon_settings
from .arguments import ClusterIpFamily
from .cluster_plan import EksClusterPlan
from .roles import create_addon_role, ipv6_statements, managed_policy, volume_key_statements


@dataclass(frozen=True, kw_only=True, slots=True)
class AddonSurroundings:
    """What add-ons refer to."""

    cluster_name: pulumi.Output[str]
    region: pulumi.Output[str]
    arn: ArnFormat
    security_group_id: pulumi.Input[str]
    pod_subnets: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    volume_key: pulumi.Input[str] | None
    oidc: tuple[pulumi.Input[str], pulumi.Input[str]] | None
    permissions_boundary: pulumi.Input[str] | None


def create_addons(
    name: str,
    plan: EksClusterPlan,
    addons: Mapping[str, str],
    around: AddonSurroundings,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Make add-ons, by name and version, in a cluster; return them."""
    return [_create_addon(name, plan, addon, version, around, opts) for addon, version in addons.items()]


def _create_addon(
    name: str, plan: EksClusterPlan, addon: str, version: str, around: AddonSurroundings, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    from pulumi_aws import eks

    given: dict[str, Any] = {}
    needs: list[pulumi.Resource] = []
    account = SERVICE_ACCOUNTS.get(addon)
    if account is not None and not plan.auto_mode:
        statements, managed = _permissions(addon, plan, around)
        role, needs = create_addon_role(
            f"{name}-{addon}",
            cluster_name=around.cluster_name,
            service_account=account,
            identity=plan.identity,
            oidc=around.oidc,
            statements=statements,
            managed_policies=managed,
            permissions_boundary=around.permissions_boundary,
            opts=opts,
        )
        if plan.identity is IdentityMethod.POD_IDENTITY:
            given["pod_identity_associations"] = [{"role_arn": role.arn, "service_account": account}]
        else:
            given["service_account_role_arn"] = role.arn
    return eks.Addon(
        f"{name}-{addon}",
        addon_name=addon,
        addon_version=version,
        cluster_name=around.cluster_name,
        configuration_values=_configuration(addon, plan, around),
        # The program owns the add-on: what somebody changed by hand in the cluster gives way.
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        **given,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=needs)),
    )


def _permissions(
    addon: str, plan: EksClusterPlan, around: AddonSurroundings
) -> tuple[dict[str, Sequence[Statement]], dict[str, pulumi.Input[str]]]:
    """Return the statements of an add-on's role, and the policies that AWS manages for it."""
    if addon == "aws-ebs-csi-driver":
        key = around.volume_key
        statements: dict[str, Sequence[Statement]] = {} if key is None else {"volumes": volume_key_statements(key)}
        return statements, {"driver": managed_policy(around.region, "AmazonEBSCSIDriverPolicyV2")}
    if plan.ip_family is ClusterIpFamily.IPV6:
        return {"addresses": ipv6_statements(around.arn)}, {}
    return {}, {"addresses": managed_policy(around.region, "AmazonEKS_CNI_Policy")}


def _configuration(addon: str, plan: EksClusterPlan, around: AddonSurroundings) -> pulumi.Input[str] | None:
    def text(pod_subnets: Mapping[str, str], security_group: str) -> str:
        settings = addon_settings(
            addon, ip_family=plan.ip_family, pod_subnets=pod_subnets, security_group=security_group
        )
        return json.dumps(settings, sort_keys=True)

    if addon != "vpc-cni":
        settings = text({}, "")
        return settings if settings != "{}" else None
    subnets = pulumi.Output.from_input(around.pod_subnets)
    return pulumi.Output.all(subnets, around.security_group_id).apply(lambda known: text(*known))
