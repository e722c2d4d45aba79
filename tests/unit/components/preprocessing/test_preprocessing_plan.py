"""The plan of a preprocessing: defaults, the program's own arguments, bounds, and every error by its path."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.components.preprocessing import PreprocessingForm, PreprocessingJobArgs, plan_preprocessing_job
from aidc.components.preprocessing.plan import PreprocessingPlan
from aidc.problems import InvalidInput
from aidc.workloads.preprocessing import __main__ as program
from aidc.workloads.preprocessing import launch
from aidc.workloads.preprocessing.settings import PreprocessingSettings
from aidc.workloads.programs import PREPROCESSING, SETTINGS_PATH
from aidc.workloads.settings import override, read_settings

ROOT = Path(__file__).parents[4]
SETTINGS: dict[str, Any] = {"input": {"kind": "json_lines"}, "quality": {"minimum_characters": 200}}
MOUNTS: list[dict[str, Any]] = [
    {"claim": "raw", "path": "/raw", "read_only": True},
    {"claim": "clean", "path": "/clean"},
]
ON_MOUNTS = {"inputs": ["/raw/**/*.gz"], "output": "/clean/crawl", "mounts": MOUNTS}


def arguments(**changes: Any) -> PreprocessingJobArgs:
    base: dict[str, Any] = {
        "namespace": "research",
        "image": "registry.example/preprocessing:1.0.0",
        "inputs": ["s3://raw/crawl"],
        "output": "s3://clean/crawl",
        "settings": SETTINGS,
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


def planned(**changes: Any) -> PreprocessingPlan:
    return plan_preprocessing_job(arguments(**changes), name="crawl")


def refused(name: str = "crawl", **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        plan_preprocessing_job(arguments(**changes), name=name)
    return {problem.path: problem.reason for problem in caught.value.problems}


def settings_of(plan: PreprocessingPlan) -> PreprocessingSettings:
    """What the program makes of its file and its arguments."""
    words = [str(word) for word in plan.program.args]
    parsed = program._parser().parse_args(words[2:])  # pyright: ignore[reportPrivateUsage]
    values = override(yaml.safe_load(plan.program.settings.text), parsed.set)
    return read_settings(PreprocessingSettings, values, "settings")


def test_defaults() -> None:
    plan = planned()
    assert plan.form is PreprocessingForm.JOB
    assert (plan.workers, plan.processors, plan.shared_memory) == (1, 1, None)
    assert plan.resources.requests == {"cpu": "1", "memory": "4Gi", "ephemeral-storage": "1Gi"}
    assert plan.service_account == "workload"
    assert plan.do_not_disrupt
    lifetime = plan.lifetime
    assert (lifetime.max_restarts, lifetime.termination_grace) == (3, 120)
    assert (lifetime.active_deadline, lifetime.ttl, lifetime.suspended, lifetime.queue_name) == (None,) * 4
    assert plan.program.metrics_port == PREPROCESSING.metrics_port


def test_a_cluster_has_two_workers_unless_told_otherwise() -> None:
    plan = planned(form="ray-job", resources={"cpu": "7.5", "memory": "32Gi"})
    assert (plan.workers, plan.processors, plan.shared_memory) == (2, 14, "192Mi")
    assert planned(form="ray-job", workers=5.0).workers == 5
    assert plan.operator_namespace == "kuberay-system"


def test_a_pod_is_told_what_the_images_entry_point_takes() -> None:
    text = (ROOT / "workloads/preprocessing/Dockerfile").read_text()
    start, default = (
        json.loads(re.findall(rf"^{name} (.*)$", text, re.MULTILINE)[-1]) for name in ("ENTRYPOINT", "CMD")
    )
    plan = planned(resources={"cpu": "6", "memory": "8Gi"})
    words = [*plan.program.command, *plan.program.args]
    assert words[: len(start) + len(default)] == [*start, *default]
    assert words[len(start) + len(default) :: 2] == ["--set"] * 3
    assert plan.program.args == launch.arguments(
        SETTINGS_PATH,
        ['input.paths=["s3://raw/crawl"]', 'output.folder="s3://clean/crawl"', "resources.processors=6"],
    )
    settings = settings_of(plan)
    assert settings.input.paths == ["s3://raw/crawl"]
    assert settings.output.folder == "s3://clean/crawl"
    assert settings.resources.processors == 6
    assert settings.quality.minimum_characters == 200


@pytest.mark.parametrize("place", ["/clean/a b", "/clean/it's", '/clean/"x"', "/clean/ä: [1]", "/clean/#x"])
def test_a_place_arrives_as_it_was_written(place: str) -> None:
    settings = settings_of(planned(inputs=[place], output=place, mounts=MOUNTS))
    assert (settings.input.paths, settings.output.folder) == ([place], place)


def test_ray_counts_its_own_processors_in_a_cluster() -> None:
    assert settings_of(planned(form="ray-job", resources={"cpu": "6"})).resources.processors is None


@pytest.mark.parametrize(("cpu", "processors"), [("500m", 1), ("1", 1), ("3900m", 3), ("16", 16), ("1e5", 4096)])
def test_as_many_tasks_as_whole_cores(cpu: str, processors: int) -> None:
    assert planned(resources={"cpu": cpu}).processors == processors


def test_the_name_of_the_file_follows_from_its_content_alone() -> None:
    def name(settings: Any) -> str:
        return planned(settings=settings).program.settings.name

    assert name(SETTINGS) == name(dict(reversed(SETTINGS.items())))
    assert name(SETTINGS) != name({**SETTINGS, "partition_bytes": 1 << 20})


def test_numbers_that_came_over_pulumis_wire_as_floats_become_whole() -> None:
    plan = planned(max_restarts=2.0, active_deadline_seconds=600.0, settings={**SETTINGS, "partition_bytes": 65536.0})
    assert type(plan.lifetime.max_restarts) is int
    assert type(plan.lifetime.active_deadline) is int
    assert yaml.safe_load(plan.program.settings.text)["partition_bytes"] == 65536


def test_bad_input_is_known_by_the_exit_code_of_the_program(tmp_path: Path) -> None:
    assert program.main(["--config", str(tmp_path / "nothing.yaml")]) == launch.BAD_INPUT


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"input": ["s3://raw"]}, "input", "did you mean 'inputs'"),
        ({"form": "rayjob"}, "form", "did you mean 'ray-job'"),
        ({"image": "preprocessing"}, "image", "no fixed version"),
        ({"inputs": []}, "inputs", "give what is to be read"),
        ({"inputs": ["/raw/crawl"]}, "inputs[0]", "on no mount; mounts: there is none"),
        ({**ON_MOUNTS, "inputs": ["/raw/a", "/rawer/b"]}, "inputs[1]", "on no mount; mounts: /clean, /raw"),
        ({"inputs": [1]}, "inputs[0]", "is not text"),
        ({"output": "/tmp/clean"}, "output", "on no mount and would be lost with the pod"),
        ({**ON_MOUNTS, "output": "/raw/clean"}, "output", "on a read-only mount"),
        ({"output": "s3://Clean/x"}, "output", "write it like s3://clean/crawl"),
        ({"output": "file:///clean"}, "output", "no address of a bucket"),
        ({"mounts": [{"claim": "etc", "path": "/etc/aidc"}]}, "mounts[0].path", "holds the settings"),
        ({"mounts": [{"claim": "a", "path": "a"}]}, "mounts[0].path", "is relative"),
        ({"settings": {}}, "settings.input", "kind"),
        ({"settings": {"input": {"kind": "csv"}}}, "settings.input", "not one of text, json_lines"),
        ({"settings": {"input": "x"}}, "settings.input", "not a mapping"),
        ({"settings": {**SETTINGS, "qualty": {}}}, "settings.qualty", "did you mean 'quality'?"),
        (
            {"settings": {**SETTINGS, "partition_bytes": 1}},
            "settings.partition_bytes",
            "1 byte is too little; give 65536 bytes or more",
        ),
        ({"settings": {**SETTINGS, "quality": object()}}, "settings.quality", "is no setting"),
        (
            {"settings": {"input": {"kind": "text", "paths": ["/raw"]}}},
            "settings.input.paths",
            "give inputs in its place",
        ),
        ({"settings": {**SETTINGS, "output": {"folder": "/x"}}}, "settings.output.folder", "give output in its place"),
        (
            {"settings": {**SETTINGS, "resources": {"processors": 2}}},
            "settings.resources.processors",
            "follows from resources.cpu",
        ),
        (
            {"settings": {**SETTINGS, "resources": {"object_store_bytes": 1 << 30}}},
            "settings.resources.object_store_bytes",
            "1,073,741,824 bytes do not fit into resources.ephemeralStorage, 1Gi",
        ),
        (
            {"form": "ray-job", "settings": {**SETTINGS, "resources": {"object_store_bytes": 1 << 32}}},
            "settings.resources.object_store_bytes",
            "more than the memory limit '4Gi'",
        ),
        ({"settings": {**SETTINGS, "metrics_port": 80}}, "settings.metrics_port", "1,024 or more"),
        (
            {"form": "ray-job", "settings": {**SETTINGS, "metrics_port": 8265}},
            "settings.metrics_port",
            "is one of Ray's own",
        ),
        (
            {"settings": {**SETTINGS, "metrics_port": 0}, "allowed_namespaces": ["monitoring"]},
            "allowedNamespaces",
            "there are no metrics",
        ),
        (
            {"settings": {**SETTINGS, "metrics_port": 0}, "monitored": True},
            "monitored",
            "there are no metrics",
        ),
        ({"allowed_namespaces": ["Monitoring"]}, "allowedNamespaces[0]", "not a DNS label"),
        ({"form": "ray-job", "operator_namespace": "Ray"}, "operatorNamespace", "not a DNS label"),
        ({"workers": 2}, "workers", "choose form ray-job"),
        ({"head_resources": {}}, "headResources", "choose form ray-job"),
        ({"operator_namespace": "ray"}, "operatorNamespace", "choose form ray-job"),
        ({"form": "ray-job", "workers": 0}, "workers", "1 worker or more"),
        ({"form": "ray-job", "workers": 2_001}, "workers", "2,000 workers or less"),
        ({"resources": {"gpus": 1}}, "resources.gpus", "uses no accelerators"),
        ({"resources": {"gpu_resource": "nvidia.com/gpu"}}, "resources.gpuResource", "uses no accelerators"),
        ({"form": "ray-job", "head_resources": {"gpus": 1}}, "headResources.gpus", "uses no accelerators"),
        ({"resources": {"cpu": "many"}}, "resources.cpu", "is not a quantity"),
        ({"resources": {"memory": "4Gi", "memory_limit": "2Gi"}}, "resources.memoryLimit", "less than the request"),
        ({"environment": {"RAY_ADDRESS": "auto"}}, "environment.RAY_ADDRESS", "which Ray it runs on"),
        (
            {"secret_environment": {"A B": {"secret": "s", "key": "k"}}},
            "secretEnvironment.A B",
            "not the name of a variable",
        ),
        ({"max_restarts": -1}, "maxRestarts", "0 restarts or more"),
        ({"max_restarts": 1_001}, "maxRestarts", "1,000 restarts or less"),
        ({"termination_grace_seconds": 0}, "terminationGraceSeconds", "1 second or more"),
        ({"active_deadline_seconds": 59}, "activeDeadlineSeconds", "60 seconds or more"),
        ({"ttl_seconds_after_finished": -1}, "ttlSecondsAfterFinished", "0 seconds or more"),
        ({"suspended": True, "queue_name": "research"}, "suspended", "Kueue starts and stops"),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(changes: dict[str, Any], path: str, words: str) -> None:
    found = refused(**changes)
    assert set(found) == {path}
    assert words in found[path]


@pytest.mark.parametrize(
    ("form", "name", "words"),
    [
        ("job", "a" * 58, "give 57 or fewer"),
        ("ray-job", "a" * 48, "give 47 or fewer"),
        ("ray-job", "1a", "start it with a letter"),
    ],
)
def test_names_leave_room_for_what_controllers_append(form: str, name: str, words: str) -> None:
    assert words in refused(name, form=form)["name"]


def test_all_problems_are_listed_at_once() -> None:
    found = refused(image="x", output="/x", max_restarts=-1, settings={"input": {"kind": "csv"}})
    assert set(found) == {"image", "output", "maxRestarts", "settings.input"}
