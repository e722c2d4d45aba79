"""Settings: every mistake is named by its path, all at once, with the way out."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import evaluate
from aidc.problems import InvalidInput
from aidc.stacks import check_settings, load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def local() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text())
    return {key.removeprefix("aidc:"): value for key, value in document["config"].items()}


def problems(settings: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        check_settings(settings, "test")
    return {problem.path: problem.reason for problem in caught.value.problems}


def changed(settings: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    settings = copy.deepcopy(settings)
    *above, last = path.split(".")
    here = settings
    for key in above:
        here = here[key]
    here[last] = value
    return settings


def test_the_local_settings_are_right(local: dict[str, Any]) -> None:
    args = check_settings(local, "local")
    assert args["platform"] == "simulated"
    assert "provisioner" not in args["gpu_node_pools"]["h100-training"]


@pytest.mark.parametrize(
    ("path", "value", "at", "words"),
    [
        ("gpuNodePool", {}, "gpuNodePool", "did you mean 'gpuNodePools'"),
        ("platform", "azure", "platform", "not one of simulated, kubernetes, aws"),
        ("region", "us-est-1", "region", "or 'us-east-1'"),
        (
            "gpuNodePools.h100-training.instanceTypes",
            ["p5.48xlrge"],
            "gpuNodePools.h100-training.instanceTypes[0]",
            "p5.48xlarge",
        ),
        ("gpuNodePools.h100-training.migProfile", "1g.99gb", "gpuNodePools.h100-training.migProfile", "1g.10gb"),
        (
            "gpuNodePools.h100-training.scaling.maximumNodes",
            0,
            "gpuNodePools.h100-training.scaling.maximumNodes",
            "1 node",
        ),
        (
            "gpuNodePools.h100-training.scaling.maximumNodes",
            1_000_000,
            "gpuNodePools.h100-training.scaling.maximumNodes",
            "5,000",
        ),
        (
            "gpuNodePools.h100-training.scaling.maximumNodes",
            "four",
            "gpuNodePools.h100-training.scaling.maximumNodes",
            "valid integer",
        ),
        ("trainingJobs.gpt2.gpusPerNode", 9, "trainingJobs.gpt2.gpusPerNode", "more than a node of pool"),
        ("trainingJobs.gpt2.nodePool", "h100", "trainingJobs.gpt2.nodePool", "did you mean 'h100-training'"),
        ("trainingJobs.gpt2.namespace", "reserch", "trainingJobs.gpt2.namespace", "did you mean 'research'"),
        ("trainingJobs.gpt2.priorityClass", "trainig", "trainingJobs.gpt2.priorityClass", "did you mean 'training'"),
        ("priorityClasses.training.value", 2_000_000_000, "priorityClasses.training.value", "1,000,000,000"),
        (
            "microservices.my_pytorch",
            {"namespace": "serving", "image": "a:1"},
            "microservices.my_pytorch.name",
            "DNS label",
        ),
        (
            "microservices.chat",
            {"namespace": "serving", "image": "a:1"},
            "microservices.chat",
            "inferenceServices.chat has the same name",
        ),
    ],
)
def test_a_mistake_is_named(local: dict[str, Any], path: str, value: Any, at: str, words: str) -> None:
    found = problems(changed(local, path, value))
    assert at in found, found
    assert words in found[at]


def test_a_claim_that_nobody_makes(local: dict[str, Any]) -> None:
    local["trainingJobs"]["gpt2"]["mounts"][0]["claim"] = "chekpoints"
    assert "did you mean 'checkpoints'" in problems(local)["trainingJobs.gpt2.mounts[0].claim"]


def test_two_owners_of_one_number_are_refused(local: dict[str, Any]) -> None:
    local["inferenceServices"]["chat"]["eventDrivenScaling"] = {
        "maxReplicas": 3,
        "triggers": {
            "queue": {
                "type": "metrics-api",
                "metadata": {"url": "http://a/b", "valueLocation": "c", "targetValue": "5"},
            }
        },
    }
    assert "owns the number of pods already" in problems(local)["inferenceServices.chat.eventDrivenScaling"]


def test_what_the_data_center_fills_in_is_not_a_setting(local: dict[str, Any]) -> None:
    found = problems(changed(local, "gpuNodePools.h100-training.poolName", "other"))
    assert "unknown key" in found["gpuNodePools.h100-training.poolName"]


def test_nodes_come_from_the_platform(local: dict[str, Any]) -> None:
    found = problems(changed(local, "gpuNodePools.h100-training.provisioner", "managed-node-group"))
    assert "give karpenter-kwok, or leave it out" in found["gpuNodePools.h100-training.provisioner"]


def test_every_problem_is_listed_at_once(local: dict[str, Any]) -> None:
    local["gpuNodePools"]["h100-training"]["instanceTypes"] = ["p9.huge"]
    local["trainingJobs"]["gpt2"]["nodes"] = 0
    local["tenants"]["research"]["quota"]["gpus"] = "-1"
    local["microservices"]["my-pytorch"]["namespace"] = "nowhere"
    assert {path.split(".")[0] for path in problems(local)} == {
        "gpuNodePools",
        "trainingJobs",
        "tenants",
        "microservices",
    }


def test_the_same_data_works_on_any_cluster(local: dict[str, Any], tmp_path: Path) -> None:
    from aidc.stacks import DataCenter

    local |= {"platform": "kubernetes", "kubeconfig": str(tmp_path / "kubeconfig")}
    graph = evaluate(lambda: DataCenter("data-center", check_settings(local, "test")))
    assert not graph.of_type("kubernetes:*:NodePool")
    contract = (
        graph.named("h100-training-contract").inputs if "h100-training-contract" in {r.name for r in graph} else None
    )
    assert contract or graph.of_type("kubernetes:core/v1:ConfigMap")
    provider = graph.named("data-center-cluster")
    assert provider.inputs["kubeconfig"] == str(tmp_path / "kubeconfig")


def test_a_callers_provider_is_taken(local: dict[str, Any]) -> None:
    import pulumi
    import pulumi_kubernetes as k8s

    from aidc.stacks import DataCenter

    def program() -> None:
        own = k8s.Provider("own", kubeconfig="/somewhere")
        DataCenter("dc", check_settings(local, "test"), pulumi.ResourceOptions(provider=own))

    graph = evaluate(program)
    own = graph.named("own").urn
    objects = [r for r in graph if r.type.startswith("kubernetes:")]
    assert objects
    assert {r.provider for r in objects} == {own}
    assert [r.name for r in graph if r.is_provider] == ["own"]


@pytest.mark.parametrize("count", [1, 200])
def test_names_come_from_keys_so_that_adding_changes_nothing_else(
    count: int, local: dict[str, Any], evaluated: Callable[..., Any]
) -> None:
    before = evaluated(local)
    for index in range(count):
        local["microservices"][f"extra-{index:03d}"] = {"namespace": "serving", "image": "a:1"}
    after = evaluated(local)
    assert set(before.resources) <= set(after.resources)
    assert all(
        after[urn].inputs == before[urn].inputs for urn in before.resources if before[urn].package == "kubernetes"
    )


@pytest.fixture
def evaluated() -> Callable[..., Any]:
    from aidc.stacks import DataCenter

    return lambda settings: evaluate(lambda: DataCenter("data-center", check_settings(copy.deepcopy(settings), "test")))


@pytest.mark.parametrize(
    ("section", "value", "path"),
    [
        ("inference_services", {"chat": {}}, "inferenceServices.chat.service"),
        ("inference_services", {"chat": {"service": {}}}, "inferenceServices.chat.service.namespace"),
        ("inference_services", {"chat": {"servce": {}}}, "inferenceServices.chat.servce"),
        ("inference_services", {"chat": {"service": []}}, "inferenceServices.chat.service"),
        ("priority_classes", {"high": {}}, "priorityClasses.high.value"),
        ("priority_classes", {"high": 7}, "priorityClasses.high"),
        ("training_jobs", {"gpt2": {}}, "trainingJobs.gpt2.nodes"),
        ("shared_filesystems", {"data": {}}, "sharedFilesystems.data.namespace"),
        ("tenants", ["research"], "tenants"),
        ("tenants", {"research": None}, "tenants.research"),
    ],
)
def test_a_programs_own_dictionary_is_checked_as_well(section: str, value: Any, path: str) -> None:
    from aidc.stacks.composition import plan_data_center

    args: Any = {"platform": "simulated", section: value}
    with pytest.raises(InvalidInput) as caught:
        plan_data_center(args)
    assert path in {problem.path for problem in caught.value.problems}


def test_settings_of_a_project_of_another_name_say_how_they_must_begin() -> None:
    settings = {"aidc:platform": "simulated", "aidc:tenants": "{}"}
    with pytest.raises(InvalidInput, match="but the project is called own; begin them with own:"):
        evaluate(load_settings, "dev", project="own", config=settings)


@pytest.mark.parametrize(
    ("place", "value", "path"),
    [
        ("gpu_node_pools.h100-training.aws", None, "gpuNodePools.h100-training.aws"),
        ("gpu_node_pools.h100-training.zones", None, "gpuNodePools.h100-training.zones"),
        ("gpu_node_pools.h100-training.scaling", 5, "gpuNodePools.h100-training.scaling"),
        ("cluster_addons.addons.keda", None, "clusterAddons.addons.keda"),
        ("training_jobs.gpt2.mounts", [{}], "trainingJobs.gpt2.mounts[0].claim"),
        ("object_stores.models", {"kind": "s3", "s3": {"workloads": {"chat": {}}}}, "objectStores.models.namespace"),
        ("zones", None, "zones"),
        ("tags", 5, "tags"),
        ("platform", None, "platform"),
    ],
)
def test_values_of_a_wrong_kind_in_a_programs_dictionary_are_named_and_end_nothing(
    place: str, value: Any, path: str
) -> None:
    from aidc.stacks.composition import plan_data_center

    document = yaml.safe_load((ROOT / "stacks/Pulumi.staging.yaml").read_text())
    staging = {key.removeprefix("aidc:"): each for key, each in document["config"].items()}
    args: Any = changed({"tags": {}, **check_settings(staging, "staging")}, place, value)
    with pytest.raises(InvalidInput) as caught:
        plan_data_center(args, "staging")
    assert path in {problem.path for problem in caught.value.problems}
