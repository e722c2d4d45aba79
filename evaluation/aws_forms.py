"""Forms of what AWS gives its resources: ids, ARNs and outputs, by type token. Data only.

In a text, `{name}`, `{id}`, `{region}`, `{account}`, `{partition}`, `{dns}` and each input of plain text by its own
name stand for their values; `{hash8}`, `{hash17}`, `{hash32}`, `{uuid}` for digits that are the resource's own.
Sources: Service Authorization Reference, "Resource types defined by" each service, for ARNs; the import section of each
resource in the AWS provider's documentation for ids. Read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What AWS gives the resources of one type."""

    id: str = "{name}"
    """Form of the id."""

    arn: str = ""
    """Form of the ARN. Default: `service:region:account:kind/name`, from the type token."""

    named_by: str = "name"
    """The input that names it."""

    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Forms of further outputs; a mapping is merged into the input of that name."""

    repeated: Mapping[str, str] = field(default_factory=dict[str, str])
    """Outputs that are lists, each with the input whose items are further names: one more item for each."""


_EC2_IDS: Final = {
    "capacityBlockReservation": "cr",
    "capacityReservation": "cr",
    "egressOnlyInternetGateway": "eigw",
    "eip": "eipalloc",
    "flowLog": "fl",
    "instance": "i",
    "internetGateway": "igw",
    "launchTemplate": "lt",
    "managedPrefixList": "pl",
    "natGateway": "nat",
    "networkAcl": "acl",
    "networkInterface": "eni",
    "routeTable": "rtb",
    "routeTableAssociation": "rtbassoc",
    "securityGroup": "sg",
    "subnet": "subnet",
    "volume": "vol",
    "vpc": "vpc",
    "vpcDhcpOptions": "dopt",
    "vpcEndpoint": "vpce",
    "vpcIpv4CidrBlockAssociation": "vpc-cidr-assoc",
    "vpcPeeringConnection": "pcx",
}

_EC2_OUTPUTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "eip": {"allocationId": "{id}", "publicIp": "198.51.100.2"},
    "instance": {"privateIp": "192.0.2.2"},
    "launchTemplate": {"latestVersion": 1, "defaultVersion": 1},
    "natGateway": {"publicIp": "198.51.100.3"},
    "securityGroup": {"ownerId": "{account}"},
    "subnet": {"availabilityZoneId": "use1-az1", "ownerId": "{account}"},
    "vpc": {
        "defaultNetworkAclId": "acl-{hash17}",
        "defaultRouteTableId": "rtb-{hash17}",
        "defaultSecurityGroupId": "sg-{hash17}",
        "mainRouteTableId": "rtb-{hash17}",
        "ipv6CidrBlock": "2001:db8::/56",
        "ownerId": "{account}",
    },
    "vpcEndpoint": {
        "dnsEntries": [{"dnsName": "{id}.vpce.{region}.{dns}", "hostedZoneId": "Z{hash8}"}],
        "networkInterfaceIds": ["eni-{hash17}"],
        "prefixListId": "pl-{hash17}",
    },
}


def _ec2(kind: str, prefix: str) -> Form:
    words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in kind)
    path = {"flowLog": "vpc-flow-log", "eip": "elastic-ip", "natGateway": "natgateway"}.get(kind, words)
    arn = f"ec2:{{region}}:{{account}}:{path}/{{id}}"
    return Form(id=prefix + "-{hash17}", arn=arn, outputs=_EC2_OUTPUTS.get(kind, {}))


_LOAD_BALANCER: Final = Form(
    id="{arn}",
    arn="elasticloadbalancing:{region}:{account}:loadbalancer/{family}/{name}/{hash8}",
    outputs={
        "arnSuffix": "{family}/{name}/{hash8}",
        "dnsName": "{name}-{hash8}.elb.{region}.{dns}",
        "zoneId": "Z{hash8}",
    },
)

FORMS: Final[Mapping[str, Form]] = {
    **{f"ec2/{kind}:{kind[0].upper()}{kind[1:]}": _ec2(kind, prefix) for kind, prefix in _EC2_IDS.items()},
    "acm/certificate:Certificate": Form(
        id="{arn}",
        arn="acm:{region}:{account}:certificate/{uuid}",
        named_by="domainName",
        outputs={
            "domainValidationOptions": [
                {
                    "domainName": "{name}",
                    "resourceRecordName": "_{hash8}.{name}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_{hash17}.acm-validations.aws.",
                }
            ]
        },
        repeated={"domainValidationOptions": "subjectAlternativeNames"},
    ),
    "autoscaling/group:Group": Form(arn="autoscaling:{region}:{account}:autoScalingGroup:{uuid}:group/{name}"),
    "backup/plan:Plan": Form(id="{uuid}", arn="backup:{region}:{account}:backup-plan:{uuid}"),
    "backup/selection:Selection": Form(id="{uuid}"),
    "backup/vault:Vault": Form(arn="backup:{region}:{account}:backup-vault:{name}"),
    "cloudtrail/trail:Trail": Form(
        arn="cloudtrail:{region}:{account}:trail/{name}", outputs={"homeRegion": "{region}"}
    ),
    "cloudwatch/eventRule:EventRule": Form(arn="events:{region}:{account}:rule/{name}"),
    "cloudwatch/logGroup:LogGroup": Form(arn="logs:{region}:{account}:log-group:{name}"),
    "cloudwatch/metricAlarm:MetricAlarm": Form(arn="cloudwatch:{region}:{account}:alarm:{name}"),
    "ecr/repository:Repository": Form(
        arn="ecr:{region}:{account}:repository/{name}",
        outputs={"registryId": "{account}", "repositoryUrl": "{account}.dkr.ecr.{region}.{dns}/{name}"},
    ),
    "efs/accessPoint:AccessPoint": Form(
        id="fsap-{hash17}",
        arn="elasticfilesystem:{region}:{account}:access-point/{id}",
        outputs={"fileSystemArn": "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{fileSystemId}"},
    ),
    "efs/fileSystem:FileSystem": Form(
        id="fs-{hash17}",
        arn="elasticfilesystem:{region}:{account}:file-system/{id}",
        outputs={"dnsName": "{id}.efs.{region}.{dns}", "ownerId": "{account}"},
    ),
    "efs/mountTarget:MountTarget": Form(
        id="fsmt-{hash17}",
        arn="elasticfilesystem:{region}:{account}:file-system/{fileSystemId}",
        outputs={
            "dnsName": "{fileSystemId}.efs.{region}.{dns}",
            "ipAddress": "192.0.2.3",
            "networkInterfaceId": "eni-{hash17}",
        },
    ),
    "eks/accessEntry:AccessEntry": Form(
        id="{clusterName}:{principalArn}",
        arn="eks:{region}:{account}:access-entry/{clusterName}/role/{account}/{name}/{uuid}",
    ),
    "eks/addon:Addon": Form(
        id="{clusterName}:{addonName}", arn="eks:{region}:{account}:addon/{clusterName}/{addonName}/{uuid}"
    ),
    "eks/cluster:Cluster": Form(
        outputs={
            "certificateAuthority": {"data": "Y2VydGlmaWNhdGU="},
            "createdAt": "2026-01-01T00:00:00Z",
            "endpoint": "https://{hash32}.gr7.{region}.eks.{dns}",
            "identities": [{"oidcs": [{"issuer": "https://oidc.eks.{region}.{dns}/id/{hash32}"}]}],
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
            "platformVersion": "eks.1",
            "status": "ACTIVE",
            "vpcConfig": {"clusterSecurityGroupId": "sg-{hash17}", "vpcId": "vpc-{hash17}"},
        }
    ),
    "eks/fargateProfile:FargateProfile": Form(
        id="{clusterName}:{name}",
        arn="eks:{region}:{account}:fargateprofile/{clusterName}/{name}/{uuid}",
        named_by="fargateProfileName",
    ),
    "eks/nodeGroup:NodeGroup": Form(
        id="{clusterName}:{name}",
        arn="eks:{region}:{account}:nodegroup/{clusterName}/{name}/{uuid}",
        named_by="nodeGroupName",
        outputs={
            "nodeGroupName": "{name}",
            "resources": [
                {"autoscalingGroups": [{"name": "eks-{name}-{uuid}"}], "remoteAccessSecurityGroupId": "sg-{hash17}"}
            ],
            "status": "ACTIVE",
        },
    ),
    "eks/podIdentityAssociation:PodIdentityAssociation": Form(
        id="a-{hash17}",
        arn="eks:{region}:{account}:podidentityassociation/{clusterName}/{id}",
        outputs={
            "associationArn": "arn:{partition}:eks:{region}:{account}:podidentityassociation/{clusterName}/{id}",
            "associationId": "{id}",
        },
    ),
    "fsx/dataRepositoryAssociation:DataRepositoryAssociation": Form(
        id="dra-{hash17}",
        arn="fsx:{region}:{account}:association/{fileSystemId}/{id}",
        outputs={"associationId": "{id}"},
    ),
    "fsx/lustreFileSystem:LustreFileSystem": Form(
        id="fs-{hash17}",
        arn="fsx:{region}:{account}:file-system/{id}",
        outputs={
            "dnsName": "{id}.fsx.{region}.{dns}",
            "mountName": "{hash8}",
            "networkInterfaceIds": ["eni-{hash17}"],
            "ownerId": "{account}",
        },
    ),
    "guardduty/detector:Detector": Form(
        id="{hash32}", arn="guardduty:{region}:{account}:detector/{id}", outputs={"accountId": "{account}"}
    ),
    "iam/instanceProfile:InstanceProfile": Form(
        arn="iam::{account}:instance-profile{path}{name}", outputs={"uniqueId": "AIPA{hash17}"}
    ),
    "iam/openIdConnectProvider:OpenIdConnectProvider": Form(
        id="{arn}", arn="iam::{account}:oidc-provider/{host}", named_by="url"
    ),
    "iam/policy:Policy": Form(
        id="{arn}", arn="iam::{account}:policy{path}{name}", outputs={"policyId": "ANPA{hash17}"}
    ),
    "iam/role:Role": Form(arn="iam::{account}:role{path}{name}", outputs={"uniqueId": "AROA{hash17}"}),
    "iam/rolePolicy:RolePolicy": Form(id="{role}:{name}"),
    "iam/rolePolicyAttachment:RolePolicyAttachment": Form(id="{role}/{policyArn}"),
    "iam/serviceLinkedRole:ServiceLinkedRole": Form(
        id="{arn}",
        arn="iam::{account}:role/aws-service-role/{awsServiceName}/{name}",
        named_by="awsServiceName",
    ),
    "iam/user:User": Form(arn="iam::{account}:user{path}{name}"),
    "kms/alias:Alias": Form(
        arn="kms:{region}:{account}:{name}",
        outputs={"targetKeyArn": "arn:{partition}:kms:{region}:{account}:key/{targetKeyId}"},
    ),
    "kms/key:Key": Form(id="{uuid}", arn="kms:{region}:{account}:key/{uuid}", outputs={"keyId": "{uuid}"}),
    "kms/replicaKey:ReplicaKey": Form(
        id="{uuid}", arn="kms:{region}:{account}:key/{uuid}", outputs={"keyId": "{uuid}", "keyRotationEnabled": True}
    ),
    "lb/listener:Listener": Form(id="{arn}", arn="elasticloadbalancing:{region}:{account}:listener/{hash17}"),
    "lb/listenerRule:ListenerRule": Form(
        id="{arn}", arn="elasticloadbalancing:{region}:{account}:listener-rule/{hash17}"
    ),
    "lb/loadBalancer:LoadBalancer": _LOAD_BALANCER,
    "lb/targetGroup:TargetGroup": Form(
        id="{arn}",
        arn="elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hash17}",
        outputs={"arnSuffix": "targetgroup/{name}/{hash17}"},
    ),
    "route53/zone:Zone": Form(
        id="Z{hash17}",
        arn="route53:::hostedzone/{id}",
        outputs={"zoneId": "{id}", "nameServers": ["ns-1.awsdns-01.org"]},
    ),
    "s3/bucket:Bucket": Form(
        arn="s3:::{name}",
        named_by="bucket",
        outputs={
            "bucket": "{name}",
            "bucketDomainName": "{name}.s3.{dns}",
            "bucketRegionalDomainName": "{name}.s3.{region}.{dns}",
            "bucketRegion": "{region}",
        },
    ),
    "secretsmanager/secret:Secret": Form(id="{arn}", arn="secretsmanager:{region}:{account}:secret:{name}-{hash6}"),
    "secretsmanager/secretVersion:SecretVersion": Form(
        id="{secretId}|{uuid}", arn="{secretId}", outputs={"versionId": "{uuid}"}
    ),
    "sns/topic:Topic": Form(id="{arn}", arn="sns:{region}:{account}:{name}", outputs={"owner": "{account}"}),
    "sqs/queue:Queue": Form(
        id="https://sqs.{region}.{dns}/{account}/{name}",
        arn="sqs:{region}:{account}:{name}",
        outputs={"url": "https://sqs.{region}.{dns}/{account}/{name}"},
    ),
    "ssm/parameter:Parameter": Form(arn="ssm:{region}:{account}:parameter/{name}", outputs={"version": 1}),
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": Form(
        id="sgr-{hash17}",
        arn="ec2:{region}:{account}:security-group-rule/{id}",
        outputs={"securityGroupRuleId": "{id}"},
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": Form(
        id="sgr-{hash17}",
        arn="ec2:{region}:{account}:security-group-rule/{id}",
        outputs={"securityGroupRuleId": "{id}"},
    ),
    "wafv2/ipSet:IpSet": Form(id="{uuid}", arn="wafv2:{region}:{account}:regional/ipset/{name}/{id}"),
    "wafv2/webAcl:WebAcl": Form(
        id="{uuid}", arn="wafv2:{region}:{account}:regional/webacl/{name}/{id}", outputs={"capacity": 1}
    ),
}
"""By type token without `aws:`. A type that is not here has its name as id and an ARN of the usual form."""
