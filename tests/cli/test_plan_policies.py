"""What `aidc plan` says of the rules: open findings, those that stay, and a broken file of exceptions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = """
import pulumi_kubernetes as k8s

k8s.core.v1.Namespace("research", metadata={"name": "research"})
k8s.core.v1.ConfigMap("settings", metadata={"name": "settings", "namespace": "research"}, data={})
for name, image in (("job", "program:latest"), ("second", "program:1")):
    pod = {"restart_policy": "Never", "containers": [{"name": "main", "image": image}]}
    k8s.batch.v1.Job(name, metadata={"name": name, "namespace": "research"}, spec={"template": {"spec": pod}})
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: own\nruntime: python\nmain: .\nstackConfigDir: settings\n")
    (tmp_path / "__main__.py").write_text(_PROGRAM)
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings/Pulumi.dev.yaml").write_text("config: {}\n")
    return tmp_path


def test_our_own_environment_is_clean(main: Callable[..., Any]) -> None:
    ended = main("plan", "local")
    assert ended.code == 0
    last = ended.out.splitlines()[-1]
    assert last.startswith("policies")
    assert "0 mandatory and 0 advisory findings, 4 more stay for a reason" in last


def test_a_stranger_sees_what_is_wrong_and_the_way_out(main: Callable[..., Any], project: Path) -> None:
    lines = main("plan", "dev", "--project", project).out.splitlines()
    found = next(line for line in lines if "image-tag" in line)
    assert found == "mandatory: image-tag: Job job: image program:latest is another one tomorrow; name a version"
    assert any(line.startswith("advisory: job-ends: Job job and 1 more: stays when it has ended") for line in lines)
    assert sum("pod-resources" in line for line in lines) == 1, "one line a rule"
    assert "pod-resources: Job job and 1 more: container main lacks " in "\n".join(lines)


def test_json_has_every_finding(main: Callable[..., Any], project: Path) -> None:
    entry = "{rule: namespace-pod-security, resources: [research], reason: for a moment}"
    (project / "settings/policies.yaml").write_text(f"exceptions: [{entry}]")
    policies = json.loads(main("plan", "dev", "--project", project, "--json", "-").out)["policies"]
    by_rule = {each["rule"]: each for each in policies["findings"]}
    assert by_rule["namespace-pod-security"]["reason"] == "for a moment"
    assert by_rule["image-tag"]["reason"] is None
    assert policies["excepted"] == 1
    assert policies["mandatory"] + policies["advisory"] + 1 == len(policies["findings"])


def test_another_file_of_exceptions_is_named_by_a_variable(
    main: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = "{rule: image-tag, resources: [job], reason: for a moment}"
    (project / "other.yaml").write_text(f"exceptions: [{entry}]")
    monkeypatch.setenv("AIDC_POLICY_EXCEPTIONS", str(project / "other.yaml"))
    assert "1 more stay for a reason" in main("plan", "dev", "--project", project).out
    monkeypatch.setenv("AIDC_POLICY_EXCEPTIONS", str(project / "none.yaml"))
    ended = main("plan", "dev", "--project", project)
    assert ended.code == 2
    assert f"AIDC_POLICY_EXCEPTIONS: 1 problem\n  - {project / 'none.yaml'} is no file" in ended.err


def test_json_of_a_comparison_has_the_findings_too(main: Callable[..., Any], project: Path) -> None:
    document = json.loads(main("plan", "dev", "--project", project, "--against", "dev", "--json", "-").out)
    assert document["policies"]["mandatory"] > 0
    assert document["difference"]


def test_an_exception_that_nothing_needs_is_named(main: Callable[..., Any], project: Path) -> None:
    entry = "{rule: image-tag, resources: [gone], reason: once, stacks: [dev]}"
    (project / "settings/policies.yaml").write_text(f"exceptions: [{entry}]")
    out = main("plan", "dev", "--project", project).out
    assert "needless exception: no finding of image-tag for gone; leave it out\n" in out


def test_a_broken_file_of_exceptions_is_said_and_nothing_else(main: Callable[..., Any], project: Path) -> None:
    (project / "settings/policies.yaml").write_text("exceptions: [{rule: image-tags, resources: [x], reason: y}]")
    ended = main("plan", "dev", "--project", project)
    assert ended.code == 2
    assert ended.out == ""
    assert "exceptions[0].rule: 'image-tags' is not one of" in ended.err
    assert "did you mean 'image-tag'" in ended.err
