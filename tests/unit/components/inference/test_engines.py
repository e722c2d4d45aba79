"""How a model is served: the server's own arguments and settings, a drain that fits, vLLM's command line."""

from typing import Any

import pytest
import yaml

from aidc.components.inference import InferenceEngine, plan_inference_service, waiting_requests
from aidc.components.inference.deployment_plan import DeploymentPlan
from aidc.components.inference.engines import METRICS
from aidc.infra.versions import VLLM
from aidc.problems import InvalidInput
from aidc.workloads.inference.launch import arguments
from aidc.workloads.inference.settings import serving_settings
from aidc.workloads.programs import SETTINGS_PATH

IMAGE = {"image": "registry.example/inference:1.0.0"}


def planned(**changes: Any) -> DeploymentPlan:
    return plan_inference_service({"namespace": "serving", **changes}, name="chat")  # type: ignore[typeddict-item]


def refused(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        planned(**changes)
    return {problem.path: problem.reason for problem in caught.value.problems}


@pytest.mark.parametrize(("drain", "termination", "left"), [(10, 60, 45), (0, 60, 55), (30, 600, 565)])
def test_our_server_ends_before_the_pod_is_killed(drain: int, termination: int, left: int) -> None:
    plan = planned(**IMAGE, model="s3://models/chat", port=9000, drain_seconds=drain, termination_seconds=termination)
    assert plan.command == ["python"]
    assert plan.args == arguments("s3://models/chat", port=9000, overrides=[f"termination_seconds={left}"])
    assert plan.settings is None
    read = serving_settings({"termination_seconds": left}, {"model": "s3://models/chat"}, title="server")
    assert drain + read.drain_seconds + read.termination_seconds < termination


def test_settings_are_those_of_the_server() -> None:
    plan = planned(**IMAGE, model="/models/chat", settings={"batch": 32.0, "queue": 128, "termination_seconds": 40})
    assert plan.args == arguments("/models/chat", config=SETTINGS_PATH)
    assert plan.settings is not None
    assert yaml.safe_load(plan.settings.text) == {"batch": 32, "queue": 128, "termination_seconds": 40}


def test_vllm_brings_its_image_its_arguments_and_its_probes() -> None:
    plan = planned(
        engine="vllm",
        model="/models/llama",
        settings={"max_model_len": 8192, "gpu_memory_utilization": 0.9, "enable_prefix_caching": True},
        resources={"cpu": "16", "memory": "256Gi", "gpus": 4},
        termination_seconds=120,
    )
    assert plan.image == VLLM.reference
    assert plan.command == ["vllm"]
    words = " ".join(map(str, plan.args))
    assert words == (
        "serve /models/llama --host 0.0.0.0 --port 8000 --shutdown-timeout 107 --enable-prefix-caching"
        " --gpu-memory-utilization 0.9 --max-model-len 8192 --served-model-name chat --tensor-parallel-size 4"
    )
    assert (plan.health.liveness_path, plan.health.readiness_path) == ("/health", "/health")
    assert plan.shared_memory == "128Gi"
    assert plan.environment["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in planned(engine="vllm", model="org/llama", resources={"gpus": 1}).environment


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({}, "image", "missing"),
        ({**IMAGE, "engine": "aidc"}, "engine", "give model"),
        ({**IMAGE, "settings": {"batch": 4}}, "settings", "give model"),
        ({**IMAGE, "model": "/m", "engine": "triton"}, "engine", "is not one of aidc, vllm"),
        ({**IMAGE, "model": "/m", "args": ["x"]}, "args", "engine and model say what runs"),
        ({**IMAGE, "model": "/m", "command": ["x"]}, "command", "engine and model say what runs"),
        ({**IMAGE, "model": ""}, "model", "is empty"),
        ({**IMAGE, "model": "/m", "settings": {"btch": 4}}, "settings.btch", "did you mean 'batch'?"),
        ({**IMAGE, "model": "/m", "settings": {"port": 4000}}, "settings.port", "of the service"),
        ({**IMAGE, "model": "/m", "termination_seconds": 14}, "terminationSeconds", "leaves the server 4 seconds"),
        (
            {**IMAGE, "model": "/m", "settings": {"termination_seconds": 100}},
            "terminationSeconds",
            "it needs 105",
        ),
        ({**IMAGE, "model": "/m", "mounts": [{"claim": "x", "path": "/etc/aidc"}]}, "mounts[0].path", "settings"),
        ({"engine": "vllm", "model": "/m"}, "resources.gpus", "give 1 or more"),
        (
            {"engine": "vllm", "model": "/m", "resources": {"gpus": 1}, "settings": {"port": 1}},
            "settings.port",
            "give port",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(changes: dict[str, Any], path: str, words: str) -> None:
    found = refused(**changes)
    assert set(found) == {path}
    assert words in found[path]


def test_every_figure_that_is_mapped_is_one_of_our_server() -> None:
    from aidc.workloads.inference.metrics import Metrics

    ours = {family.name for family in Metrics().registry.collect()}
    assert {names[InferenceEngine.AIDC] for names in METRICS.values()} <= ours


def test_the_query_sums_over_the_pods_of_one_service() -> None:
    assert waiting_requests(InferenceEngine.VLLM, namespace="serving", name="chat") == (
        'sum(vllm:num_requests_waiting{namespace="serving",pod=~"chat-[a-z0-9]+-[a-z0-9]+"})'
    )
