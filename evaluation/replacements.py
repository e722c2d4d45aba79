"""What an update would make anew instead of changing, told from two graphs: that of before and that of after.

`REPLACING` is what hashicorp/aws 5.100.0 answers for every input that the environments give when it plans a change of
it (a test asks it again), and what pulumi-kubernetes' provider/pkg/provider/diff.go lists, read 2026-11-21.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from .graph import Resource, ResourceGraph

STATEFUL: Final = frozenset(
    {
        "aws:backup/vault:Vault",
        "aws:cloudtrail/trail:Trail",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ecr/repository:Repository",
        "aws:efs/accessPoint:AccessPoint",
        "aws:efs/fileSystem:FileSystem",
        "aws:eks/cluster:Cluster",
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
        "kubernetes:core/v1:Namespace",
        "kubernetes:core/v1:PersistentVolume",
        "kubernetes:core/v1:PersistentVolumeClaim",
    }
)
"""Types whose replacement loses data, or everything that stands on them."""

REPLACING: Final[Mapping[str, str]] = {
    "aws:acm/certificate:Certificate": "domainName keyAlgorithm subjectAlternativeNames validationMethod",
    "aws:backup/plan:Plan": "name",
    "aws:backup/selection:Selection": "iamRoleArn name planId resources selectionTags",
    "aws:backup/vault:Vault": "kmsKeyArn name",
    "aws:cloudtrail/trail:Trail": "name",
    "aws:cloudwatch/eventTarget:EventTarget": "rule targetId",
    "aws:cloudwatch/logGroup:LogGroup": "name namePrefix",
    "aws:ebs/defaultKmsKey:DefaultKmsKey": "keyArn",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "vpcId",
    "aws:ec2/eip:Eip": "domain",
    "aws:ec2/flowLog:FlowLog": "iamRoleArn logDestination logDestinationType trafficType vpcId",
    "aws:ec2/natGateway:NatGateway": "allocationId subnetId",
    "aws:ec2/route:Route": "destinationCidrBlock routeTableId",
    "aws:ec2/routeTable:RouteTable": "vpcId",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "subnetId",
    "aws:ec2/securityGroup:SecurityGroup": "description vpcId",
    "aws:ec2/subnet:Subnet": "availabilityZone cidrBlock vpcId",
    "aws:ec2/vpc:Vpc": "cidrBlock",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "serviceName vpcEndpointType vpcId",
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "cidrBlock vpcId",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "policy repository",
    "aws:ecr/repository:Repository": "encryptionConfigurations.encryptionType encryptionConfigurations.kmsKey name",
    "aws:efs/accessPoint:AccessPoint": "fileSystemId posixUser rootDirectory",
    "aws:efs/backupPolicy:BackupPolicy": "fileSystemId",
    "aws:efs/fileSystem:FileSystem": "encrypted kmsKeyId performanceMode",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "fileSystemId",
    "aws:efs/mountTarget:MountTarget": "fileSystemId subnetId",
    "aws:eks/accessEntry:AccessEntry": "clusterName principalArn type",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "accessScope clusterName policyArn principalArn",
    "aws:eks/addon:Addon": "addonName clusterName",
    "aws:eks/cluster:Cluster": "accessConfig.bootstrapClusterCreatorAdminPermissions bootstrapSelfManagedAddons"
    " kubernetesNetworkConfig.ipFamily kubernetesNetworkConfig.serviceIpv4Cidr name roleArn",
    "aws:eks/nodeGroup:NodeGroup": "amiType capacityType clusterName instanceTypes launchTemplate.id nodeRoleArn"
    " subnetIds",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "clusterName namespace serviceAccount",
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": "dataRepositoryPath fileSystemId fileSystemPath",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "copyTagsToBackups deploymentType kmsKeyId securityGroupIds"
    " storageType subnetIds",
    "aws:guardduty/detectorFeature:DetectorFeature": "additionalConfigurations.name detectorId name",
    "aws:iam/policy:Policy": "description name",
    "aws:iam/role:Role": "name",
    "aws:iam/rolePolicy:RolePolicy": "name role",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn role",
    "aws:kms/alias:Alias": "name",
    "aws:kms/key:Key": "multiRegion",
    "aws:s3/bucket:Bucket": "bucket bucketPrefix objectLockEnabled",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket",
    "aws:s3/bucketLogging:BucketLogging": "bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "bucket",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucket",
    "aws:s3/bucketVersioning:BucketVersioning": "bucket",
    "aws:secretsmanager/secret:Secret": "name",
    "aws:sns/topicPolicy:TopicPolicy": "arn",
    "aws:sqs/queue:Queue": "name",
    "aws:sqs/queuePolicy:QueuePolicy": "queueUrl",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "securityGroupId",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "securityGroupId",
    "aws:wafv2/webAcl:WebAcl": "scope",
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "logDestinationConfigs resourceArn",
    "kubernetes:apps/v1:DaemonSet": "spec.selector",
    "kubernetes:apps/v1:Deployment": "spec.selector",
    "kubernetes:apps/v1:StatefulSet": "spec.podManagementPolicy spec.selector spec.serviceName"
    " spec.volumeClaimTemplates",
    "kubernetes:batch/v1:Job": "spec.completions spec.parallelism spec.selector spec.template",
    "kubernetes:core/v1:PersistentVolume": "spec.csi spec.hostPath spec.local spec.nfs",
    "kubernetes:core/v1:PersistentVolumeClaim": "spec.accessModes spec.selector spec.storageClassName spec.volumeName",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": "roleRef",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": "roleRef",
    "kubernetes:storage.k8s.io/v1:StorageClass": "parameters provisioner",
    "pulumi:providers:aws": "region",
    "pulumi:providers:kubernetes": "clusterIdentifier",
}
"""Paths of the inputs, by type, whose change makes a new one; lists are looked through."""

_OF_PACKAGE: Final[Mapping[str, tuple[str, ...]]] = {
    "aws": ("region",),
    "kubernetes": ("metadata.name", "metadata.namespace"),
}
"""Paths that do so in every type of a package."""

_ONLY_GROWS: Final = {"aws:fsx/lustreFileSystem:LustreFileSystem": "storageCapacity"}
"""Numbers whose decrease makes a new one."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A resource that would be made anew, or would be gone."""

    resource: Resource
    """As it was before."""

    reason: str
    """Path of the input that does it, `gone`, or the URN of what is made anew beneath it and the path of its id."""

    @property
    def is_stateful(self) -> bool:
        """Whether that loses more than the resource itself."""
        return self.resource.type in STATEFUL

    def __str__(self) -> str:
        return f"{self.resource!r}: {self.reason}"


def replacements(before: ResourceGraph, after: ResourceGraph) -> tuple[Replacement, ...]:
    """Return what an update from one graph to the other deletes or makes anew, in the order of registration.

    What is made anew has a new id: whatever takes that id in an input that replaces, and whatever a new provider
    made, is made anew as well.
    """
    new_urns = {_old_urn(resource, alias): resource.urn for resource in after for alias in resource.aliases}
    found: dict[str, Replacement] = {}
    for resource in before:
        if not (resource.custom or resource.is_provider) or resource.read:
            continue
        now = after.resources.get(resource.urn) or after.resources.get(new_urns.get(resource.urn, ""))
        reason = "gone" if now is None else next(_reasons(resource, now, found), None)
        if reason is not None:
            found[resource.urn] = Replacement(resource, reason)
    return tuple(found.values())


def replacing_paths(resource: Resource) -> tuple[str, ...]:
    """Return the paths of the inputs whose change makes the resource anew."""
    of_type = REPLACING.get(resource.type, "").split()
    of_package = () if resource.is_provider else _OF_PACKAGE.get(resource.package, ())
    return (*of_type, *of_package, *resource.replace_on_changes)


def _reasons(before: Resource, after: Resource, found: Mapping[str, Replacement]) -> Iterator[str]:
    """Yield why a resource is made anew; `found` has what is registered before it."""
    if before.provider in found:
        yield f"its provider {before.provider}"
    for path in replacing_paths(after):
        if any(_covers(ignored, path) for ignored in after.ignore_changes):
            continue
        old, new = _at(before.inputs, path.split(".")), _at(after.inputs, path.split("."))
        if old != new:
            yield f"{path}: {_shown(old)} -> {_shown(new)}"
        for urn in after.property_dependencies.get(path.partition(".")[0], ()):
            if urn in found:
                yield f"{path}, which comes from {urn}"
    path = _ONLY_GROWS.get(before.type, "")
    if path and before.inputs.get(path, 0) > after.inputs.get(path, 0):
        yield f"{path}: {before.inputs[path]} -> {after.inputs[path]}"


def _old_urn(resource: Resource, alias: str) -> str:
    """Return the URN that an alias stands for; a name alone leaves the rest as it is."""
    return alias if alias.startswith("urn:") else f"{resource.urn.rpartition('::')[0]}::{alias}"


def _covers(ignored: str, path: str) -> bool:
    return path == ignored or path.startswith((f"{ignored}.", f"{ignored}["))


def _at(value: Any, steps: list[str]) -> list[Any]:
    """Return what is at a path, one value for each item of the lists on the way."""
    if isinstance(value, list):
        return [found for item in cast(list[Any], value) for found in _at(item, steps)]
    if not steps:
        return [value]
    if isinstance(value, Mapping) and steps[0] in value:
        return _at(cast(Mapping[str, Any], value)[steps[0]], steps[1:])
    return []


def _shown(values: list[Any]) -> str:
    return ", ".join(map(str, values)) or "nothing"
