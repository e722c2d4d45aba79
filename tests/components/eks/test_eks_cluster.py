"""The EKS cluster: exact children, least privilege, and the order in which they come and go."""

import json
from typing import Any

import pulumi
import pytest

from aidc.evaluation import UNKNOWN, Resource, ResourceGraph, evaluate
from aidc.evaluation.testing import assert_deterministic, assert_inputs, assert_known, assert_protected
from aidc.infra.eks import EksCluster, eks_provider
from aidc.infra.kubernetes import KubernetesObject

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
ARGS: dict[str, Any] = {
    "vpc_id": "vpc-1",
    "vpc_cidr": "10.0.0.0/16",
    "subnet_ids": ["subnet-a", "subnet-b"],
    "access_entries": {
        "deployment": {"principal_arn": "arn:aws:iam::123456789012:role/deployment", "policy": "cluster-admin"}
    },
}
USUAL = ["aws-ebs-csi-driver", "eks-node-monitoring-agent", "eks-pod-identity-agent"]
CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def declare(*, preview: bool = False, **more: Any) -> ResourceGraph:
    return evaluate(lambda: EksCluster("prod", {**ARGS, **more}), preview=preview)  # type: ignore[typeddict-item]


def component(graph: ResourceGraph) -> Resource:
    return graph.named("prod", "aidc:index:EksCluster")


def needs(graph: ResourceGraph, resource: Resource) -> set[str]:
    """All that must be there before a resource, by URN."""
    found: set[str] = set()
    waiting = list(resource.dependencies)
    while waiting:
        urn = waiting.pop()
        if urn not in found:
            found.add(urn)
            waiting.extend(graph[urn].dependencies)
    return found


def test_it_makes_exactly_this() -> None:
    graph = declare()
    made = sorted((r.type, r.name) for r in graph.descendants(component(graph).urn))
    assert made == sorted(
        [
            ("aws:cloudwatch/logGroup:LogGroup", "prod-logs"),
            ("aws:ec2/launchTemplate:LaunchTemplate", "prod-system"),
            ("aws:ec2/securityGroup:SecurityGroup", "prod-nodes"),
            ("aws:eks/accessEntry:AccessEntry", "prod-access-deployment"),
            ("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "prod-access-deployment"),
            *[(ADDON, f"prod-{name}") for name in ("aws-ebs-csi-driver", "coredns", "eks-node-monitoring-agent")],
            *[(ADDON, f"prod-{name}") for name in ("eks-pod-identity-agent", "kube-proxy", "vpc-cni")],
            (CLUSTER, "prod"),
            (NODE_GROUP, "prod-system"),
            *[(ROLE, f"prod-{name}") for name in ("aws-ebs-csi-driver", "control-plane", "node", "vpc-cni")],
            (ATTACHMENT, "prod-aws-ebs-csi-driver-driver"),
            (ATTACHMENT, "prod-control-plane-cluster"),
            *[(ATTACHMENT, f"prod-node-{name}") for name in ("registry", "session-manager", "worker")],
            (ATTACHMENT, "prod-vpc-cni-addresses"),
            (EGRESS, "prod-nodes-to-0.0.0.0-0"),
            (EGRESS, "prod-nodes-to-control-plane"),
            (EGRESS, "prod-nodes-to-nodes"),
            (EGRESS, "prod-nodes-to-vpc"),
            (INGRESS, "prod-control-plane-from-nodes"),
            (INGRESS, "prod-nodes-from-control-plane"),
            (INGRESS, "prod-nodes-from-control-plane-https"),
            (INGRESS, "prod-nodes-from-nodes"),
        ]
    )
    assert_known(graph)


def test_the_control_plane_is_private_logged_and_without_an_admin_by_creation() -> None:
    graph = declare(encryption_key=KEY, log_key=KEY, log_retention_days=30)
    assert_inputs(
        graph.named("prod", CLUSTER),
        {
            "name": "prod",
            "version": "1.36",
            "vpcConfig": {
                "subnetIds": ["subnet-a", "subnet-b"],
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
            },
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            "bootstrapSelfManagedAddons": False,
            "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            "encryptionConfig": {"provider": {"keyArn": KEY}, "resources": ["secrets"]},
            "deletionProtection": True,
            "upgradePolicy": {"supportType": "STANDARD"},
            "zonalShiftConfig": {"enabled": True},
            "kubernetesNetworkConfig": {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"},
            "computeConfig": {"enabled": False},
        },
    )
    assert "publicAccessCidrs" not in graph.named("prod", CLUSTER).inputs["vpcConfig"]
    logs = graph.named("prod-logs")
    assert logs.inputs == {"name": "/aws/eks/prod/cluster", "retentionInDays": 30, "kmsKeyId": KEY}
    assert logs.urn in graph.named("prod", CLUSTER).dependencies
    policy = json.loads(graph.named("prod-control-plane-encryption", ROLE_POLICY).inputs["policy"])
    assert [statement["Resource"] for statement in policy["Statement"]] == [[KEY]]
    assert graph.named("prod-control-plane-encryption").urn in graph.named("prod", CLUSTER).dependencies


def test_a_public_endpoint_is_open_to_the_named_networks_alone() -> None:
    cluster = declare(endpoint_public_cidrs=["198.51.100.0/24"]).named("prod", CLUSTER)
    assert_inputs(cluster, {"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]}})


def test_it_is_protected_until_it_is_said_otherwise() -> None:
    assert_protected(declare(), [CLUSTER])
    cluster = declare(protect=False, deletion_protection=False).named("prod", CLUSTER)
    assert (cluster.protect, cluster.inputs["deletionProtection"]) == (False, False)


def test_access_is_bounded_as_it_was_asked_for() -> None:
    research = {"principal_arn": "arn:aws:iam::123456789012:role/r", "policy": "edit", "namespaces": ["b", "a"]}
    graph = declare(access_entries={**ARGS["access_entries"], "research": research})
    kind = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    policies = "arn:aws:eks::aws:cluster-access-policy"
    assert_inputs(
        graph.named("prod-access-research", kind),
        {
            "principalArn": research["principal_arn"],
            "policyArn": f"{policies}/AmazonEKSEditPolicy",
            "accessScope": {"type": "namespace", "namespaces": ["a", "b"]},
        },
    )
    admin = graph.named("prod-access-deployment", kind)
    assert admin.inputs["policyArn"] == f"{policies}/AmazonEKSClusterAdminPolicy"
    assert admin.inputs["accessScope"] == {"type": "cluster"}


def test_no_rule_opens_all_ports_to_everybody_and_each_says_what_for() -> None:
    graph = declare(egress_cidrs=["0.0.0.0/0", "::/0"], egress_prefix_lists={"s3": "pl-1"})
    rules = [*graph.of_type(INGRESS), *graph.of_type(EGRESS)]
    assert len(rules) == 10
    for rule in rules:
        assert rule.inputs["description"]
        if rule.inputs.get("cidrIpv4") == "0.0.0.0/0" or rule.inputs.get("cidrIpv6") == "::/0":
            assert (rule.inputs["fromPort"], rule.inputs["toPort"], rule.type) == (443, 443, EGRESS)
    assert_inputs(graph.named("prod-nodes-to-s3"), {"prefixListId": "pl-1", "fromPort": 443, "toPort": 443})
    own = graph.named("prod-nodes-from-nodes").inputs["securityGroupId"]
    for name in ("prod-nodes-from-nodes", "prod-nodes-to-nodes"):
        assert_inputs(graph.named(name), {"ipProtocol": "-1", "referencedSecurityGroupId": own})
        assert "fromPort" not in graph.named(name).inputs


def test_a_network_without_a_way_out_has_no_rule_to_the_internet() -> None:
    assert {rule.name for rule in declare(egress_cidrs=[]).of_type(EGRESS)} == {
        "prod-nodes-to-control-plane",
        "prod-nodes-to-nodes",
        "prod-nodes-to-vpc",
    }


def test_the_private_endpoint_is_opened_to_networks_by_name() -> None:
    graph = declare(endpoint_private_cidrs=["10.200.0.0/16"])
    rule = graph.named("prod-control-plane-from-10.200.0.0-16", INGRESS)
    group = component(graph).outputs["cluster_security_group_id"]
    assert_inputs(rule, {"securityGroupId": group, "cidrIpv4": "10.200.0.0/16", "fromPort": 443, "toPort": 443})


def test_system_nodes_keep_their_credentials_to_themselves() -> None:
    graph = declare(volume_key=KEY, system_nodes={"image": "al2023", "tags": {"team": "platform"}})
    template = graph.named("prod-system", "aws:ec2/launchTemplate:LaunchTemplate")
    assert_inputs(
        template,
        {
            "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {
                        "deleteOnTermination": "true",
                        "encrypted": "true",
                        "kmsKeyId": KEY,
                        "volumeSize": 100,
                        "volumeType": "gp3",
                    },
                }
            ],
            "vpcSecurityGroupIds": [component(graph).outputs["node_security_group_id"]],
        },
    )
    assert [each["resourceType"] for each in template.inputs["tagSpecifications"]] == ["instance", "volume"]
    assert template.inputs["tagSpecifications"][0]["tags"] == {"Name": "prod-system", "team": "platform"}


def test_bottlerocket_has_a_volume_of_its_own_beside_that_of_its_data() -> None:
    template = declare().named("prod-system", "aws:ec2/launchTemplate:LaunchTemplate")
    sizes = {each["deviceName"]: each["ebs"]["volumeSize"] for each in template.inputs["blockDeviceMappings"]}
    assert sizes == {"/dev/xvda": 4, "/dev/xvdb": 100}


def test_the_number_of_system_nodes_is_not_the_programs() -> None:
    group = declare(system_nodes={"minimum_nodes": 3, "maximum_nodes": 9}).named("prod-system", NODE_GROUP)
    assert group.ignore_changes == ("scalingConfig.desiredSize",)
    assert_inputs(
        group,
        {
            "scalingConfig": {"minSize": 3, "maxSize": 9, "desiredSize": 3},
            "taints": [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}],
            "labels": {"aidc.dev/node-pool": "system"},
            "version": "1.36",
            "nodeRepairConfig": {"enabled": True},
            "updateConfig": {"maxUnavailable": 1},
        },
    )


def test_what_nodes_need_comes_before_them_and_what_needs_nodes_after() -> None:
    graph = declare()
    nodes = graph.named("prod-system", NODE_GROUP)
    before = {graph[urn].name for urn in needs(graph, nodes)}
    assert {"prod-vpc-cni", "prod-vpc-cni-addresses", "prod-kube-proxy", "prod-eks-pod-identity-agent"} <= before
    assert {"prod-node-worker", "prod-node-registry", "prod-nodes-to-0.0.0.0-0"} <= before
    assert {"prod-control-plane-from-nodes", "prod-nodes-from-nodes", "prod-logs"} <= before
    for name in ("coredns", "aws-ebs-csi-driver", "eks-node-monitoring-agent"):
        assert nodes.urn in graph.named(f"prod-{name}", ADDON).dependencies
        assert f"prod-{name}" not in before


def test_add_ons_are_pinned_and_have_an_identity_only_where_they_call_aws() -> None:
    graph = declare()
    versions = {addon.inputs["addonName"]: addon.inputs["addonVersion"] for addon in graph.of_type(ADDON)}
    assert all(version.startswith("v") and "-eksbuild." in version for version in versions.values())
    assert {addon.inputs["resolveConflictsOnUpdate"] for addon in graph.of_type(ADDON)} == {"OVERWRITE"}
    identities = {
        addon.inputs["addonName"]: addon.inputs["podIdentityAssociations"]
        for addon in graph.of_type(ADDON)
        if "podIdentityAssociations" in addon.inputs
    }
    roles = "arn:aws:iam::123456789012:role"
    assert identities == {
        "aws-ebs-csi-driver": [
            {"roleArn": f"{roles}/prod-aws-ebs-csi-driver", "serviceAccount": "ebs-csi-controller-sa"}
        ],
        "vpc-cni": [{"roleArn": f"{roles}/prod-vpc-cni", "serviceAccount": "aws-node"}],
    }
    trust = json.loads(graph.named("prod-vpc-cni", ROLE).inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-name": "prod",
        "aws:RequestTag/kubernetes-namespace": "kube-system",
        "aws:RequestTag/kubernetes-service-account": "aws-node",
    }


def test_irsa_makes_an_identity_provider_and_only_then() -> None:
    assert not declare().of_type("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert component(declare()).outputs.get("oidc_provider_arn") is None
    graph = declare(identity="service-account")
    provider = graph.named("prod-oidc")
    issuer = component(graph).outputs["oidc_issuer"]
    assert issuer.startswith("https://oidc.eks.")
    assert provider.inputs == {"url": issuer, "clientIdLists": ["sts.amazonaws.com"]}
    arn = component(graph).outputs["oidc_provider_arn"]
    addon = graph.named("prod-vpc-cni", ADDON)
    assert addon.inputs["serviceAccountRoleArn"].endswith(":role/prod-vpc-cni")
    assert "podIdentityAssociations" not in addon.inputs
    trust = json.loads(graph.named("prod-vpc-cni", ROLE).inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"Federated": [arn]}
    host = issuer.removeprefix("https://")
    assert trust["Condition"]["StringEquals"] == {
        f"{host}:aud": "sts.amazonaws.com",
        f"{host}:sub": "system:serviceaccount:kube-system:aws-node",
    }


def test_the_network_plug_in_has_statements_of_its_own_with_ipv6() -> None:
    graph = declare(ip_family="ipv6")
    statements = json.loads(graph.named("prod-vpc-cni-addresses", ROLE_POLICY).inputs["policy"])["Statement"]
    interfaces = "arn:aws:ec2:us-east-1:123456789012:network-interface/*"
    assert {each["Sid"]: each["Resource"] for each in statements} == {
        "AssignAddresses": [interfaces],
        "DescribeInterfaces": ["*"],
        "TagInterfaces": [interfaces],
    }
    assert all(
        action.startswith("ec2:Describe")
        for each in statements
        if each["Resource"] == ["*"]
        for action in each["Action"]
    )


def test_volumes_of_the_driver_are_encrypted_with_the_key_that_was_given() -> None:
    graph = declare(volume_key=KEY)
    statements = json.loads(graph.named("prod-aws-ebs-csi-driver-volumes", ROLE_POLICY).inputs["policy"])["Statement"]
    assert {each["Sid"]: each["Resource"] for each in statements} == {"EncryptVolumes": [KEY], "GrantVolumes": [KEY]}
    (grant,) = [each for each in statements if "kms:CreateGrant" in each["Action"]]
    assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_auto_mode_leaves_nodes_and_add_ons_to_eks() -> None:
    graph = declare(auto_mode=True)
    cluster = graph.named("prod", CLUSTER)
    assert_inputs(
        cluster,
        {
            "computeConfig": {
                "enabled": True,
                "nodePools": ["general-purpose", "system"],
                "nodeRoleArn": "arn:aws:iam::123456789012:role/prod-node",
            },
            "storageConfig": {"blockStorage": {"enabled": True}},
            "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
        },
    )
    counts = graph.counts()
    absent = [NODE_GROUP, ADDON, "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/securityGroup:SecurityGroup"]
    assert not [kind for kind in absent if counts[kind]]
    trust = json.loads(graph.named("prod-control-plane", ROLE).inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    policies = {each.inputs["policyArn"].rpartition("/")[2] for each in graph.of_type(ATTACHMENT)}
    assert {"AmazonEKSComputePolicy", "AmazonEKSWorkerNodeMinimalPolicy"} <= policies
    outputs = component(graph).outputs
    assert outputs["node_security_group_id"] == outputs["cluster_security_group_id"]


def test_the_kubeconfig_holds_no_secret() -> None:
    graph = declare()
    config = json.loads(component(graph).outputs["kubeconfig"])
    assert config["users"] == [
        {
            "name": "prod",
            "user": {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1beta1",
                    "command": "aws",
                    "args": [
                        *("eks", "get-token", "--cluster-name", "prod", "--region", "us-east-1", "--output", "json"),
                    ],
                    "interactiveMode": "Never",
                    "provideClusterInfo": False,
                }
            },
        }
    ]
    assert component(graph).secret_outputs == frozenset()


def test_a_first_preview_with_unknown_inputs() -> None:
    def program() -> None:
        unknown = pulumi.Output.from_input("x").apply(lambda _: pulumi.UNKNOWN)
        EksCluster(
            "prod",
            {
                "vpc_id": unknown,
                "vpc_cidr": unknown,
                "subnet_ids": unknown,
                "pod_subnets": unknown,
                "encryption_key": unknown,
                "access_entries": {"deployment": {"principal_arn": unknown, "policy": "cluster-admin"}},
            },
        )

    known, first = declare(encryption_key=KEY, pod_subnets={"a": "subnet-c"}), evaluate(program, preview=True)
    assert {r.urn for r in first} == {r.urn for r in known}
    outputs = component(first).outputs
    assert (outputs["kubeconfig"], outputs["endpoint"], outputs["cluster_security_group_id"]) == (UNKNOWN,) * 3
    assert outputs["cluster_name"] == "prod"
    assert first.warnings == ()


def test_the_same_program_declares_the_same_bytes() -> None:
    assert_deterministic(declare)


@pytest.mark.parametrize("subnets", [["subnet-b", "subnet-a"], ["subnet-a", "subnet-b"]])
def test_the_order_of_subnets_changes_no_urn(subnets: list[str]) -> None:
    assert {r.urn for r in declare(subnet_ids=subnets)} == {r.urn for r in declare()}


@pytest.mark.parametrize(
    ("more", "new"),
    [
        (
            {
                "access_entries": {
                    **ARGS["access_entries"],
                    "a": {"principal_arn": "arn:aws:iam::123456789012:role/a", "policy": "view"},
                }
            },
            {"prod-access-a"},
        ),
        ({"endpoint_private_cidrs": ["10.9.0.0/16"]}, {"prod-control-plane-from-10.9.0.0-16"}),
        ({"egress_prefix_lists": {"s3": "pl-1"}}, {"prod-nodes-to-s3"}),
        ({"addons": [*USUAL, "metrics-server"]}, {"prod-metrics-server"}),
    ],
)
def test_what_is_added_leaves_everything_else_as_it_was(more: dict[str, Any], new: set[str]) -> None:
    before, after = declare(), declare(**more)
    assert {each.name for each in after if each.urn not in before.resources} == new
    top = component(before).urn
    # Their order of creation may wait for more; what they are told is the same.
    changed = [each for each in before if each.urn != top and each.inputs != after[each.urn].inputs]
    assert changed == []


def test_objects_wait_for_the_whole_cluster_and_leave_before_it() -> None:
    def program() -> None:
        cluster = EksCluster("prod", ARGS)  # type: ignore[arg-type]
        provider = eks_provider(
            "prod",
            kubeconfig=cluster.kubeconfig,
            cluster_name=cluster.cluster_name,
            opts=pulumi.ResourceOptions(depends_on=[cluster]),
        )
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "research"}}
        KubernetesObject("research", space, pulumi.ResourceOptions(provider=provider))

    graph = evaluate(program)
    (provider,) = [each for each in graph if each.is_provider and each.package == "kubernetes"]
    assert graph.named("research").provider.startswith(provider.urn)
    before = {graph[urn].name for urn in needs(graph, provider)}
    assert {"prod-system", "prod-coredns", "prod-access-deployment"} <= before
    # A provider takes nothing but text.
    flags = {"clusterIdentifier": "prod", "enableServerSideApply": "true", "enableConfigMapMutable": "true"}
    assert_inputs(provider, flags)
