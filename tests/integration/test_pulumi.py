"""`pulumi` itself and its Kubernetes provider on the simulated cluster: up, again, changed, interrupted, down."""

import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from aidc.controlplane.cluster import Cluster, ClusterSettings
from aidc.tools.progress import Silence

ROOT = Path(__file__).parents[2]
SETTINGS = "stacks/Pulumi.local.yaml"
PROVIDER = "pulumi-resource-kubernetes"
PROVIDER_VERSION = version("pulumi-kubernetes")
# What the environment makes of each kind; the cluster has others of its own.
KINDS = [
    ("karpenter.sh/v1", "NodePool"),
    ("karpenter.kwok.sh/v1alpha1", "KWOKNodeClass"),
    ("jobset.x-k8s.io/v1alpha2", "JobSet"),
    ("apps/v1", "Deployment"),
    ("v1", "Namespace"),
    ("v1", "PersistentVolume"),
    ("v1", "PersistentVolumeClaim"),
    ("scheduling.k8s.io/v1", "PriorityClass"),
]


def pulumi_home():
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def what_is_missing():
    """Why these tests cannot run, as text; empty where they can."""
    if shutil.which("pulumi") is None or shutil.which("pulumi-language-python") is None:
        return "no `pulumi` with `pulumi-language-python` on PATH"
    folder = pulumi_home() / "plugins" / f"resource-kubernetes-v{PROVIDER_VERSION}"
    if shutil.which(PROVIDER) is None and not (folder / PROVIDER).is_file():
        return f"no Kubernetes provider: run `pulumi plugin install resource kubernetes v{PROVIDER_VERSION}`"
    return ""


MISSING = what_is_missing()
pytestmark = [pytest.mark.skipif(bool(MISSING), reason=MISSING), pytest.mark.timeout(900)]


class Stack:
    """A stack of a copy of the project, with a state, a home and settings of its own."""

    def __init__(self, folder, name):
        self.name = name
        self.project = folder / "project"
        self.home = folder / "home"
        (folder / "state").mkdir()
        self.home.mkdir()
        if (pulumi_home() / "plugins").is_dir():
            (self.home / "plugins").symlink_to(pulumi_home() / "plugins")
        (self.project / "stacks").mkdir(parents=True)
        for path in ("Pulumi.yaml", "uv.lock", SETTINGS, "stacks/__main__.py"):
            shutil.copy(ROOT / path, self.project / path)
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "correct horse battery staple",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(self.home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "UV_PROJECT_ENVIRONMENT": sys.prefix,
        }

    def start(self, *arguments):
        return subprocess.Popen(
            ["pulumi", *arguments, "--stack", self.name, "--non-interactive"],
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments, seconds=600):
        """Run a command of this stack, which must end well; return what it says."""
        process = self.start(*arguments)
        try:
            said, _ = process.communicate(timeout=seconds)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == 0, said
        return said

    def resources(self):
        """By URN, what the state has."""
        listed = json.loads(self.run("stack", "export"))["deployment"].get("resources") or []
        return {resource["urn"]: resource for resource in listed}

    def changes(self):
        """What an update would do: (operation, type, name) of all that does not stay as it is."""
        previewed = json.loads(self.run("preview", "--json"))
        return {
            (step["op"], step["newState" if "newState" in step else "oldState"]["type"], step["urn"].split("::")[-1])
            for step in previewed["steps"]
            if step["op"] != "same"
        }

    def edit(self, change):
        path = self.project / SETTINGS
        settings = yaml.safe_load(path.read_text())
        change(settings["config"])
        path.write_text(yaml.safe_dump(settings, sort_keys=False))


@pytest.fixture(scope="module")
def cluster_of_stack(state):
    """The cluster that the program finds by the name of its stack, with nothing in it."""
    cluster = Cluster("local")
    try:
        cluster.start(ClusterSettings(controllers=frozenset({"karpenter", "jobset"})), Silence())
        with cluster.client() as client:
            yield client
    finally:
        cluster.stop()


def present(client):
    """The objects of the kinds that the environment makes, as (kind, namespace, name)."""
    return {
        (kind, thing["metadata"].get("namespace", ""), thing["metadata"]["name"])
        for api_version, kind in KINDS
        for thing in client.list(api_version, kind)
    }


@pytest.fixture(scope="module")
def before(cluster_of_stack):
    return present(cluster_of_stack)


@pytest.fixture(scope="module")
def stack(tmp_path_factory, cluster_of_stack, before, eventually):
    """The environment `local`, whose first update was killed midway and completed by a second one."""
    stack = Stack(tmp_path_factory.mktemp("pulumi"), "local")
    stack.run("stack", "init")
    first = stack.start("up", "--yes", "--skip-preview")
    eventually(lambda: present(cluster_of_stack) - before or first.poll() is not None, seconds=300, every=0.1)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert first.returncode == -signal.SIGKILL, "the first update was over before it was killed"
    stack.run("cancel", "--yes")
    stack.run("up", "--yes", "--skip-preview")
    return stack


def test_the_engine_makes_what_evaluation_foresees(stack, evaluate_stack):
    foreseen = {resource.urn for resource in evaluate_stack(ROOT, "local")}
    assert {urn for urn in stack.resources() if "::pulumi:pulumi:Stack::" not in urn} == {
        urn for urn in foreseen if "::pulumi:pulumi:Stack::" not in urn
    }


def test_a_second_preview_shows_no_change(stack):
    stack.run("preview", "--expect-no-changes")


def test_a_refresh_forgets_what_was_under_way_when_it_was_killed(stack):
    stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    assert not json.loads(stack.run("stack", "export"))["deployment"].get("pending_operations")
    stack.run("preview", "--diff", "--expect-no-changes")


def test_an_edit_changes_what_it_names_and_nothing_else(stack):
    original = (stack.project / SETTINGS).read_text()
    stack.edit(lambda config: config["aidc:gpuNodePools"]["l4-serving"]["scaling"].update(maximumNodes=10))
    pool = {
        ("update", "aidc:index:GpuNodePool", "l4-serving"),
        ("update", "kubernetes:karpenter.sh/v1:NodePool", "l4-serving"),
    }
    assert stack.changes() == pool
    stack.edit(lambda config: config["aidc:microservices"]["my-pytorch"].update(image="ghcr.io/aidc/inference:0.1.1"))
    both = pool | {
        ("update", "aidc:index:Microservice", "my-pytorch"),
        ("update", "kubernetes:apps/v1:Deployment", "my-pytorch-deployment"),
    }
    assert stack.changes() == both
    stack.run("up", "--yes", "--skip-preview")
    stack.run("preview", "--expect-no-changes")
    (stack.project / SETTINGS).write_text(original)
    assert stack.changes() == both
    stack.run("up", "--yes", "--skip-preview")


def test_a_tenant_is_added_beside_the_others(stack):
    original = (stack.project / SETTINGS).read_text()
    stack.edit(lambda config: config["aidc:tenants"].update(vision={"quota": {"gpus": "8"}}))
    try:
        changes = stack.changes()
        assert {operation for operation, _, _ in changes} == {"create"}
        assert all(name.startswith("vision") for _, _, name in changes), changes
        assert ("create", "kubernetes:core/v1:Namespace", "vision") in changes
    finally:
        (stack.project / SETTINGS).write_text(original)


def test_a_secret_kubeconfig_is_nowhere_in_plain(stack, state):
    original = (stack.project / SETTINGS).read_text()
    kubeconfig = (state / "clusters/local/kubeconfig.yaml").read_text()
    stack.run("config", "set", "--secret", "aidc:kubeconfig", kubeconfig)
    try:
        assert {operation for operation, _, _ in stack.changes()} <= {"update"}
        stack.run("up", "--yes", "--skip-preview")
        (user,) = yaml.safe_load(kubeconfig)["users"]
        key = user["user"]["client-key-data"]
        kept = [path for path in stack.home.parent.joinpath("state").rglob("*") if path.is_file()]
        assert any("ciphertext" in path.read_text() for path in kept)
        assert not [path for path in kept if key in path.read_text()]
    finally:
        (stack.project / SETTINGS).write_text(original)
    stack.run("up", "--yes", "--skip-preview")


def test_down_leaves_nothing(stack, cluster_of_stack, before, eventually):
    assert present(cluster_of_stack) > before
    stack.run("destroy", "--yes", "--skip-preview")
    assert stack.resources() == {}
    eventually(lambda: present(cluster_of_stack) == before, seconds=60)
    stack.run("stack", "rm", "--yes")
