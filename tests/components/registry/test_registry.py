"""Registries and images: exact children, what auditors look at, and credentials that stay secret."""

import json
from pathlib import Path
from typing import Any

import pytest

from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.testing import assert_inputs, assert_known, assert_protected
from aidc.infra.registry import ContainerRegistry, WorkloadImage

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FAR_KEY = KEY.replace("us-east-1", "us-west-2")
REPOSITORY = "aws:ecr/repository:Repository"
IMAGE = "docker:index/image:Image"


def declare(**more: Any) -> ResourceGraph:
    args: Any = {"encryption_key": KEY, "repositories": {"trainer": {}}, **more}
    return evaluate(lambda: ContainerRegistry("prod", args))


def children(graph: ResourceGraph) -> list[tuple[str, str]]:
    return sorted((each.type, each.name) for each in graph if each.type.startswith("aws:"))


def test_a_repository_is_immutable_scanned_and_encrypted() -> None:
    graph = declare()
    assert children(graph) == [
        ("aws:ecr/lifecyclePolicy:LifecyclePolicy", "prod-trainer"),
        (REPOSITORY, "prod-trainer"),
    ]
    assert_inputs(
        graph.named("prod-trainer", REPOSITORY),
        {
            "name": "prod/trainer",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
            "forceDelete": False,
        },
    )
    assert_protected(graph, [REPOSITORY])
    assert_known(graph)


def test_outputs_name_the_repositories() -> None:
    outputs = declare().named("prod").outputs
    host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert outputs["repository_urls"] == {"trainer": f"{host}/prod/trainer"}
    assert outputs["repository_arns"] == {"trainer": "arn:aws:ecr:us-east-1:123456789012:repository/prod/trainer"}
    assert outputs["cache_urls"] == {}


def test_other_accounts_may_pull_and_nothing_else() -> None:
    graph = declare(repositories={"trainer": {"pull_accounts": ["210987654321"]}})
    policy = json.loads(graph.named("prod-trainer", "aws:ecr/repositoryPolicy:RepositoryPolicy").inputs["policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::210987654321:root"]}
    assert statement["Action"] == [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
    ]


def test_a_cache_has_a_template_that_encrypts_and_a_role_that_may() -> None:
    graph = declare(caches={"k8s": {"registry": "registry.k8s.io"}})
    rule = graph.named("prod-k8s", "aws:ecr/pullThroughCacheRule:PullThroughCacheRule")
    assert_inputs(rule, {"ecrRepositoryPrefix": "k8s", "upstreamRegistryUrl": "registry.k8s.io"})
    template = graph.named("prod-k8s", "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate")
    assert_inputs(
        template,
        {
            "prefix": "k8s",
            "appliedFors": ["PULL_THROUGH_CACHE"],
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        },
    )
    # The first pull makes the repository; it must be encrypted already.
    assert template.urn in rule.dependencies
    statements = json.loads(graph.named("prod-templates-repositories").inputs["policy"])["Statement"]
    create, encrypt = statements
    assert create["Resource"] == ["arn:aws:ecr:*:123456789012:repository/k8s/*"]
    assert encrypt["Resource"] == [KEY]
    assert graph.named("prod").outputs["cache_urls"] == {"k8s": "123456789012.dkr.ecr.us-east-1.amazonaws.com/k8s"}


def test_docker_hub_is_pulled_with_credentials() -> None:
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub-AbCdEf"
    graph = declare(caches={"hub": {"registry": "docker-hub", "credentials_secret": secret}})
    rule = graph.named("prod-hub", "aws:ecr/pullThroughCacheRule:PullThroughCacheRule")
    assert_inputs(rule, {"upstreamRegistryUrl": "registry-1.docker.io", "credentialArn": secret})


def test_copies_in_another_region_are_encrypted_there() -> None:
    graph = declare(replicas={"us-west-2": FAR_KEY})
    template = graph.named("prod-us-west-2")
    assert_inputs(
        template,
        {
            "region": "us-west-2",
            "prefix": "prod",
            "appliedFors": ["REPLICATION"],
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": FAR_KEY}],
        },
    )
    replication = graph.named("prod", "aws:ecr/replicationConfiguration:ReplicationConfiguration")
    (rule,) = replication.inputs["replicationConfiguration"]["rules"]
    assert rule["destinations"] == [{"region": "us-west-2", "registryId": "123456789012"}]
    assert rule["repositoryFilters"] == [{"filter": "prod/", "filterType": "PREFIX_MATCH"}]
    assert template.urn in replication.dependencies


@pytest.mark.parametrize(
    ("scanning", "kind", "often"), [("on-push", "BASIC", "SCAN_ON_PUSH"), ("continuous", "ENHANCED", "CONTINUOUS_SCAN")]
)
def test_the_whole_registry_is_scanned_where_asked(scanning: str, kind: str, often: str) -> None:
    made = declare(scanning=scanning).named(
        "prod", "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
    )
    assert made.inputs["scanType"] == kind
    assert made.inputs["rules"][0]["scanFrequency"] == often


def test_a_repository_more_changes_nothing_else() -> None:
    before, after = declare(), declare(repositories={"trainer": {}, "a": {}})
    new = {each.urn: each.inputs for each in after if each.type.startswith("aws:")}
    for each in before:
        if each.type.startswith("aws:"):
            assert new[each.urn] == each.inputs


@pytest.fixture
def context(tmp_path: Path) -> str:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return str(tmp_path)


def build(context: str, *, preview: bool = False, **more: Any) -> ResourceGraph:
    args: Any = {"repository_url": "registry.example.com/ai/trainer", "context": context, **more}
    return evaluate(lambda: WorkloadImage("trainer", args), preview=preview)


def test_an_image_is_named_by_its_digest(context: str) -> None:
    graph = build(context, tag="1", cache_from=["registry.example.com/ai/trainer:0"], target="serve")
    image = graph.named("trainer", IMAGE)
    assert_inputs(
        image,
        {
            "imageName": "registry.example.com/ai/trainer:1",
            "buildOnPreview": False,
            "skipPush": False,
            "build": {
                "context": context,
                "platform": "linux/amd64",
                "builderVersion": "BuilderBuildKit",
                "target": "serve",
                "cacheFrom": {"images": ["registry.example.com/ai/trainer:0"]},
            },
        },
    )
    reference = graph.named("trainer", "aidc:index:WorkloadImage").outputs["reference"]
    name, _, digest = reference.partition("@sha256:")
    assert name == "registry.example.com/ai/trainer"
    assert len(digest) == 64


def test_a_preview_does_not_know_the_digest(context: str) -> None:
    outputs = build(context, preview=True).named("trainer", "aidc:index:WorkloadImage").outputs
    assert not isinstance(outputs["reference"], str)


def test_the_password_is_a_secret(context: str) -> None:
    image = build(context).named("trainer", IMAGE)
    assert "registry.password" in image.secrets


def test_with_a_login_of_the_machine_there_is_no_password(context: str) -> None:
    graph = build(context, docker_login=True)
    assert "registry" not in graph.named("trainer", IMAGE).inputs
    assert not graph.calls
