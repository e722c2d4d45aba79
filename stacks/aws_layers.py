"""The lower layers of a data center on AWS, made from its composition."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pulumi

from ..components.compute import Ec2NodeClass
from ..components.storage import AccessLogBucket, BlockStorageClass
from ..infra.addons import ClusterAddons
from ..infra.eks import EksCluster, eks_provider
from ..infra.karpenter import KarpenterController
from ..infra.network import Network
from ..infra.recovery import BackupPlan, BucketReplication, RecoverySite, Velero
from ..infra.registry import ContainerRegistry
from ..infra.security import (
    AccountGuards,
    AuditTrail,
    EncryptionKey,
    KeyPurpose,
    PermissionsBoundary,
    ThreatDetection,
)
from .composition import Composition
from .families import FAMILIES
from .filling import filled
from .references import RECOVERY_SITE
from .surroundings import ClusterFacts, Surroundings, at


def create_aws_provider(
    name: str, composition: Composition, args: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> pulumi.ProviderResource:
    """Return the AWS provider of the settings' region and account, which tags all that it makes."""
    from pulumi_aws import Provider

    return Provider(
        name,
        region=cast(Any, composition.region),
        allowed_account_ids=[args["account"]] if "account" in args else None,
        default_tags={"tags": tags_of(composition, args)},
        opts=opts,
    )


def tags_of(composition: Composition, args: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of everything that an environment has in AWS."""
    own = {"aidc.dev/environment": composition.environment, "aidc.dev/project": pulumi.get_project()}
    return {**own, **args.get("tags", {})}


def create_foundation(composition: Composition, around: Surroundings, opts: pulumi.ResourceOptions) -> Surroundings:
    """Make keys, bounds, network, watchers and registry; return what they are to others."""
    keys = {
        purpose: EncryptionKey(purpose, _inputs("encryption_keys", own, around), opts).key_arn
        for purpose, own in composition.section("encryption_keys").items()
    }
    around = replace(around, keys=keys)
    boundary = PermissionsBoundary(*_single(composition, "permissions_boundary", around), opts)
    logs = AccessLogBucket(*_single(composition, "access_log_bucket", around), opts)
    around = replace(around, permissions_boundary=boundary.policy_arn, access_log_bucket=logs.bucket)
    network = Network(*_single(composition, "network", around), opts)
    around = replace(
        around,
        vpc_id=network.vpc_id,
        vpc_cidr=network.vpc_cidr,
        private_subnets={zone: at(network.private_subnets, zone) for zone in around.zones},
        intra_subnet_ids=network.intra_subnet_ids,
        pod_subnets=network.pod_subnet_ids,
    )
    for family, kind in (
        ("account_guards", AccountGuards),
        ("audit_trail", AuditTrail),
        ("threat_detection", ThreatDetection),
    ):
        if composition.single(family) is not None:
            kind(*_single(composition, family, around), opts)
    if composition.single("recovery_site") is not None:
        site = RecoverySite(*_single(composition, "recovery_site", around), opts)
        recovery = {
            "vaultArn": site.vault_arn,
            "storageKeyArn": site.storage_key_arn,
            "bucketArns": site.bucket_arns,
        }
        around = replace(around, recovery=recovery, named={"vaults": {RECOVERY_SITE: site.vault_arn}})
    for name, own in composition.section("backup_plans").items():
        BackupPlan(name, _inputs("backup_plans", own, around), opts)
    if composition.single("container_registry") is not None:
        registry = ContainerRegistry(*_single(composition, "container_registry", around), opts)
        around = replace(around, repositories=registry.repository_urls)
    return around


def create_cluster(composition: Composition, around: Surroundings, opts: pulumi.ResourceOptions) -> EksCluster:
    """Make the cluster with its system nodes and managed add-ons."""
    return EksCluster(*_single(composition, "cluster", around), opts)


def cluster_facts(cluster: EksCluster) -> ClusterFacts:
    """Return what others need to know of a cluster."""
    return ClusterFacts(**{key: getattr(cluster, key) for key in ClusterFacts.__annotations__})


def connect(
    name: str, facts: ClusterFacts, cluster: EksCluster | None, opts: pulumi.ResourceOptions
) -> pulumi.ProviderResource:
    """Return the provider of what is in the cluster; where the cluster is made here, all of it comes first."""
    more = pulumi.ResourceOptions(depends_on=[] if cluster is None else [cluster])
    return eks_provider(
        name,
        kubeconfig=facts.kubeconfig,
        cluster_name=facts.cluster_name,
        opts=pulumi.ResourceOptions.merge(opts, more),
    )


def create_controllers(
    composition: Composition, around: Surroundings, cluster: EksCluster, opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Resource]:
    """Make Karpenter, the add-ons and the storage classes; return the former two by family."""
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[cluster]))
    made: dict[str, pulumi.Resource] = {}
    if composition.single("karpenter") is not None:
        made["karpenter"] = KarpenterController(*_single(composition, "karpenter", around), after)
    addons = _single(composition, "cluster_addons", around)
    if addons[1].get("addons") or addons[1].get("gpu_software"):
        made["cluster_addons"] = ClusterAddons(*addons, after)
    for name, own in composition.section("storage_classes").items():
        BlockStorageClass(name, _inputs("storage_classes", own, around), opts)
    return made


def create_node_classes(
    composition: Composition, around: Surroundings, opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Output[str]]:
    """Make the node classes that pools share; return their names by ours."""
    return {
        name: Ec2NodeClass(name, _inputs("node_classes", own, around), opts).node_class
        for name, own in composition.section("node_classes").items()
    }


def create_copies(
    composition: Composition,
    around: Surroundings,
    bucket_arns: Mapping[str, pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
    after_addons: pulumi.ResourceOptions,
) -> None:
    """Make what brings data and objects back: copies of buckets in the second region, and Velero."""
    site = pulumi.Output.from_input(around.recovery or {})
    for name, own in composition.section("bucket_replications").items():
        links = {
            "source_bucket_arn": bucket_arns[name],
            "source_key": around.keys[KeyPurpose.STORAGE.value],
            "destination_bucket_arn": site.apply(lambda known, name=name: known["bucketArns"][name]),
            "destination_key": site.apply(lambda known: known["storageKeyArn"]),
        }
        BucketReplication(name, _inputs("bucket_replications", {**own, **links}, around), opts)
    if composition.single("velero") is not None:
        Velero(*_single(composition, "velero", around), after_addons)


def _single(composition: Composition, family: str, around: Surroundings) -> tuple[str, Any]:
    name = FAMILIES[family].name(composition.environment)
    return name, _inputs(family, composition.single(family) or {}, around)


def _inputs(family: str, own: Mapping[str, Any], around: Surroundings) -> Any:
    return filled(own, FAMILIES[family].args, around)
