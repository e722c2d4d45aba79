"""A stack of a copy of this project, driven by `pulumi` itself on a simulated cluster."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import yaml

from aidc.controlplane.cluster import Cluster, ClusterSettings
from aidc.tools.progress import Silence

ROOT = Path(__file__).parents[2]
SETTINGS = "stacks/Pulumi.local.yaml"
PROGRAM = "stacks/__main__.py"
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
    """Why tests with the engine cannot run, as text; empty where they can."""
    needed = ["pulumi", "pulumi-language-python", "uv"]
    missing = [f"`{each}`" for each in needed if shutil.which(each) is None]
    if missing:
        return f"no {', '.join(missing)} on PATH"
    folder = pulumi_home() / "plugins" / f"resource-kubernetes-v{PROVIDER_VERSION}"
    if shutil.which(PROVIDER) is None and not (folder / PROVIDER).is_file():
        return f"no Kubernetes provider: run `pulumi plugin install resource kubernetes v{PROVIDER_VERSION}`"
    return ""


@contextmanager
def cluster_of(name):
    """The cluster that the program finds by the name of its stack, with nothing in it."""
    cluster = Cluster(name)
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
        # Without pyproject.toml, so that Pulumi does not have uv synchronise the environment of these tests.
        for path in ("Pulumi.yaml", "uv.lock", SETTINGS, PROGRAM):
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

    def end(self, *arguments, seconds=600):
        """Run a command of this stack; return its exit code and what it says."""
        process = self.start(*arguments)
        try:
            said, _ = process.communicate(timeout=seconds)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, said

    def run(self, *arguments):
        """Run a command of this stack, which must end well; return what it says."""
        code, said = self.end(*arguments)
        assert code == 0, said
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
