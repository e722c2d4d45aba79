"""What the workers run: the program's own arguments, settings checked before a pod starts, contradictions refused."""

from typing import Any

import pytest
import yaml

from aidc.components.training import TrainingJobArgs, plan_training_job
from aidc.components.training.plan import TrainingPlan
from aidc.problems import InvalidInput
from aidc.workloads.programs import SETTINGS_PATH, TRAINING
from aidc.workloads.training.launch import arguments

SETTINGS: dict[str, Any] = {
    "model": {"kind": "gpt2", "size": "tiny"},
    "batch": {"batch_size": 16, "context": 64},
    "steps": 200,
    "optimizer": {"kind": "adamw", "learning_rate": 0.001},
}


def job(**changes: Any) -> TrainingJobArgs:
    base = {"namespace": "research", "image": "registry.example/training:1.0.0", "nodes": 2}
    return {**base, **changes}  # type: ignore[typeddict-item]


def planned(**changes: Any) -> TrainingPlan:
    return plan_training_job(job(**changes), name="gpt2")


def refused(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        planned(**changes)
    return {problem.path: problem.reason for problem in caught.value.problems}


def test_settings_become_a_file_and_the_arguments_are_those_of_the_program() -> None:
    execution = planned(program={"settings": SETTINGS, "overrides": {"steps": 300}}).execution
    assert execution.command == ["torchrun"]
    assert execution.args == arguments(SETTINGS_PATH, ["steps=300"])
    assert execution.settings is not None
    assert yaml.safe_load(execution.settings.text) == SETTINGS
    assert execution.environment["METRICS_PORT"] == str(TRAINING.metrics_port)
    assert execution.metrics_port == TRAINING.metrics_port


def test_the_name_of_the_file_follows_from_its_content_alone() -> None:
    def name(settings: Any) -> str:
        file = planned(program={"settings": settings}).execution.settings
        assert file is not None
        return file.name

    turned = dict(reversed(SETTINGS.items()))
    assert name(SETTINGS) == name(turned) == name({**SETTINGS, "steps": 200.0})
    assert name(SETTINGS) != name({**SETTINGS, "steps": 201})


def test_a_path_is_left_to_the_workers() -> None:
    execution = planned(program={"recipe": "/data/run.yaml", "overrides": {"compile": True}}).execution
    assert execution.args == arguments("/data/run.yaml", ["compile=true"])
    assert execution.settings is None


def test_the_model_goes_where_the_program_says() -> None:
    mounts = [{"claim": "models", "path": "/models"}]
    for place in ("/models/gpt2", "s3://models/gpt2"):
        execution = planned(program={"recipe": "/data/run.yaml", "export": place}, mounts=mounts).execution
        assert execution.args == arguments("/data/run.yaml", [f"export={place}"])


@pytest.mark.parametrize(
    ("program", "path", "reason"),
    [
        ({"export": "/elsewhere/gpt2"}, "program.export", "on no mount"),
        ({"export": "/read/gpt2"}, "program.export", "read-only"),
        ({"export": "s3://Models"}, "program.export", "no address of a bucket"),
        ({"export": "/models/a", "overrides": {"export": "/b"}}, "program.overrides.export", "give one of them"),
    ],
)
def test_a_model_that_would_be_lost_is_refused(program: Any, path: str, reason: str) -> None:
    mounts = [{"claim": "models", "path": "/models"}, {"claim": "data", "path": "/read", "read_only": True}]
    found = refused(program={"recipe": "/data/run.yaml", **program}, mounts=mounts)
    assert set(found) == {path}
    assert reason in found[path]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0003, "0.0003"),
        (3.0, "3"),
        (True, "true"),
        ("bfloat16", "bfloat16"),
        ("1", '"1"'),
        ("yes", '"yes"'),
        ("a: b", '"a: b"'),
        ([1, 2], "[1, 2]"),
    ],
)
def test_an_override_means_what_it_says(value: Any, text: str) -> None:
    execution = planned(program={"recipe": "/data/run.yaml", "overrides": {"x.y": value}}).execution
    assert execution.args[-1] == f"x.y={text}"
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"program": {}}, "program.recipe", "missing; give it, or settings"),
        ({"program": {"recipe": "/a.yaml", "settings": SETTINGS}}, "program.recipe", "give one of them"),
        ({"program": {"recipe": "/a.yaml"}, "args": ["-m", "mine"]}, "args", "program says what runs"),
        ({"program": {"recipe": "/a.yaml"}, "command": ["sh"]}, "command", "program says what runs"),
        ({"program": {"settings": {**SETTINGS, "stps": 1}}}, "program.settings.stps", "did you mean 'steps'?"),
        ({"program": {"settings": {**SETTINGS, "steps": 0}}}, "program.settings.steps", "1 step or more"),
        (
            {"program": {"settings": SETTINGS, "overrides": {"optimizer.learning_rat": 1}}},
            "program.settings.optimizer.learning_rat",
            "did you mean 'learning_rate'?",
        ),
        ({"program": {"settings": {**SETTINGS, "seed": object()}}}, "program.settings.seed", "is no setting"),
        ({"program": {"recipe": "gpt-2"}}, "program.recipe", "there is no recipe 'gpt-2'"),
        ({"program": {"recipe": "/a.yaml"}, "environment": {"METRICS_PORT": "1"}}, "environment.METRICS_PORT", "job"),
        (
            {"program": {"settings": SETTINGS}, "mounts": [{"claim": "etc", "path": "/etc/aidc"}]},
            "mounts[0].path",
            "holds the settings",
        ),
        ({"args": ["x"], "allowed_namespaces": ["monitoring"]}, "allowedNamespaces", "give metricsPort"),
        ({"args": ["x"], "metrics_port": 29500}, "metricsPort", "that of the rendezvous"),
        ({"args": ["x"], "checkpoint_path": "s3:/bucket"}, "checkpointPath", "on no mount"),
        ({"args": ["x"], "checkpoint_path": "s3://Bucket/x"}, "checkpointPath", "write it like s3://checkpoints/gpt2"),
        ({"args": ["x"], "efa_interfaces": 33}, "efaInterfaces", "32 interfaces or less"),
        ({"args": ["x"], "huge_pages": "4Gi"}, "hugePages", "give efaInterfaces"),
        ({"args": ["x"], "efa_interfaces": 1, "huge_pages": "3Mi"}, "hugePages", "whole number of 2Mi pages"),
        ({"args": ["x"], "preflight": {}}, "preflight.minimumGbPerSecond", "or the instanceType"),
        ({"args": ["x"], "preflight": {"minimum_gb_per_second": -1}}, "preflight.minimumGbPerSecond", "too little"),
        ({"args": ["x"], "preflight": {"instance_type": "p5.4xlarg"}}, "preflight.instanceType", "did you mean"),
        (
            {"args": ["x"], "preflight": {"instance_type": "p5.4xlarge"}},
            "preflight.instanceType",
            "only of p5.48xlarge",
        ),
        (
            {"args": ["x"], "gpus_per_node": 8, "preflight": {"instance_type": "p5.48xlarge"}},
            "preflight.instanceType",
            "holds for 8 accelerators and 32 EFA of each node, and a worker has 8 and 0",
        ),
        (
            {"args": ["x"], "nodes": 1, "preflight": {"minimum_gb_per_second": 1}},
            "preflight",
            "nobody to exchange anything with",
        ),
        (
            {"args": ["x"], "form": "indexed-job", "preflight": {"minimum_gb_per_second": 1}},
            "preflight",
            "would measure alone",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(changes: dict[str, Any], path: str, words: str) -> None:
    found = refused(**changes)
    assert set(found) == {path}
    assert words in found[path]


def test_workers_of_one_node_exchange_data_as_the_sources_say() -> None:
    def of(**changes: Any) -> dict[str, Any]:
        environment = planned(args=["x"], resources={"cpu": "32", "memory": "64Gi"}, **changes).execution.environment
        return dict(environment)

    assert of(nodes=1) == {"OMP_NUM_THREADS": "32"}
    assert of(nodes=1, processes_per_node=3) == {"OMP_NUM_THREADS": "10"}
    on_cpus = {"OMP_NUM_THREADS": "32", "GLOO_SOCKET_IFNAME": "eth0"}
    assert of() == on_cpus
    on_gpus = {**on_cpus, "OMP_NUM_THREADS": "4", "NCCL_SOCKET_IFNAME": "eth0", "NCCL_DEBUG": "WARN"}
    assert of(gpus_per_node=8) == on_gpus
    assert of(gpus_per_node=8, efa_interfaces=32) == {**on_gpus, "FI_EFA_USE_HUGE_PAGE": "0"}
    assert of(gpus_per_node=8, efa_interfaces=32, huge_pages="5120Mi") == {**on_gpus, "FI_EFA_USE_HUGE_PAGE": "1"}
    own = {"NCCL_DEBUG": "INFO", "OMP_NUM_THREADS": "2"}
    assert of(gpus_per_node=8, environment=own) == {**on_gpus, **own}


def test_adapters_are_requested_and_limited_alike() -> None:
    resources = planned(args=["x"], gpus_per_node=8, efa_interfaces=32, huge_pages="5120Mi").resources
    for side in (resources.requests, resources.limits):
        assert side["vpc.amazonaws.com/efa"] == "32"
        assert side["hugepages-2Mi"] == "5120Mi"
    assert "vpc.amazonaws.com/efa" not in planned(args=["x"]).resources.requests


def test_the_floor_of_a_known_type_is_nine_tenths_of_its_figure() -> None:
    plan = planned(args=["x"], gpus_per_node=8, efa_interfaces=32, preflight={"instance_type": "p5.48xlarge"}).preflight
    assert plan is not None
    assert plan.args == ["-m", "aidc.workloads.training.all_reduce", "--minimum", "270", "--mebibytes", "1024"]


def test_a_bucket_keeps_checkpoints_without_a_mount() -> None:
    assert planned(args=["x"], checkpoint_path="s3://checkpoints/gpt2").checkpoint_path == "s3://checkpoints/gpt2"
