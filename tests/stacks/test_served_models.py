"""What the environments serve: exports that their own jobs write, read by who may."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import Resource, ResourceGraph
from aidc.problems import InvalidInput
from aidc.stacks import check_settings

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("local", "dev", "staging", "prod")
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"


def pods(graph: ResourceGraph, image: str) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    """The workloads whose containers run one of the library's programs, with the container."""
    for resource in graph:
        if resource.type.startswith("kubernetes:") and resource.inputs.get("kind") in ("Deployment", "JobSet"):
            spec = resource.inputs["spec"]
            if "replicatedJobs" in spec:
                spec = spec["replicatedJobs"][0]["template"]["spec"]
            for container in spec["template"]["spec"]["containers"]:
                if f"/{image}" in container["image"]:
                    yield resource, container


def exports(graph: ResourceGraph) -> set[str]:
    """Where the training jobs write their models, by the last folders of the path."""
    found: set[str] = set()
    for _, container in pods(graph, "training"):
        words = [word.removeprefix("export=") for word in container["args"] if word.startswith("export=")]
        variables = {each["name"]: each.get("value") for each in container["env"]}
        found.add(words[0] if words else f"{variables['CHECKPOINT_PATH']}/output/model")
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_server_has_a_model_that_a_job_of_the_environment_writes(
    environment: str, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    graph = evaluate_stack(ROOT, environment)
    written = exports(graph)
    servers = list(pods(graph, "inference"))
    assert {resource.name for resource, _ in servers} >= {"chat-deployment", "my-pytorch-deployment"}
    for _, container in servers:
        model = container["args"][container["args"].index("--model") + 1]
        (mount,) = [each for each in container["volumeMounts"] if model.startswith(f"{each['mountPath']}/")]
        assert mount["readOnly"]
        below = model.removeprefix(mount["mountPath"])
        assert any(place.endswith(below) for place in written), (model, written)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_servers_of_aws_read_the_bucket_that_the_jobs_write(
    environment: str, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    graph = evaluate_stack(ROOT, environment)
    bucket = graph.named("models", "aidc:index:ObjectStore").outputs["bucket"]
    volume = graph.named("models-volume")
    assert volume.inputs["spec"]["csi"]["volumeAttributes"]["bucketName"] == bucket
    assert allowed(graph, "serving", bucket) == {"s3:ListBucket", "s3:GetObject"}
    if environment == "dev":
        assert f"export=s3://{bucket}/gpt2" in dict(pods_by_name(graph))["gpt2-job"]["args"]
        assert "s3:PutObject" in allowed(graph, "research", bucket)
    else:
        link = graph.named("scratch-models", "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation").inputs
        assert link["dataRepositoryPath"] == f"s3://{bucket}"
        assert link["s3"] == {"autoExportPolicy": {"events": ["NEW", "CHANGED", "DELETED"]}}


def pods_by_name(graph: ResourceGraph) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The containers of the training jobs by the name of the resource."""
    for resource, container in pods(graph, "training"):
        yield resource.name, container


def allowed(graph: ResourceGraph, tenant: str, bucket: str) -> set[str]:
    """What the pods of a tenant may do with a bucket."""
    document = json.loads(graph.named(f"{tenant}-workload-access").inputs["policy"])
    return {
        action
        for statement in document["Statement"]
        for action in statement["Action"]
        if statement["Sid"] in ("ListObjectsOfModels", "UseObjectsOfModels")
        and all(bucket in resource for resource in statement["Resource"])
    }


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_no_service_account_has_two_roles(environment: str, evaluate_stack: Callable[..., ResourceGraph]) -> None:
    graph = evaluate_stack(ROOT, environment)
    accounts = [(each.inputs["namespace"], each.inputs["serviceAccount"]) for each in graph.of_type(ASSOCIATION)]
    assert ("serving", "workload") in accounts
    assert len(accounts) == len(set(accounts))
    for each in graph.of_type("aws:iam/rolePolicy:RolePolicy"):
        names = [statement["Sid"] for statement in json.loads(each.inputs["policy"])["Statement"]]
        assert len(names) == len(set(names)), each


def test_access_of_a_tenant_that_is_not_there_is_refused() -> None:
    document = yaml.safe_load((ROOT / "stacks/Pulumi.dev.yaml").read_text())
    given = {key.removeprefix("aidc:"): value for key, value in document["config"].items()}
    given["objectStores"]["models"]["s3"]["workloads"]["trainers"]["namespace"] = "reserch"
    with pytest.raises(InvalidInput) as caught:
        check_settings(given, "dev")
    (problem,) = caught.value.problems
    assert problem.path == "objectStores.models.s3.workloads.trainers.namespace"
    assert "did you mean 'research'" in problem.reason


@pytest.mark.parametrize("name", ["gpt2-job", "chat-deployment", "my-pytorch-deployment"])
def test_pods_come_after_the_role_that_they_start_with(name: str, evaluate_stack: Callable[..., ResourceGraph]) -> None:
    graph = evaluate_stack(ROOT, "dev")
    tenant = "research" if name == "gpt2-job" else "serving"
    component = graph.component_of(graph.named(name))
    assert component is not None
    assert graph.named(f"{tenant}-workload", ASSOCIATION).urn in component.dependencies
