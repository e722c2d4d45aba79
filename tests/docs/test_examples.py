"""Each example is a whole project, evaluates, and declares what its page says."""

import subprocess
import sys

import pytest

from aidc.evaluation import evaluate
from aidc.evaluation.manifests import ordered_manifests
from aidc.evaluation.testing import assert_deterministic, assert_known

TENANT = ["Namespace", "ServiceAccount", "LimitRange", "ResourceQuota", *["NetworkPolicy"] * 3]
SERVER = ["Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"]
BALANCER = ["Service", "NetworkPolicy"]
WANTED = {
    ("ten-lines", "dev"): [*TENANT, *SERVER, *BALANCER],
    ("training-cluster", "simulated"): [
        *TENANT,
        *["KWOKNodeClass", "NodePool", "PersistentVolume", "PersistentVolumeClaim", "JobSet"],
    ],
    ("training-cluster", "metal"): [
        *TENANT,
        *["ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "JobSet"],
    ],
    ("chat-service", "simulated"): [
        *TENANT,
        *SERVER,
        *BALANCER,
        *["KWOKNodeClass", "NodePool", "HorizontalPodAutoscaler"],
    ],
    ("chat-service", "metal"): [*TENANT, *SERVER, *BALANCER, "ConfigMap", "HorizontalPodAutoscaler"],
    ("tests-of-your-own", "dev"): [*TENANT, *SERVER, "Secret", "PersistentVolume", "PersistentVolumeClaim"],
    ("tests-of-your-own", "prod"): [*TENANT, *SERVER, "Secret", "PersistentVolume", "PersistentVolumeClaim"],
}


def test_every_example_is_known(root):
    projects = {path.parent.name for path in (root / "examples").glob("*/Pulumi.yaml")}
    assert projects == {name for name, _ in WANTED}
    for name in projects:
        stacks = {path.name.split(".")[1] for path in (root / "examples" / name).glob("Pulumi.*.yaml")} or {"dev"}
        assert stacks == {stack for example, stack in WANTED if example == name}


@pytest.mark.parametrize(("name", "stack"), WANTED)
def test_an_example_declares_what_it_says(name, stack, root):
    graph = evaluate(root / "examples" / name, stack)
    assert sorted(manifest.kind for manifest in ordered_manifests(graph)) == sorted(WANTED[name, stack])
    assert not graph.warnings
    assert_known(graph)
    assert_deterministic(lambda: evaluate(root / "examples" / name, stack))
    assert set(evaluate(root / "examples" / name, stack, preview=True).resources) == set(graph.resources)


@pytest.mark.parametrize("name", sorted({name for name, _ in WANTED}))
def test_an_example_is_a_page_of_code_that_can_be_installed(name, root):
    folder = root / "examples" / name
    assert len((folder / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 65
    wanted = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert "../.." in wanted, "the library of this checkout"
    assert all(line.startswith(("#", "../..", "pytest")) for line in wanted)
    assert f"examples/{name}" in (root / "docs" / "index.md").read_text(encoding="utf-8")


def test_the_tests_of_your_own_pass(root, tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    done = subprocess.run(
        command, cwd=root / "examples" / "tests-of-your-own", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = (root / "docs" / "testing.md").read_text(encoding="utf-8")
    count = done.stdout.rstrip().splitlines()[-1].split()[0]
    assert f"{count} tests" in said
