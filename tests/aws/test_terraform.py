"""The AWS part of every environment and example, judged by a real AWS provider of Terraform's."""

import pytest
from terraforming.references import References
from terraforming.translation import Translator

from aidc.evaluation import evaluate
from aidc.stacks import DataCenter, check_settings

# The first test reads the provider's schema and evaluates every environment; a machine of two cores may be slow at it.
pytestmark = pytest.mark.timeout(1500)

# Arguments of pulumi-aws 7 (which is made from version 6 of Terraform's provider) that version 5 does not have.
NEWER = {"aws_eks_cluster: deletionProtection"}


def valid(terraform, name, configuration):
    assert not configuration.unknown_types, "no type of Terraform's is known for these"
    assert not configuration.incomplete, "inputs that AWS wants and nothing gives"
    assert configuration.newer <= NEWER, "arguments that the provider does not have"
    folder = terraform.workspace(name, configuration.document({}))
    errors = terraform.validate(folder)
    assert not errors, "\n".join(errors)


def test_every_example_is_valid(terraform, graphs):
    references = References(terraform.provider)
    translator = Translator(terraform.provider, references)
    for component, number, args in graphs["examples"]():
        references.prefix = f"{component}_{number}_"
        translator.add(graphs["example"](component, number, args, answers=[references]))
    assert len(translator.configuration) > 300
    valid(terraform, "examples", translator.configuration)
    assert translator.configuration.newer == NEWER, "these arguments are not used any more"


def test_every_environment_is_valid(environment, terraform, graphs):
    references = References(terraform.provider)
    translator = Translator(terraform.provider, references)
    translator.add(graphs["environment"](environment, answers=[references]))
    assert len(translator.configuration) > 50
    valid(terraform, environment, translator.configuration)


LEAST = {
    "platform": "aws",
    "region": "us-east-1",
    "zones": ["us-east-1a", "us-east-1b"],
    "network": {"cidr": "10.60.0.0/16"},
    "cluster": {
        "accessEntries": {
            "deployment": {"principalArn": "arn:aws:iam::123456789012:role/deployment", "policy": "cluster-admin"}
        }
    },
}
POOL = {"instanceTypes": ["g6.xlarge"], "scaling": {"maximumNodes": 2, "staticNodes": 1}}
POOLS = {"l4": POOL, "group": {**POOL, "provisioner": "managed-node-group"}}
FORMS = {
    "auto-mode": {"cluster": {**LEAST["cluster"], "autoMode": True}},
    "ipv6": {"cluster": {**LEAST["cluster"], "ipFamily": "ipv6"}, "gpuNodePools": POOLS},
    "isolated": {"network": {"cidr": "10.60.0.0/16", "fullyPrivate": True}, "gpuNodePools": POOLS},
    "al2023": {"amiFamily": "al2023", "gpuNodePools": POOLS},
    "older": {"cluster": {**LEAST["cluster"], "kubernetesVersion": "1.35"}, "gpuNodePools": POOLS},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_cluster_is_valid(form, terraform):
    references = References(terraform.provider)
    translator = Translator(terraform.provider, references)
    settings = check_settings({**LEAST, **FORMS[form]}, form)
    translator.add(evaluate(lambda: DataCenter("data-center", settings), form, answers=[references]))
    assert len(translator.configuration) > 50
    valid(terraform, form, translator.configuration)


@pytest.mark.parametrize(
    ("token", "inputs", "told"),
    [
        ("aws:ec2/vpc:Vpc", {"cidrBlok": "10.0.0.0/16"}, "newer"),
        ("aws:ec2/vpcs:Vpcs", {}, "unknown_types"),
    ],
)
def test_what_the_provider_does_not_know_is_told(terraform, token, inputs, told):
    configuration = translated(terraform, [(token, inputs)])
    assert getattr(configuration, told)


def test_the_provider_refuses_what_aws_would(terraform):
    configuration = translated(terraform, [("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0"})])
    folder = terraform.workspace("refused", configuration.document({}))
    (error,) = terraform.validate(folder)
    assert "resource.aws_vpc.r0 r0:" in error
    assert "invalid CIDR" in error


def translated(terraform, resources):
    import pulumi

    from aidc.evaluation import evaluate

    class Any(pulumi.CustomResource):
        pass

    references = References(terraform.provider)
    translator = Translator(terraform.provider, references)
    translator.add(
        evaluate(
            lambda: [Any(token, f"r{index}", inputs) for index, (token, inputs) in enumerate(resources)] and None,
            answers=[references],
        )
    )
    return translator.configuration
