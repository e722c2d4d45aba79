"""What becomes of an environment on AWS where nothing of AWS is there."""

import copy
from typing import Any

import pytest

from aidc.controlplane.rehearsal import rehearse


def pool(**spec: Any) -> dict[str, Any]:
    requirements = [
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand", "reserved"]},
        {"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["p5"]},
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p5.48xlarge"]},
    ]
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "h100"}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"nodeClassRef": reference, "requirements": requirements}}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "h100"},
        "spec": {"template": template, "limits": {"cpu": "4", "vpc.amazonaws.com/efa": "32"}, **spec},
    }


def thing(api_version: str, kind: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": "y"}, "spec": spec}


def test_a_pool_on_ec2_becomes_one_of_simulated_nodes() -> None:
    given = pool()
    before = copy.deepcopy(given)
    node_class, made = rehearse([given]).objects
    assert given == before
    assert (node_class["kind"], node_class["metadata"]["name"]) == ("KWOKNodeClass", "default")
    template = made["spec"]["template"]["spec"]
    assert template["nodeClassRef"] == {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}
    assert template["requirements"] == [
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p5.48xlarge"]},
    ]
    assert made["spec"]["limits"] == {"cpu": "4"}
    assert made["spec"]["template"]["metadata"] == {"labels": {"a": "b"}}


def test_a_fixed_number_of_nodes_becomes_a_bound() -> None:
    _, made = rehearse([pool(replicas=3)]).objects
    assert "replicas" not in made["spec"]
    assert made["spec"]["limits"]["nodes"] == "3"


def test_a_load_balancer_of_aws_becomes_one_of_the_simulation() -> None:
    service = thing("v1", "Service", type="LoadBalancer", loadBalancerClass="service.k8s.aws/nlb")
    service["spec"]["allocateLoadBalancerNodePorts"] = False
    made = rehearse([service, pool()]).objects[0]
    assert made["spec"] == {"type": "LoadBalancer"}


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("karpenter.k8s.aws/v1", "EC2NodeClass"), ("external-secrets.io/v1", "ExternalSecret")],
)
def test_what_nobody_simulates_is_left_out_and_named(api_version: str, kind: str) -> None:
    rehearsal = rehearse([thing(api_version, kind), pool()])
    assert [each["kind"] for each in rehearsal.objects] == ["KWOKNodeClass", "NodePool"]
    assert list(rehearsal.left_out) == [f"{kind} y/x"]


def test_other_platforms_stay_as_they_are() -> None:
    given = [thing("external-secrets.io/v1", "ExternalSecret"), thing("v1", "Service", loadBalancerClass="a/b")]
    rehearsal = rehearse(given)
    assert list(rehearsal.objects) == given
    assert not rehearsal.left_out
