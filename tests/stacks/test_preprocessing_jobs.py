"""Preprocessing in the settings of a data center: names that must be there, and what an environment makes of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from aidc.evaluation import ResourceGraph
from aidc.problems import InvalidInput
from aidc.stacks import check_settings
from aidc.stacks.families import FAMILIES
from aidc.stacks.filling import filled
from aidc.stacks.surroundings import stand_ins

ROOT = Path(__file__).parents[2]


@pytest.fixture
def local() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text())
    settings = {key.removeprefix("aidc:"): value for key, value in document["config"].items()}
    settings["preprocessingJobs"] = {
        "crawl": {
            "namespace": "research",
            "image": "ghcr.io/aidc/preprocessing:0.1.0",
            "inputs": ["/data/crawl"],
            "output": "/checkpoints/crawl",
            "settings": {"input": {"kind": "json_lines", "text_field": "text"}},
            "nodePool": "general",
            "priorityClass": "training",
            "mounts": [
                {"claim": "corpus", "path": "/data", "readOnly": True},
                {"claim": "checkpoints", "path": "/checkpoints"},
            ],
        }
    }
    return settings


def test_a_job_on_the_claims_of_its_tenant_is_right(local: dict[str, Any]) -> None:
    jobs = check_settings(local, "local").get("preprocessing_jobs", {})
    # The program's own keys are left as they are.
    assert jobs["crawl"]["settings"] == {"input": {"kind": "json_lines", "text_field": "text"}}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"namespace": "reserch"}, "namespace", "did you mean 'research'"),
        ({"nodePool": "generals"}, "nodePool", "did you mean 'general'"),
        ({"priorityClass": "trainig"}, "priorityClass", "did you mean 'training'"),
        ({"mounts": [{"claim": "corpse", "path": "/data"}]}, "mounts[0].claim", "did you mean 'corpus'"),
        ({"output": "/data/clean"}, "output", "is on a read-only mount"),
        ({"settings": {"input": {"kind": "jsonl"}}}, "settings.input", "not one of text, json_lines"),
        ({"workers": 3}, "workers", "choose form ray-job"),
        ({"output": "/clean"}, "output", "would be lost with the pod"),
    ],
)
def test_a_mistake_is_named(local: dict[str, Any], changes: dict[str, Any], path: str, words: str) -> None:
    local["preprocessingJobs"]["crawl"] |= changes
    with pytest.raises(InvalidInput) as caught:
        check_settings(local, "local")
    found = {problem.path: problem.reason for problem in caught.value.problems}
    assert words in found[f"preprocessingJobs.crawl.{path}"]


def test_its_name_is_its_own_in_its_namespace(local: dict[str, Any]) -> None:
    jobs = local["preprocessingJobs"]
    jobs["gpt2"] = jobs.pop("crawl")
    with pytest.raises(InvalidInput, match=r"preprocessingJobs\.gpt2 has the same name in the same namespace"):
        check_settings(local, "local")


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_an_environment_trains_on_what_it_prepares(
    environment: str, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    graph = evaluate_stack(ROOT, environment)
    job = graph.named("texts-job")
    (container,) = job.inputs["spec"]["template"]["spec"]["containers"]
    told = dict(word.split("=", 1) for word in container["args"] if "=" in word)
    output = json.loads(told["output.folder"])
    texts = graph.named("texts", "aidc:index:PreprocessingJob")
    assert output == texts.outputs["output"]
    # What is read is left as it is.
    assert not any(place.startswith(f"{output}/") for place in json.loads(told["input.paths"]))
    gpt2 = graph.named("gpt2", "aidc:index:TrainingJob")
    assert gpt2.inputs["program"]["overrides"]["data.paths"] == [output]
    # The same claim of the same tenant is at the same place.
    assert gpt2.inputs["namespace"] == texts.inputs["namespace"]
    (claim,) = (mount["claim"] for mount in texts.inputs["mounts"] if output.startswith(f"{mount['path']}/"))
    assert claim in [mount["claim"] for mount in gpt2.inputs["mounts"] if output.startswith(f"{mount['path']}/")]
    # Neither waits for the other.
    assert gpt2.urn not in job.dependencies


def test_a_place_in_a_store_of_the_environment_is_in_its_bucket() -> None:
    around = replace(stand_ins("dev", "us-east-1", ["us-east-1a"]), named={"object_stores": {"raw": "raw-0a1b2c3"}})
    job = {"inputs": ["s3://raw/crawl", "s3://other/crawl", "/raw/crawl"], "output": "s3://other/clean"}
    found = filled(job, FAMILIES["preprocessing_jobs"].args, around)
    assert (found["inputs"][1:], found["output"]) == (job["inputs"][1:], job["output"])
    assert isinstance(found["inputs"][0], pulumi.Output)
