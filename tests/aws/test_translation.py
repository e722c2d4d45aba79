"""The translation itself: references, blocks, names, regions, dependencies."""

import json

import pulumi
import pulumi_aws as aws
import pytest
from terraforming.references import References, opened
from terraforming.terraform import Missing, plugin_folder
from terraforming.translation import Translator

from aidc.evaluation import evaluate


@pytest.fixture
def translate(terraform):
    def translate(program, **options):
        references = References(terraform.provider)
        translator = Translator(terraform.provider, references)
        translator.add(evaluate(program, answers=[references], **options))
        return translator.configuration

    return translate


def test_references_live_and_other_templates_do_not():
    assert opened("tf<aws_vpc.x.id>/${aws:username}%{x}") == "${aws_vpc.x.id}/$${aws:username}%%{x}"


def test_references_blocks_and_names(translate):
    def program():
        vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", tags={"Name": "main"})
        group = aws.ec2.SecurityGroup(
            "nodes", vpc_id=vpc.id, ingress=[{"from_port": 1, "to_port": 1, "protocol": "tcp", "self": True}]
        )
        aws.ecr.Repository("images", image_scanning_configuration={"scan_on_push": True})
        role = aws.iam.Role("x", assume_role_policy=vpc.arn.apply(lambda arn: json.dumps({"Resource": arn})))
        cluster = aws.eks.Cluster(
            "prod",
            role_arn=role.arn,
            vpc_config={"subnet_ids": ["subnet-1"], "security_group_ids": [group.id]},
            opts=pulumi.ResourceOptions(ignore_changes=["tags", "vpcConfig.subnetIds"]),
        )
        aws.iam.OpenIdConnectProvider(
            "oidc", url=cluster.identities[0].oidcs[0].issuer, client_id_lists=["sts.amazonaws.com"]
        )

    resources = translate(program).resources
    assert resources["aws_security_group"]["nodes"]["vpc_id"] == "${aws_vpc.main.id}"
    (rule,) = resources["aws_security_group"]["nodes"]["ingress"]
    assert (rule["from_port"], rule["cidr_blocks"]) == (1, None), "an object has all its keys"
    assert resources["aws_ecr_repository"]["images"]["name"] == "images"
    assert resources["aws_ecr_repository"]["images"]["image_scanning_configuration"] == [{"scan_on_push": True}]
    assert resources["aws_iam_role"]["x"]["assume_role_policy"] == '{"Resource": "${aws_vpc.main.arn}"}'
    assert resources["aws_eks_cluster"]["prod"]["vpc_config"] == [
        {"subnet_ids": ["subnet-1"], "security_group_ids": ["${aws_security_group.nodes.id}"]}
    ]
    assert resources["aws_eks_cluster"]["prod"]["lifecycle"] == {"ignore_changes": ["tags", "vpc_config[0].subnet_ids"]}
    provider = resources["aws_iam_openid_connect_provider"]["oidc"]
    assert provider["url"] == "${aws_eks_cluster.prod.identity[0].oidc[0].issuer}"
    assert provider["client_id_list"] == ["sts.amazonaws.com"]


def test_regions_and_default_tags_are_providers(translate):
    def program():
        tagged = aws.Provider("there", region="eu-west-1", default_tags={"tags": {"team": "a"}})
        aws.sqs.Queue("here")
        aws.sqs.Queue("there", opts=pulumi.ResourceOptions(provider=tagged))
        aws.sqs.Queue("own", region="eu-west-1")

    configuration = translate(program)
    aliases = {name: each["provider"] for name, each in configuration.resources["aws_sqs_queue"].items()}
    providers = {each["alias"]: each for each in configuration.document({"max_retries": 1})["provider"]["aws"]}
    assert not configuration.newer
    found = {name: providers[alias.removeprefix("aws.")] for name, alias in aliases.items()}
    assert {name: each["region"] for name, each in found.items()} == {
        "here": "us-east-1",
        "there": "eu-west-1",
        "own": "eu-west-1",
    }
    assert found["there"]["default_tags"] == [{"tags": {"team": "a"}}]
    assert "default_tags" not in found["own"]
    assert len(providers) == 3
    assert all(each["max_retries"] == 1 for each in providers.values())


def test_dependencies_go_through_what_is_not_of_aws(translate):
    class Pair(pulumi.ComponentResource):
        def __init__(self):
            super().__init__("test:index:Pair", "pair")
            aws.sqs.Queue("inner", opts=pulumi.ResourceOptions(parent=self))

    def program():
        import pulumi_kubernetes as k8s

        pair = Pair()
        between = k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, opts=pulumi.ResourceOptions(depends_on=[pair]))
        aws.sqs.Queue("last", opts=pulumi.ResourceOptions(depends_on=[between]))

    queues = translate(program).resources["aws_sqs_queue"]
    assert queues["last"]["depends_on"] == ["aws_sqs_queue.inner"]
    assert "depends_on" not in queues["inner"]


def test_two_of_one_name_are_two(translate):
    class Parent(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__(f"test:index:{name}", name)
            self.queue = aws.sqs.Queue("x", opts=pulumi.ResourceOptions(parent=self))

    def program():
        for name in ("a", "b"):
            aws.sns.Topic(name, display_name=Parent(name).queue.arn)

    configuration = translate(program)
    assert {name: each["display_name"] for name, each in configuration.resources["aws_sns_topic"].items()} == {
        "a": "${aws_sqs_queue.x.arn}",
        "b": "${aws_sqs_queue.x_2.arn}",
    }


def test_the_plugin_folder_is_found_where_it_is_named(tmp_path):
    place = tmp_path / "any/registry.terraform.io/hashicorp/aws/5.100.0"
    place.mkdir(parents=True)
    assert plugin_folder({"AIDC_TERRAFORM_PLUGINS": str(tmp_path / "any")}) == tmp_path / "any"
    assert plugin_folder({"TF_PLUGIN_CACHE_DIR": str(tmp_path)}) == tmp_path / "any"


def test_without_terraform_it_is_said_what_is_missing(tmp_path):
    from terraforming.terraform import Terraform

    with pytest.raises(Missing, match="terraform is not on PATH"):
        Terraform(tmp_path, {"PATH": str(tmp_path)})
