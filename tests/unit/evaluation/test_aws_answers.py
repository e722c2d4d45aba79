"""What AWS is taken to answer: ids and ARNs of each service's own form."""

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from aidc.evaluation import evaluate
from aidc.evaluation.aws_answers import aws_answer, aws_call, aws_id
from aidc.evaluation.aws_forms import FORMS

HERE = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("type", "inputs", "arn", "id"),
    [
        ("ec2/vpc:Vpc", {}, rf"arn:aws:ec2:{HERE}:vpc/vpc-[0-9a-f]{{17}}", r"vpc-[0-9a-f]{17}"),
        ("ec2/natGateway:NatGateway", {}, rf"arn:aws:ec2:{HERE}:natgateway/nat-.*", r"nat-[0-9a-f]{17}"),
        ("iam/role:Role", {"name": "node"}, r"arn:aws:iam::123456789012:role/node", "node"),
        ("iam/role:Role", {"path": "/a/"}, r"arn:aws:iam::123456789012:role/a/x", "x"),
        ("iam/policy:Policy", {}, r"arn:aws:iam::123456789012:policy/x", r"arn:aws:iam::123456789012:policy/x"),
        ("s3/bucket:Bucket", {"bucket": "data"}, r"arn:aws:s3:::data", "data"),
        ("kms/key:Key", {}, rf"arn:aws:kms:{HERE}:key/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-.{{12}}", r"[0-9a-f-]{36}"),
        ("eks/cluster:Cluster", {"name": "prod"}, rf"arn:aws:eks:{HERE}:cluster/prod", "prod"),
        (
            "eks/nodeGroup:NodeGroup",
            {"clusterName": "prod", "nodeGroupName": "system"},
            rf"arn:aws:eks:{HERE}:nodegroup/prod/system/.{{36}}",
            "prod:system",
        ),
        ("sqs/queue:Queue", {}, rf"arn:aws:sqs:{HERE}:x", "https://sqs.us-east-1.amazonaws.com/123456789012/x"),
        ("cloudwatch/logGroup:LogGroup", {"name": "/a"}, rf"arn:aws:logs:{HERE}:log-group:/a", "/a"),
        (
            "lb/loadBalancer:LoadBalancer",
            {"loadBalancerType": "network"},
            rf"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/net/x/.{{8}}",
            "arn:.*",
        ),
        ("dynamodb/table:Table", {}, rf"arn:aws:dynamodb:{HERE}:table/x", "x"),
    ],
)
def test_forms_of_arns_and_ids(type: str, inputs: dict[str, Any], arn: str, id: str) -> None:
    import re

    answered = aws_answer(f"aws:{type}", "x", inputs)
    assert answered is not None
    assert re.fullmatch(arn, answered["arn"]), answered["arn"]
    assert re.fullmatch(id, answered["id"]), answered["id"]
    assert aws_id(f"aws:{type}", "x", inputs) == answered["id"]


@pytest.mark.parametrize("type", sorted(FORMS))
def test_every_form_is_complete_for_any_inputs(type: str) -> None:
    answered = aws_answer(f"aws:{type}", "x", {})
    assert answered is not None
    assert answered["arn"].startswith("arn:aws:") or type == "secretsmanager/secretVersion:SecretVersion"
    assert "{" not in str([value for value in answered.values() if isinstance(value, str)])
    other = aws_answer(f"aws:{type}", "y", {})
    assert other is not None
    assert other["id"] != answered["id"] or answered["id"] in (":", "/")


def test_partition_and_names_of_hosts_follow_the_region() -> None:
    queue = aws_answer("aws:sqs/queue:Queue", "x", {}, "cn-north-1")
    assert queue is not None
    assert queue["url"] == "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/x"
    assert queue["arn"] == "arn:aws-cn:sqs:cn-north-1:123456789012:x"
    own = aws_answer("aws:sqs/queue:Queue", "x", {"region": "eu-west-1"}, "cn-north-1")
    assert own is not None
    assert own["arn"] == "arn:aws:sqs:eu-west-1:123456789012:x"
    known = aws_call("aws:index/getRegion:getRegion", {}, "eu-west-1")
    assert known == {"region": "eu-west-1", "name": "eu-west-1", "id": "eu-west-1"}


def test_other_providers_are_not_answered() -> None:
    assert aws_answer("kubernetes:core/v1:ConfigMap", "x", {}) is None
    assert aws_call("kubernetes:yaml:decode", {}) is None


def test_regions_come_from_the_resource_its_provider_or_the_configuration() -> None:
    def program() -> None:
        there = aws.Provider("there", region="eu-west-1")
        aws.sqs.Queue("default")
        aws.sqs.Queue("explicit", opts=pulumi.ResourceOptions(provider=there))
        own = aws.sqs.Queue("own", region="ap-south-1", opts=pulumi.ResourceOptions(provider=there))
        options = pulumi.InvokeOutputOptions(provider=there)
        for name, queue in {"own": own}.items():
            pulumi.export(name, queue.arn)
        pulumi.export("asked", aws.get_region_output(opts=options).region)
        pulumi.export("asked by default", aws.get_region_output().region)

    graph = evaluate(program, config={"aws:region": "us-west-2"})
    assert graph.outputs == {
        "own": "arn:aws:sqs:ap-south-1:123456789012:own",
        "asked": "eu-west-1",
        "asked by default": "us-west-2",
    }


def test_what_a_cluster_is_asked_for() -> None:
    def program() -> None:
        cluster = aws.eks.Cluster(
            "prod", name="prod", role_arn="arn:aws:iam::123456789012:role/x", vpc_config={"subnet_ids": ["subnet-1"]}
        )
        pulumi.export("authority", cluster.certificate_authority.data)
        pulumi.export("issuer", cluster.identities[0].oidcs[0].issuer)
        pulumi.export("group", cluster.vpc_config.cluster_security_group_id)
        pulumi.export("subnets", cluster.vpc_config.subnet_ids)
        pulumi.export("endpoint", cluster.endpoint)

    outputs = evaluate(program).outputs
    assert outputs["authority"] == "Y2VydGlmaWNhdGU="
    assert outputs["issuer"].startswith("https://oidc.eks.us-east-1.amazonaws.com/id/")
    assert outputs["group"].startswith("sg-")
    assert outputs["subnets"] == ["subnet-1"]
    assert outputs["endpoint"].endswith(".gr7.us-east-1.eks.amazonaws.com")


def test_an_answer_may_give_the_id() -> None:
    def answer(type: str, name: str, inputs: Any) -> dict[str, str]:
        return {"id": "vpc-1", "arn": "arn"}

    def program() -> None:
        vpc = aws.ec2.Vpc("x", cidr_block="10.0.0.0/16")
        pulumi.export("id", vpc.id)
        pulumi.export("arn", vpc.arn)

    assert evaluate(program, answers=[answer]).outputs == {"id": "vpc-1", "arn": "arn"}
