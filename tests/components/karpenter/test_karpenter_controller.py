"""Karpenter's controller: exact children, values of the chart, and the order in which they come and go."""

import json
from typing import Any

import pulumi

from aidc.evaluation import UNKNOWN, Resource, ResourceGraph, evaluate
from aidc.evaluation.testing import assert_deterministic, assert_inputs, assert_known
from aidc.infra.karpenter import INTERRUPTION_EVENTS, KarpenterController
from aidc.infra.kubernetes import KubernetesObject

ROLE = "arn:aws:iam::123456789012:role/prod-node"
ARGS: dict[str, Any] = {"cluster_name": "prod", "node_role_arn": ROLE}
RELEASE = "kubernetes:helm.sh/v3:Release"
QUEUE = "aws:sqs/queue:Queue"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"


def declare(*, preview: bool = False, **more: Any) -> ResourceGraph:
    return evaluate(lambda: KarpenterController("karpenter", {**ARGS, **more}), preview=preview)  # type: ignore[typeddict-item]


def component(graph: ResourceGraph) -> Resource:
    return graph.named("karpenter", "aidc:index:KarpenterController")


def values(graph: ResourceGraph) -> dict[str, Any]:
    return graph.named("karpenter", RELEASE).inputs["values"]


def test_it_makes_exactly_this() -> None:
    graph = declare()
    made = sorted((r.type, r.name) for r in graph.descendants(component(graph).urn))
    assert made == sorted(
        [
            (QUEUE, "karpenter-interruption"),
            ("aws:sqs/queuePolicy:QueuePolicy", "karpenter-interruption"),
            *[(kind, f"karpenter-{key}") for kind in (RULE, TARGET) for key in INTERRUPTION_EVENTS],
            ("aidc:index:WorkloadIdentity", "karpenter-identity"),
            ("aws:iam/role:Role", "karpenter-identity"),
            ("aws:iam/rolePolicy:RolePolicy", "karpenter-identity-access"),
            ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "karpenter-identity"),
            (RELEASE, "karpenter-crd"),
            (RELEASE, "karpenter"),
        ]
    )
    assert_known(graph)
    assert component(graph).outputs == {
        "queue_name": "prod-karpenter",
        "ready": "karpenter",
        "role_arn": "arn:aws:iam::123456789012:role/prod-karpenter",
    }


def test_the_definitions_come_first_then_identity_and_queue_then_the_controller() -> None:
    graph = declare()
    controller = graph.named("karpenter", RELEASE)
    before = {(graph[urn].type, graph[urn].name) for urn in controller.dependencies}
    assert (RELEASE, "karpenter-crd") in before
    assert ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "karpenter-identity") in before
    assert ("aws:iam/rolePolicy:RolePolicy", "karpenter-identity-access") in before
    assert ("aws:sqs/queuePolicy:QueuePolicy", "karpenter-interruption") in before
    assert {(TARGET, f"karpenter-{key}") for key in INTERRUPTION_EVENTS} <= before
    assert controller.inputs["skipCrds"] is True
    assert graph.named("karpenter-crd", RELEASE).inputs["version"] == controller.inputs["version"]


def test_node_pools_wait_for_the_controller_and_leave_before_it() -> None:
    def program() -> None:
        karpenter = KarpenterController("karpenter", ARGS)  # type: ignore[arg-type]
        pool = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "cpu"}, "spec": {}}
        KubernetesObject("cpu", pool, pulumi.ResourceOptions(depends_on=[karpenter]))

    graph = evaluate(program)
    needs = {(graph[urn].type, graph[urn].name) for urn in graph.named("cpu").dependencies}
    assert {(RELEASE, "karpenter"), (RELEASE, "karpenter-crd"), (QUEUE, "karpenter-interruption")} <= needs


def test_the_queue_is_short_lived_and_encrypted() -> None:
    inputs = {"name": "prod-karpenter", "messageRetentionSeconds": 300}
    assert declare().named("karpenter-interruption", QUEUE).inputs == {**inputs, "sqsManagedSseEnabled": True}
    with_key = declare(encryption_key="arn:key")
    assert with_key.named("karpenter-interruption", QUEUE).inputs == {**inputs, "kmsMasterKeyId": "arn:key"}
    policy = json.loads(with_key.named("karpenter-identity-access").inputs["policy"])
    assert [each["Resource"] for each in policy["Statement"] if each["Action"] == ["kms:Decrypt"]] == [["arn:key"]]


def test_every_rule_sends_to_the_queue_and_the_queue_takes_from_them_alone() -> None:
    graph = declare()
    queue_arn = "arn:aws:sqs:us-east-1:123456789012:prod-karpenter"
    assert {target.inputs["arn"] for target in graph.of_type(TARGET)} == {queue_arn}
    patterns = [json.loads(rule.inputs["eventPattern"]) for rule in graph.of_type(RULE)]
    assert {pattern["detail-type"][0] for pattern in patterns} == {e.detail_type for e in INTERRUPTION_EVENTS.values()}
    policy = json.loads(graph.named("karpenter-interruption", "aws:sqs/queuePolicy:QueuePolicy").inputs["policy"])
    allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    assert len(allowed) == 1
    assert len(allowed[0]["Condition"]["ArnEquals"]["aws:SourceArn"]) == len(INTERRUPTION_EVENTS)


def test_without_interruption_there_is_no_queue_and_nothing_that_names_one() -> None:
    graph = declare(interruption=False)
    assert not graph.of_type(QUEUE) + graph.of_type(RULE) + graph.of_type(TARGET)
    assert "interruptionQueue" not in values(graph)["settings"]
    assert "sqs:" not in graph.named("karpenter-identity-access").inputs["policy"]
    assert component(graph).outputs.get("queue_name") is None


def test_the_controller_runs_on_system_nodes_twice() -> None:
    found = values(declare())
    assert (found["replicas"], found["priorityClassName"]) == (2, "system-cluster-critical")
    assert found["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    assert found["podDisruptionBudget"] == {"name": "karpenter", "maxUnavailable": 1}
    assert found["controller"]["resources"] == {
        "requests": {"cpu": "1", "memory": "1Gi"},
        "limits": {"memory": "1Gi"},
    }
    assert found["topologySpreadConstraints"][0]["topologyKey"] == "topology.kubernetes.io/zone"
    assert found["settings"] == {
        "clusterName": "prod",
        "enableZonalShift": True,
        "featureGates": {
            "capacityBuffer": False,
            "nodeOverlay": False,
            "nodeRepair": False,
            "reservedCapacity": True,
            "spotToSpotConsolidation": False,
            "staticCapacity": False,
        },
        "interruptionQueue": "prod-karpenter",
        "isolatedVPC": False,
        "reservedENIs": "0",
    }


def test_settings_follow_the_inputs() -> None:
    endpoint = "https://api"
    graph = declare(
        endpoint=endpoint,
        isolated_network=True,
        reserved_network_interfaces=1,
        zonal_shift=False,
        feature_gates={"node_repair": True},
        replicas=1,
    )
    assert_inputs(
        graph.named("karpenter", RELEASE),
        {
            "values": {
                "replicas": 1,
                "settings": {
                    "clusterEndpoint": endpoint,
                    "isolatedVPC": True,
                    "reservedENIs": "1",
                    "enableZonalShift": False,
                    "featureGates": {"nodeRepair": True, "reservedCapacity": True},
                },
            }
        },
    )


def test_without_a_way_to_iam_the_instance_profile_is_made_here() -> None:
    graph = evaluate(lambda: KarpenterController("karpenter", {**ARGS, "isolated_network": True}))  # type: ignore
    (profile,) = graph.of_type("aws:iam/instanceProfile:InstanceProfile")
    assert profile.inputs == {"name": "prod-node", "role": "prod-node"}
    assert graph.named("karpenter", RELEASE).inputs["values"]["settings"]["isolatedVPC"] is True
    (component,) = graph.of_type("aidc:index:KarpenterController")
    assert component.outputs["instance_profile"] == "prod-node"


def test_irsa_is_an_annotation_of_the_service_account() -> None:
    issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/A"
    graph = declare(identity="service-account", oidc_provider_arn="arn:provider", oidc_issuer=issuer)
    assert values(graph)["serviceAccount"] == {
        "name": "karpenter",
        "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/prod-karpenter"},
    }
    assert not graph.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")


def test_a_component_of_another_name_installs_the_same_objects() -> None:
    graph = evaluate(lambda: KarpenterController("nodes", ARGS))  # type: ignore[arg-type]
    assert {each.name for each in graph.of_type(RELEASE)} == {"nodes", "nodes-crd"}
    found = graph.named("nodes", RELEASE).inputs["values"]
    assert (found["fullnameOverride"], found["serviceAccount"]["name"]) == ("karpenter", "karpenter")


def test_a_first_preview_with_unknown_inputs() -> None:
    def program() -> None:
        unknown = pulumi.Output.from_input("x").apply(lambda _: pulumi.UNKNOWN)
        args: dict[str, Any] = {**ARGS, "node_role_arn": unknown, "endpoint": unknown, "encryption_key": unknown}
        KarpenterController("karpenter", args)  # type: ignore[arg-type]

    first = evaluate(program, preview=True)
    assert {r.urn for r in first} == {r.urn for r in declare(endpoint="https://api", encryption_key="arn:key")}
    assert component(first).outputs["ready"] == UNKNOWN
    assert first.warnings == ()


def test_the_same_program_declares_the_same_bytes() -> None:
    assert_deterministic(declare)
