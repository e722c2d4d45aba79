"""What auditors run: checkov over the Terraform JSON and the manifests, kube-score over the manifests."""

import json
from pathlib import Path

import pulumi_aws as aws
import pytest
import yaml
from terraforming import language
from terraforming.references import References
from terraforming.scanning import Exceptions, Missing, checkov, kube_score
from terraforming.translation import Translator

from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of
from aidc.tools import ToolError

pytestmark = pytest.mark.timeout(1500)
RULES = yaml.safe_load((Path(__file__).parent / "audit.yaml").read_text())
BAD = "bad"


def bad_resources():
    """What every platform team has seen once, and the checks that must tell."""
    star = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    vpc = aws.ec2.Vpc("bad", cidr_block="10.0.0.0/16")
    group = aws.ec2.SecurityGroup("bad", vpc_id=vpc.id)
    everybody = {"security_group_id": group.id, "cidr_ipv4": "0.0.0.0/0"}
    aws.vpc.SecurityGroupIngressRule("bad", **everybody, ip_protocol="tcp", from_port=22, to_port=22)
    aws.eks.Cluster("bad", role_arn="arn:aws:iam::123456789012:role/x", vpc_config={"subnet_ids": ["subnet-1"]})
    aws.ec2.LaunchTemplate(
        "bad", vpc_security_group_ids=[group.id], metadata_options={"http_put_response_hop_limit": 2}
    )
    aws.s3.Bucket("bad")
    aws.efs.FileSystem("bad")
    aws.kms.Key("bad")
    aws.iam.RolePolicy("bad", role="x", policy=star)
    aws.iam.Role("bad", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [anybody]}))
    aws.ecr.Repository("bad")


FOUND_IN_BAD = {
    *("CKV_AWS_37", "CKV_AWS_38", "CKV_AWS_39", "CKV_AWS_58"),
    *("CKV_AWS_79", "CKV_AWS_341", "CKV2_AWS_11", "CKV2_AWS_12", "CKV_AWS_24"),
    *("CKV2_AWS_6", "CKV_AWS_145", "CKV_AWS_21", "CKV2_AWS_61", "CKV_AWS_18", "CKV_AWS_42", "CKV_AWS_184", "CKV_AWS_7"),
    *("CKV_AWS_62", "CKV_AWS_63", "CKV_AWS_355", "CKV_AWS_286", "CKV_AWS_289", "CKV_AWS_290", "CKV_AWS_60"),
    *("CKV_AWS_51", "CKV_AWS_163", "CKV_AWS_136"),
    *("CKV_K8S_16", "CKV_K8S_20", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "CKV_K8S_22", "CKV_K8S_23", "CKV_K8S_28"),
    *("CKV_K8S_31", "CKV_K8S_10", "CKV_K8S_11", "CKV_K8S_12", "CKV_K8S_13", "CKV_K8S_8", "CKV_K8S_9", "CKV_K8S_14"),
    *("CKV_K8S_43", "CKV_K8S_38"),
}
BAD_POD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "bad", "namespace": "bad"},
    "spec": {
        "selector": {"matchLabels": {"app": "bad"}},
        "template": {
            "metadata": {"labels": {"app": "bad"}},
            "spec": {
                "hostNetwork": True,
                "hostPID": True,
                "hostIPC": True,
                "containers": [
                    {
                        "name": "bad",
                        "image": "example.com/bad:latest",
                        "securityContext": {"privileged": True, "allowPrivilegeEscalation": True},
                    }
                ],
            },
        },
    },
}


@pytest.fixture(scope="module")
def written(terraform, graphs, environments, tmp_path_factory):
    """A folder for each environment, and one for what is bad."""
    root = tmp_path_factory.mktemp("audit")
    for name in [*environments, BAD]:
        references = References(terraform.provider)
        translator = Translator(terraform.provider, references)
        if name == BAD:
            graph, objects = evaluate(bad_resources, answers=[references]), [BAD_POD]
        else:
            graph = graphs["environment"](name, answers=[references])
            objects = manifests_of(graph)
        translator.add(graph)
        (root / name).mkdir()
        (root / name / "main.tf").write_text(language.written(translator.configuration, terraform.provider))
        (root / name / "objects.yaml").write_text(yaml.safe_dump_all(objects))
    return root


@pytest.fixture(scope="module")
def policies(written):
    try:
        return checkov(written)
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def scores(written, environments):
    try:
        return kube_score({name: written / name / "objects.yaml" for name in [*environments, BAD]})
    except ToolError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def exceptions():
    return Exceptions(RULES["exceptions"])


def test_what_is_bad_is_found(policies, scores):
    found = {each.check for each in policies.findings if each.folder == BAD}
    assert found >= FOUND_IN_BAD
    assert {each.check for each in scores.findings if each.folder == BAD} >= {
        "container-image-tag",
        "container-resources",
        "container-security-context-privileged",
        "container-security-context-readonlyrootfilesystem",
        "pod-networkpolicy",
    }


def test_every_finding_is_an_exception_with_a_reason(environment, policies, scores, exceptions):
    findings = [each for each in policies.findings | scores.findings if each.folder == environment]
    remaining = exceptions.remaining(findings)
    assert not remaining, "\n" + "\n".join(map(str, remaining))


def test_every_exception_is_needed(policies, scores, exceptions, environments):
    findings = [each for each in policies.findings | scores.findings if each.folder in environments]
    assert not exceptions.unused(findings)
    assert all(each["reason"].strip() for each in RULES["exceptions"])


def test_every_required_check_has_judged_something(policies, environments):
    judged = {check for folder, check in policies.passed if folder in environments}
    judged |= {each.check for each in policies.findings if each.folder in environments}
    required = {check for checks in RULES["required"].values() for check in checks}
    assert required - judged == set(RULES["absent"])


def test_no_rule_opens_all_ports_to_everybody(environment, graphs):
    """CKV_AWS_277 and CKV_AWS_382 as we read them: the scanner does not judge rules that name a protocol only."""
    rules = [each for each in graphs["environment"](environment) if "SecurityGroup" in each.type]
    opened = [
        each.name
        for each in rules
        if each.inputs.get("ipProtocol") == "-1"
        and {each.inputs.get("cidrIpv4"), each.inputs.get("cidrIpv6")} & {"0.0.0.0/0", "::/0"}
    ]
    assert rules
    assert not opened
    assert not [each.name for each in rules if each.inputs.get("ingress") or each.inputs.get("egress")]
