"""vLLM's metrics by the names of ours, so that dashboards, alerts and scaling need to know one set."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from .metrics import NAMESPACE


@dataclass(frozen=True, slots=True)
class Mapping:
    """One metric of ours, and where vLLM has it."""

    name: str
    """Our name, without the namespace."""

    source: str
    """vLLM's name."""

    kind: Literal["counter", "gauge", "histogram"]
    """Kind of both."""

    labels: tuple[tuple[str, str], ...] = ()
    """Labels that ours has more, with their values."""


METRICS: Final = (
    Mapping("requests_waiting", "vllm:num_requests_waiting", "gauge"),
    Mapping("requests_running", "vllm:num_requests_running", "gauge"),
    Mapping("tokens_total", "vllm:prompt_tokens_total", "counter", (("kind", "prompt"),)),
    Mapping("tokens_total", "vllm:generation_tokens_total", "counter", (("kind", "generation"),)),
    Mapping("queue_seconds", "vllm:request_queue_time_seconds", "histogram"),
    Mapping("time_to_first_token_seconds", "vllm:time_to_first_token_seconds", "histogram"),
    Mapping("time_per_output_token_seconds", "vllm:request_time_per_output_token_seconds", "histogram"),
    Mapping("request_seconds", "vllm:e2e_request_latency_seconds", "histogram"),
    Mapping("requests_total", "vllm:request_success_total", "counter", (("outcome", "ok"),)),
)
"""Source of vLLM's names: its documentation of production metrics, docs.vllm.ai/en/latest/usage/metrics/ (2026-11)."""


def recording_rules() -> list[dict[str, Any]]:
    """Return Prometheus recording rules that give vLLM's metrics our names; histograms series by series."""
    rules: list[dict[str, Any]] = []
    for mapping in METRICS:
        for suffix in ("_bucket", "_sum", "_count") if mapping.kind == "histogram" else ("",):
            rule: dict[str, Any] = {
                "record": f"{NAMESPACE}_{mapping.name}{suffix}",
                "expr": f'{{__name__="{mapping.source}{suffix}"}}',
            }
            if mapping.labels:
                rule["labels"] = dict(mapping.labels)
            rules.append(rule)
    return rules
