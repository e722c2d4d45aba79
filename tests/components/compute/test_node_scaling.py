"""NodeScaling: placeholders that keep nodes warm and that anything may evict."""

import pytest

from aidc.components.compute import GpuNodePool, NodeScaling, NodeScalingArgs
from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput

WARM: NodeScalingArgs = {
    "namespace": "headroom",
    "node_pool": "h100",
    "headroom": 2,
    "instance_type": "p5.48xlarge",
}
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def declare(args: NodeScalingArgs, *, preview: bool = False) -> ResourceGraph:
    return evaluate(lambda: NodeScaling("warm", args), preview=preview)


def test_children_are_exactly_these() -> None:
    graph = declare(WARM)
    component = graph.named("warm", "aidc:index:NodeScaling")
    assert sorted((r.type, r.name) for r in graph.descendants(component.urn)) == [
        (DEPLOYMENT, "warm"),
        ("kubernetes:scheduling.k8s.io/v1:PriorityClass", "warm-priority"),
    ]


def test_anything_may_evict_a_placeholder_and_none_evicts_anything() -> None:
    priority = declare(WARM).named("warm-priority").inputs
    assert priority["value"] == -10
    assert priority["preemptionPolicy"] == "Never"
    assert priority["globalDefault"] is False


def test_a_placeholder_takes_a_whole_node_and_leaves_it_at_once() -> None:
    spec = declare(WARM).named("warm", DEPLOYMENT).inputs["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"] == {"type": "Recreate"}
    pod = spec["template"]["spec"]
    assert pod["nodeSelector"] == {
        "aidc.dev/node-pool": "h100",
        "node.kubernetes.io/instance-type": "p5.48xlarge",
    }
    assert pod["priorityClassName"] == "warm-headroom"
    assert pod["terminationGracePeriodSeconds"] == 0
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    (container,) = pod["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "8"
    assert container["resources"]["requests"]["nvidia.com/gpu"] == "8"


def test_placeholders_pass_pod_security_restricted() -> None:
    pod = declare(WARM).named("warm", DEPLOYMENT).inputs["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    security = pod["containers"][0]["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert pod["serviceAccountName"] == "workload"
    assert pod["automountServiceAccountToken"] is False


def test_the_selector_finds_its_own_pods_only() -> None:
    def program() -> None:
        NodeScaling("warm", WARM)
        NodeScaling("warmer", WARM)

    graph = evaluate(program)
    specs = [r.inputs["spec"] for r in graph.of_type(DEPLOYMENT)]
    selectors = [spec["selector"]["matchLabels"] for spec in specs]
    assert selectors[0] != selectors[1]
    assert all(s["selector"]["matchLabels"].items() <= s["template"]["metadata"]["labels"].items() for s in specs)
    assert len({r.inputs["metadata"]["name"] for r in graph.of_type("kubernetes:*:PriorityClass")}) == 2


def test_it_comes_after_its_pool() -> None:
    def program() -> None:
        pool = GpuNodePool(
            "h100",
            {
                "provisioner": "karpenter-kwok",  # type: ignore[typeddict-item]
                "instance_types": ["p5.48xlarge"],
                "scaling": {"maximum_nodes": 4},
            },
        )
        NodeScaling("warm", {**WARM, "node_pool": pool.pool_name})

    for preview in (False, True):
        graph = evaluate(program, preview=preview)
        warm = graph.named("warm", DEPLOYMENT)
        assert graph.named("h100", "kubernetes:karpenter.sh/v1:NodePool").urn in warm.dependencies
        assert warm.inputs["spec"]["template"]["spec"]["nodeSelector"]["aidc.dev/node-pool"] == "h100"


def test_outputs_say_what_is_kept_free() -> None:
    outputs = declare(WARM).named("warm", "aidc:index:NodeScaling").outputs
    assert outputs["headroom"] == 2
    assert (outputs["deployment"], outputs["priority_class"]) == ("warm", "warm-headroom")
    assert outputs["requests"]["nvidia.com/gpu"] == "8"


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match="NodeScaling 'warm'"):
        declare({**WARM, "headroom": 0})
