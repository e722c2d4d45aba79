"""What serves a model: this library's server, or vLLM; how each is started, asked, drained and measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

import pulumi

from ...infra.arguments import is_known
from ...problems import InvalidInput, Problems
from ...workloads.inference import launch
from ...workloads.programs import SETTINGS_PATH
from ..settings_file import SettingsFile, as_plain, settings_file

_MARGIN: Final = 3
"""Seconds that a server has to leave once its requests are done."""

_DRAIN: Final = 2
"""Seconds that our server serves new requests after SIGTERM: the default of its setting drain_seconds."""

_VLLM_OWN: Final = {
    "host": "the pod's address is the only one",
    "port": "give port",
    "model": "give model",
    "shutdown_timeout": "it follows from terminationSeconds and drainSeconds",
}
_VLLM_ENVIRONMENT: Final = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
_OFFLINE: Final = {"HF_HUB_OFFLINE": "1"}
"""A model on a mount needs nothing of the network, and must not wait for it."""


class InferenceEngine(StrEnum):
    """What serves a model."""

    AIDC = "aidc"
    """This library's server, for what its training exports."""

    VLLM = "vllm"
    """vLLM, for large language models on NVIDIA GPUs."""


METRICS: Final[Mapping[str, Mapping[InferenceEngine, str]]] = {
    "requests waiting": {
        InferenceEngine.AIDC: "aidc_inference_requests_waiting",
        InferenceEngine.VLLM: "vllm:num_requests_waiting",
    },
    "requests running": {
        InferenceEngine.AIDC: "aidc_inference_requests_running",
        InferenceEngine.VLLM: "vllm:num_requests_running",
    },
    "time in the queue": {
        InferenceEngine.AIDC: "aidc_inference_queue_seconds",
        InferenceEngine.VLLM: "vllm:request_queue_time_seconds",
    },
    "time to first token": {
        InferenceEngine.AIDC: "aidc_inference_time_to_first_token_seconds",
        InferenceEngine.VLLM: "vllm:time_to_first_token_seconds",
    },
    "time per output token": {
        InferenceEngine.AIDC: "aidc_inference_time_per_output_token_seconds",
        InferenceEngine.VLLM: "vllm:request_time_per_output_token_seconds",
    },
    "time of a request": {
        InferenceEngine.AIDC: "aidc_inference_request_seconds",
        InferenceEngine.VLLM: "vllm:e2e_request_latency_seconds",
    },
}
"""The same figure by engine. vLLM's: docs.vllm.ai, Production Metrics, of the pinned version, read 2026-11."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerProgram:
    """What a pod of the service runs."""

    command: list[pulumi.Input[str]]
    args: list[pulumi.Input[str]]
    settings: SettingsFile | None
    environment: Mapping[str, str]


def waiting_requests(engine: InferenceEngine, *, namespace: str, name: str) -> str:
    """Return the query of Prometheus for the requests that wait at all pods of a service."""
    return _sum("requests waiting", engine, namespace, name)


def running_requests(engine: InferenceEngine, *, namespace: str, name: str) -> str:
    """Return the query of Prometheus for the requests that run at all pods of a service."""
    return _sum("requests running", engine, namespace, name)


def _sum(figure: str, engine: InferenceEngine, namespace: str, name: str) -> str:
    # The names of a Deployment's pods end with the hash of its template and five letters or digits.
    pods = f"{name}-[a-z0-9]+-[a-z0-9]+"
    return f'sum({METRICS[figure][engine]}{{namespace="{namespace}",pod=~"{pods}"}})'


def plan_server(
    problems: Problems, inputs: Mapping[str, Any], name: str, *, port: int, gpus: int, drain: int, termination: int
) -> ServerProgram:
    """Return what serves `model`, checked; `inputs` are those of the service."""
    engine = str(inputs.get("engine", InferenceEngine.AIDC))
    problems.choice("engine", engine, [each.value for each in InferenceEngine])
    for field in ("command", "args"):
        if field in inputs:
            problems.add(field, f"engine and model say what runs; leave {field} out, or model")
    model, settings = inputs["model"], cast(Mapping[str, Any], inputs.get("settings", {}))
    if is_known(model) and not model:
        problems.add("model", "is empty; give the folder of an export, or its address, such as s3://models/chat")
    if engine == InferenceEngine.VLLM:
        return _vllm(problems, model, settings, name, port=port, gpus=gpus, rest=termination - drain - _MARGIN)
    return _own(problems, model, settings, name, port=port, rest=termination - drain)


def _own(
    problems: Problems, model: pulumi.Input[str], settings: Mapping[str, Any], name: str, *, port: int, rest: int
) -> ServerProgram:
    with problems.under("settings"):
        for key in ("model", "port"):
            if key in settings:
                problems.add(key, f"give {key} of the service in its place")
    draining = _number(settings.get("drain_seconds", _DRAIN))
    left = rest - _MARGIN - draining
    finishing = _number(settings.get("termination_seconds", min(left, 1)))
    if left < max(finishing, 1):
        problems.add(
            "terminationSeconds",
            f"leaves the server {rest} seconds after drainSeconds; it needs {draining + max(finishing, 1) + _MARGIN:g}",
        )
    words = [] if "termination_seconds" in settings else [f"termination_seconds={max(int(left), 1)}"]
    file = None
    if settings:
        file = settings_file(problems, "settings", name, settings)
        if file.text:
            _check(problems, as_plain(problems, "settings", settings), port)
    config = None if file is None else SETTINGS_PATH
    return ServerProgram(
        command=["python"],
        args=[*launch.arguments(model, port=port, config=config, overrides=words)],
        settings=file,
        environment={},
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and abs(value) < 1e6 else 0.0


def _check(problems: Problems, settings: Mapping[str, Any], port: int) -> None:
    from ...workloads.inference.settings import serving_settings

    try:
        serving_settings(settings, {"model": "/model", "port": port}, title="settings")
    except InvalidInput as invalid:
        with problems.under("settings"):
            problems.extend(each for each in invalid.problems if each.path not in ("model", "port"))


def _vllm(
    problems: Problems,
    model: pulumi.Input[str],
    settings: Mapping[str, Any],
    name: str,
    *,
    port: int,
    gpus: int,
    rest: int,
) -> ServerProgram:
    if gpus < 1:
        problems.add("resources.gpus", "vLLM's image runs on NVIDIA GPUs; give 1 or more")
    if rest < 1:
        problems.add("terminationSeconds", "leaves vLLM no time to finish its requests; raise it")
    own = {
        "served_model_name": name,
        "tensor_parallel_size": max(gpus, 1),
        **as_plain(problems, "settings", settings),
    }
    for key, reason in _VLLM_OWN.items():
        if key in settings:
            problems.add(f"settings.{key}", f"{reason}; leave it out")
    words: list[pulumi.Input[str]] = ["serve", model, "--host", "0.0.0.0", "--port", str(port)]
    words += ["--shutdown-timeout", str(max(rest, 1))]
    for key, value in sorted(own.items()):
        words += _flag(key, value)
    local = is_known(model) and str(model).startswith("/")
    return ServerProgram(
        command=["vllm"],
        args=words,
        settings=None,
        environment={**_VLLM_ENVIRONMENT, **(_OFFLINE if local else {})},
    )


def _flag(key: str, value: Any) -> list[str]:
    """Return a setting as vLLM's command line has it: `max_model_len: 8192` is `--max-model-len 8192`."""
    import json

    name = key.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", value if isinstance(value, str) else json.dumps(value)]
