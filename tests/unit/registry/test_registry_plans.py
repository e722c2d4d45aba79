"""Plans of registries and images: defaults, refusals, and tags that follow from content."""

from pathlib import Path
from typing import Any

import pytest

from aidc.infra.registry.build_context import content_tag
from aidc.infra.registry.registry_plan import plan_container_registry
from aidc.infra.registry.repositories import lifecycle_policy
from aidc.infra.registry.workload_image import plan_workload_image
from aidc.problems import InvalidInput

KEY = {"encryption_key": "arn:aws:kms:us-east-1:123456789012:key/1"}
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"


def cached(registry: str, **more: Any) -> dict[str, Any]:
    return {**KEY, "repositories": {}, "caches": {"cache": {"registry": registry, **more}}}


@pytest.mark.parametrize(
    ("args", "path", "said"),
    [
        ({**KEY, "repositories": {}}, "repositories", "none given"),
        ({**KEY, "repositories": {"Trainer": {}}}, "repositories.Trainer", "lower-case"),
        ({**KEY, "repositories": {"a" * 300: {}}}, f"repositories.{'a' * 300}", "no repository's name"),
        ({**KEY, "repositories": {"a": {"keep_images": 0}}}, "repositories.a.keepImages", "1 image or more"),
        ({**KEY, "repositories": {"a": {"untagged_days": 0}}}, "repositories.a.untaggedDays", "1 day or more"),
        ({**KEY, "repositories": {"a": {"pull_accounts": ["1"]}}}, "repositories.a.pullAccounts[0]", "12 digits"),
        ({**KEY, "repositories": {"a": {}}, "prefix": "A"}, "prefix", "lower-case"),
        ({**KEY, "repositories": {"a": {}}, "scanning": "always"}, "scanning", "not one of"),
        ({**KEY, "repositories": {"a": {}}, "region": "r", "replicas": {"r": "k"}}, "replicas", "own region"),
        (cached("nvcr.io"), "caches.cache.registry", "none that ECR can cache"),
        (cached("quay"), "caches.cache.registry", "did you mean 'quay.io'?"),
        (cached("ghcr.io"), "caches.cache.credentialsSecret", "missing"),
        (
            cached("quay.io", credentials_secret=f"{SECRET}ecr-pullthroughcache/q"),
            "caches.cache.credentialsSecret",
            "none",
        ),
        (cached("ghcr.io", credentials_secret=f"{SECRET}github"), "caches.cache.credentialsSecret", "named ecr-pull"),
    ],
)
def test_wrong_registries_are_refused(args: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_container_registry(args, "prod")
    (problem,) = caught.value.problems
    assert problem.path == path
    assert said in problem.reason


def test_a_cache_does_not_hide_the_registry_itself() -> None:
    with pytest.raises(InvalidInput, match="the registry's own repositories"):
        plan_container_registry({**KEY, "repositories": {}, "caches": {"prod": {"registry": "quay.io"}}}, "prod")


def test_a_lifecycle_deletes_what_has_no_tag_and_the_oldest() -> None:
    untagged, oldest = lifecycle_policy({"untagged_days": 3, "keep_images": 7})["rules"]
    assert untagged["selection"] == {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 3,
    }
    assert oldest["selection"] == {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 7}
    # ECR wants the rule for any tag to come last.
    assert untagged["rulePriority"] < oldest["rulePriority"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "source").mkdir()
    (tmp_path / "source/program.py").write_text("print()\n")
    return tmp_path


def test_a_tag_follows_from_the_content(folder: Path) -> None:
    first = content_tag(folder, {"platform": "linux/amd64"})
    assert first == content_tag(folder, {"platform": "linux/amd64"})
    assert first != content_tag(folder, {"platform": "linux/arm64"})
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/program.pyc").write_bytes(b"1")
    assert content_tag(folder, {"platform": "linux/amd64"}) == first
    (folder / "source/program.py").write_text("print(1)\n")
    assert content_tag(folder, {"platform": "linux/amd64"}) != first


def test_a_tag_tells_where_one_file_ends(folder: Path) -> None:
    (folder / "ab").write_text("c")
    first = content_tag(folder, {})
    (folder / "ab").unlink()
    (folder / "a").write_text("bc")
    assert content_tag(folder, {}) != first


def image(folder: Path, **more: Any) -> dict[str, Any]:
    return {"repository_url": "registry.example.com/trainer", "context": str(folder), **more}


@pytest.mark.parametrize(
    ("more", "path", "said"),
    [
        ({"repository_url": "registry.example.com/a:1"}, "repositoryUrl", "without a tag"),
        ({"context": "/nowhere"}, "context", "no folder"),
        ({"dockerfile": "/nowhere/Dockerfile"}, "dockerfile", "no file"),
        ({"platform": "amd64"}, "platform", "linux/amd64"),
        ({"platform": "linux/amd64,linux/arm64"}, "platform", "write one"),
        ({"tag": "a b"}, "tag", "no tag"),
        ({"build_arguments": {"HUB_TOKEN": "x"}}, "buildArguments.HUB_TOKEN", "stay in the image"),
    ],
)
def test_wrong_images_are_refused(folder: Path, more: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_workload_image(image(folder, **more), "trainer")
    (problem,) = caught.value.problems
    assert problem.path == path
    assert said in problem.reason


def test_build_arguments_and_target_change_the_tag(folder: Path) -> None:
    plain = plan_workload_image(image(folder), "trainer")
    assert plain.platform == "linux/amd64"
    assert plain.tag != plan_workload_image(image(folder, build_arguments={"PYTHON": "3.13"}), "trainer").tag
    assert plain.tag != plan_workload_image(image(folder, target="serve"), "trainer").tag
    assert plan_workload_image(image(folder, tag="mine"), "trainer").tag == "mine"
