"""Autoscalers as real processes of this machine, with the identity that the component gives to its pods."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import yaml

from aidc.components.autoscaling.predictive_scaling import PredictiveScaling
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of
from aidc.workloads.autoscaler.bounds import reactive_replicas

ACCOUNT = "chat-autoscaler"
REPLICA_RATE, UTILISATION, MAXIMUM = 5.0, 0.8, 12


def declared(namespace, arguments):
    """The objects of the component, in the order in which they are made."""
    graph = evaluate(lambda: PredictiveScaling("chat", {**arguments, "namespace": namespace}))
    return manifests_of(graph)


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


class Identity:
    """A kubeconfig for the component's service account."""

    def __init__(self, client, cluster, namespace, folder):
        path = client.kind("v1", "ServiceAccount").path(namespace, ACCOUNT) + "/token"
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        }
        token = client.request("POST", path, body=request)["status"]["token"]
        config = yaml.safe_load(Path(cluster.kubeconfig).read_text())
        for user in config["users"]:
            user["user"] = {"token": token}
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(config))


class Process:
    """One autoscaler: the settings and arguments of the component's pods, but for addresses of this machine."""

    def __init__(self, objects, identity, folder, name, **changes):
        (deployment,) = (thing for thing in objects if thing["kind"] == "Deployment")
        (settings,) = (thing for thing in objects if "settings.yaml" in thing.get("data", {}))
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        file = folder / "settings.yaml"
        file.write_text(settings["data"]["settings.yaml"])
        self.port = free_port()
        overrides = {
            "kubeconfig": str(identity.kubeconfig),
            "host": "127.0.0.1",
            "port": self.port,
            **changes,
        }
        arguments = [str(file) if word == "/etc/aidc/settings.yaml" else word for word in container["args"]]
        for path, value in overrides.items():
            arguments += ["--set", f"{path}={json.dumps(value)}"]
        self.command = [sys.executable, *arguments]
        self.log = folder / f"{name}.log"
        self.process = None

    def start(self):
        with self.log.open("a") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT)
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """End it as Kubernetes does; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def send(self, number):
        os.kill(self.process.pid, number)

    def metrics(self):
        return metrics_at(f"http://127.0.0.1:{self.port}")

    def is_ready(self):
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def logged(self):
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


def metrics_at(address):
    """Gauges and counters of an autoscaler by name, with labels; none while it does not answer."""
    try:
        text = httpx.get(f"{address}/metrics", timeout=5, trust_env=False).text
    except httpx.HTTPError:
        return {}
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name.removeprefix("aidc_autoscaler_"): float(value) for name, value in pairs}


class Samples:
    """The target's number of pods, looked at all the time."""

    def __init__(self, client, namespace):
        kind = client.kind("apps/v1", "Deployment")
        self._client, self._path = client, kind.path(namespace, "chat") + "/scale"
        self.taken = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()

    def _look(self):
        while not self._ended.wait(0.1):
            replicas = self._client.request("GET", self._path)["spec"].get("replicas", 0)
            self.taken.append((time.time(), replicas))


def never_below(samples, load, seconds):
    """Require of every sample as many pods as the reactive rule wanted all the time of the last seconds."""
    first = load.began
    missing = []
    for moment, replicas in samples.taken:
        past = [moment - seconds * part / 20 for part in range(21)]
        wants = min(reactive(load.rate(max(each, first)), replicas) for each in past)
        if replicas < min(wants, MAXIMUM):
            missing.append((round(moment - first, 1), replicas, wants))
    assert not missing, missing


def reactive(rate, replicas):
    return reactive_replicas(rate, replicas, replica_rate=REPLICA_RATE, utilisation=UTILISATION)
