"""Images by name: what workloads run is what is built, in one stack and across layers; wrong names are refused."""

import copy
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.evaluation import ResourceGraph
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project
from aidc.problems import InvalidInput
from aidc.stacks import check_settings

ROOT = Path(__file__).parents[2]
IMAGE = "docker:index/image:Image"
CONTEXT = "FROM scratch\nCOPY model.bin /\n"
FORECAST: dict[str, Any] = {
    "image": "scaler",
    "maxReplicas": 6,
    "load": {"query": "sum(rate(aidc_inference_requests_total[2m]))"},
    "capacity": {"serviceSeconds": 1.5, "concurrency": 16},
}


def settings(stack: str) -> dict[str, Any]:
    document = yaml.safe_load((ROOT / f"stacks/Pulumi.{stack}.yaml").read_text())
    return copy.deepcopy({key.removeprefix("aidc:"): value for key, value in document["config"].items()})


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A folder that images are built from."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(CONTEXT)
    (folder / "model.bin").write_bytes(b"weights")
    return folder


def with_images(stack: str, context: Path, **more: Any) -> dict[str, Any]:
    """An environment's settings, whose programs run images that it builds."""
    found = settings(stack)
    build = {"context": str(context), "dockerLogin": True}
    found["images"] = {"training": dict(build), "server": {**build, "repositoryUrl": "inference"}, **more}
    for job in found["trainingJobs"].values():
        job["image"] = "training"
    for model in found["inferenceServices"].values():
        model["service"]["image"] = "server"
    found["microservices"]["my-pytorch"]["image"] = "server"
    return found


def evaluated(folder: Path, stack: str, changed: dict[str, Any], *, preview: bool = False) -> ResourceGraph:
    (folder / "stacks").mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    for file in [*(ROOT / "stacks").glob("Pulumi.*.yaml"), ROOT / "stacks/__main__.py"]:
        (folder / "stacks" / file.name).write_text(file.read_text())
    document = {"config": {f"aidc:{key}": value for key, value in changed.items()}}
    (folder / f"stacks/Pulumi.{stack}.yaml").write_text(yaml.safe_dump(document))
    return joined(evaluate_layers(load_project(folder), stack, preview=preview))


def images_of(graph: ResourceGraph) -> set[str]:
    """Images of the pods of the library's own programs."""
    found: set[str] = set()
    for name in ("chat-deployment", "my-pytorch-deployment", "gpt2-job", "digits-job"):
        spec = graph.named(name).inputs["spec"]
        spec = spec["replicatedJobs"][0]["template"]["spec"] if "replicatedJobs" in spec else spec
        found |= {each["image"] for each in spec["template"]["spec"]["containers"]}
    return found


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_workloads_run_what_is_built_by_its_digest(stack: str, context: Path, tmp_path: Path) -> None:
    graph = evaluated(tmp_path / "project", stack, with_images(stack, context))
    built = {each.name: each for each in graph.of_type(IMAGE)}
    assert sorted(built) == ["server", "training"]
    assert built["server"].inputs["imageName"].rpartition(":")[0].endswith(f"/{stack}/inference")
    assert built["training"].inputs["imageName"].rpartition(":")[0].endswith(f"/{stack}/training")
    references = {each.outputs["reference"] for each in graph.of_type("aidc:index:WorkloadImage")}
    assert images_of(graph) == references
    assert all("@sha256:" in reference for reference in references)
    assert not [each for each in graph if "content-" in each.urn]
    # With the machine's own login no password comes near the state.
    assert not [each for each in graph if each.secrets]


def test_what_is_built_comes_before_what_runs_it(context: Path, tmp_path: Path) -> None:
    graph = evaluated(tmp_path / "project", "staging", with_images("staging", context))
    assert graph.named("server", IMAGE).urn in graph.named("chat-deployment").dependencies


def test_a_predictive_autoscaler_runs_what_is_built_too(context: Path, tmp_path: Path) -> None:
    build = {"context": str(context), "dockerLogin": True, "repositoryUrl": "inference"}
    given = with_images("staging", context, scaler=build)
    given["inferenceServices"]["chat"]["predictiveScaling"] = FORECAST
    graph = evaluated(tmp_path / "project", "staging", given)
    scaling = graph.named("chat", "aidc:index:PredictiveScaling")
    (deployment,) = (each for each in graph.children[scaling.urn] if each.name == "chat-deployment")
    (container,) = deployment.inputs["spec"]["template"]["spec"]["containers"]
    assert container["image"] == graph.named("scaler", "aidc:index:WorkloadImage").outputs["reference"]
    assert graph.named("scaler", IMAGE).urn in deployment.dependencies


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"image": "scalr"}, "image", "did you mean 'scaler'"),
        ({"image": "registry.example/autoscaler"}, "image", "no fixed version"),
        ({"nodePool": "servng"}, "nodePool", "there is no node pool 'servng'"),
        ({"priorityClass": "servng"}, "priorityClass", "there is no 'servng' in priorityClasses"),
    ],
)
def test_a_wrong_name_of_a_predictive_autoscaler_is_refused(
    changes: dict[str, str], path: str, reason: str, context: Path
) -> None:
    given = with_images("staging", context, scaler={"context": str(context), "repositoryUrl": "inference"})
    given["inferenceServices"]["chat"]["predictiveScaling"] = {**FORECAST, **changes}
    with pytest.raises(InvalidInput) as caught:
        check_settings(given, "staging")
    found = {problem.path: problem.reason for problem in caught.value.problems}
    assert set(found) == {f"inferenceServices.chat.predictiveScaling.{path}"}
    assert reason in found[f"inferenceServices.chat.predictiveScaling.{path}"]


def test_another_content_changes_the_image_and_no_urn(context: Path, tmp_path: Path) -> None:
    before = evaluated(tmp_path / "project", "staging", with_images("staging", context))
    (context / "model.bin").write_bytes(b"other weights")
    after = evaluated(tmp_path / "project", "staging", with_images("staging", context))
    assert set(before.resources) == set(after.resources)
    assert images_of(before) != images_of(after)


def test_the_first_preview_of_a_layer_knows_no_repository_and_ends_well(context: Path, tmp_path: Path) -> None:
    given = with_images("prod", context)
    first = evaluated(tmp_path / "project", "prod", given, preview=True)
    assert set(first.resources) == set(evaluated(tmp_path / "project", "prod", given).resources)


def test_the_programs_of_the_library_are_built_from_its_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "stacks")
    given = settings("staging")
    for name in ("training", "inference"):
        place = {"context": "..", "dockerfile": f"../workloads/{name}/Dockerfile", "dockerLogin": True}
        given.setdefault("images", {})[name] = place
    given["trainingJobs"]["gpt2"]["image"] = "training"
    start = time.perf_counter()
    check_settings(given, "staging")
    assert time.perf_counter() - start < 4


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        (("trainingJobs", "gpt2", "image", "trainig"), "trainingJobs.gpt2.image", "did you mean 'training'"),
        (
            ("microservices", "my-pytorch", "image", "web"),
            "microservices.my-pytorch.image",
            "there is no 'web' in images",
        ),
        (
            ("images", "training", "repositoryUrl", "trainer"),
            "images.training.repositoryUrl",
            "did you mean 'training'",
        ),
        (("images", "training", "context", "/nowhere"), "images.training.context", "is no folder"),
        (("images", "training", "contxt", "."), "images.training.contxt", "did you mean 'context'"),
    ],
)
def test_a_wrong_name_is_refused_once(change: tuple[str, ...], path: str, reason: str, context: Path) -> None:
    given = with_images("staging", context)
    *above, key, value = change
    inside = given
    for each in above:
        inside = inside[each]
    inside[key] = value
    with pytest.raises(InvalidInput) as caught:
        check_settings(given, "staging")
    found = {problem.path: problem.reason for problem in caught.value.problems}
    assert set(found) == {path}
    assert reason in found[path]


def test_a_service_is_told_its_own_path(context: Path) -> None:
    given = with_images("staging", context)
    given["inferenceServices"]["chat"]["service"]["image"] = "servr"
    with pytest.raises(InvalidInput, match=r"inferenceServices\.chat\.service\.image: there is no 'servr'.*'server'"):
        check_settings(given, "staging")


def test_addresses_go_on_to_work(context: Path) -> None:
    given = with_images("staging", context)
    given["trainingJobs"]["gpt2"]["image"] = "registry.example/training:2.0"
    check_settings(given, "staging")
    del given["images"]
    with pytest.raises(InvalidInput, match="give an address with a fixed tag or a digest"):
        check_settings(given, "staging")


def test_elsewhere_the_repository_has_no_default(context: Path) -> None:
    given = settings("local")
    training: dict[str, Any] = {"context": str(context)}
    given["images"] = {"training": training}
    with pytest.raises(InvalidInput, match=r"images\.training\.repositoryUrl: missing"):
        check_settings(given, "local")
    training |= {"repositoryUrl": "registry.example/lab/training", "dockerLogin": True}
    given["trainingJobs"]["gpt2"]["image"] = "training"
    check_settings(given, "local")
