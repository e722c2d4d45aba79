"""The documented walk from training to an answer; and pods on a cluster are told just what ran in it."""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from aidc.components import InferenceService, Tenancy, TrainingJob
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of
from aidc.workloads.inference import launch as serving
from aidc.workloads.models.export import load_model
from aidc.workloads.models.generation import generate
from aidc.workloads.models.sampling import Sampling
from aidc.workloads.training import launch as training
from aidc.workloads.training.data.settings import TextSettings
from aidc.workloads.training.data.text import prepare_text
from aidc.workloads.training.events import EVENTS

PAGE = (Path(__file__).parents[2] / "docs/inference.md").read_text()
TRAIN, SERVE = (shlex.split(line) for line in re.search(r"```sh\n(aidc train.*?)```", PAGE, re.S)[1].splitlines())
CURL = shlex.split(re.search(r"```text\n(curl .*?)\n```", PAGE, re.S)[1])
RECIPE, OVERRIDES, MODEL = TRAIN[2], TRAIN[4::2], SERVE[2]

# What only a cluster knows, or only one machine.
OF_A_CLUSTER = {"PET_RDZV_ENDPOINT", "PET_RDZV_ID", "PET_RDZV_CONF"}
BY_RESOURCES = {"OMP_NUM_THREADS", "PET_MAX_RESTARTS", "PET_SHUTDOWN_TIMEOUT"}


def command(words):
    return [str(Path(sys.executable).with_name(words[0])), *words[1:]]


def worker_of(process):
    """Arguments and environment of the process that trains."""
    while process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                words = child.cmdline()
                if "aidc.workloads.training" in words and "--config" in words:
                    return words, child.environ()
            except psutil.Error:
                continue
        time.sleep(0.05)
    raise AssertionError("no process trained")


def server_of(process):
    """Arguments of the server that the command started."""
    (child,) = psutil.Process(process.pid).children()
    return child.cmdline()


def bigram_entropy():
    """What is left to learn for whoever knows how often each byte follows each other one, in nats."""
    tokens = prepare_text(TextSettings()).tokens().astype(np.int64)
    pairs = np.bincount(tokens[:-1] * 256 + tokens[1:], minlength=256 * 256).reshape(256, 256).astype(float)
    shares = pairs / pairs.sum(1, keepdims=True).clip(1)
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    return float(-(pairs * logs).sum() / pairs.sum())


@pytest.mark.timeout(900)
def test_from_training_to_an_answer(tmp_path, monkeypatch):
    # Workers of pytest have one thread; here it is for the program to say how many.
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with subprocess.Popen(command(TRAIN), cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        words, environment = worker_of(process)
        lines = process.communicate(timeout=800)[0].splitlines()
    assert process.returncode == 0
    assert words[1:] == ["-u", *training.arguments(RECIPE, OVERRIDES)]
    expected = training.environment(1, len(psutil.Process().cpu_affinity()), 0)
    assert {key: environment.get(key) for key in expected} == expected

    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert {each["event"] for each in events} <= set(EVENTS)
    assert events[-1]["event"] == "finished"
    assert events[-1]["tokens_per_second"] > 0
    # Without a right gradient of the attention, nothing but the last byte is known.
    assert events[-1]["evaluation"]["loss"] < bigram_entropy() - 0.1
    said = "\n".join(line for line in lines if not line.startswith("{"))
    assert re.search(r"trained 300 steps in \d+ s: loss \S+, held-out loss \S+, .*[\d,]+ tokens a second", said)
    # What it says to do next is what the page does.
    assert shlex.split(said.splitlines()[-1]) == SERVE

    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    started = [*command(SERVE), "--port", str(port), "--json"]
    with subprocess.Popen(started, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            shown = json.loads(process.stdout.readline())
            expected = serving.arguments(MODEL, port=port)
            assert server_of(process)[1 : 1 + len(expected)] == expected
            curl = [part.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for part in CURL]
            assert shlex.split(shown["curl"]) == curl
            body = json.loads(curl[-1])
            answer = httpx.post(curl[1], json={**body, "temperature": 0}, timeout=60, trust_env=False)
            assert answer.status_code == 200, answer.text
            model = load_model(tmp_path / MODEL)
            alone = generate(
                model.model, model.encoding, body["prompt"], Sampling(maximum_tokens=body["max_tokens"], temperature=0)
            )
            assert answer.json()["choices"][0]["text"] == alone.text
            assert re.search("[a-z]{3}", alone.text)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            # Whatever fails here, the server does not outlive it.
            process.terminate()


def data_center():
    lab = Tenancy("lab", {})
    overrides = dict(each.split("=", 1) for each in OVERRIDES)
    common = {"namespace": lab.namespace, "image": "registry.example/program:1.4.2"}
    job = {"nodes": 1, "program": {"recipe": RECIPE, "overrides": overrides}, "resources": {"cpu": "2"}}
    TrainingJob("walk", {**common, **job})
    InferenceService("walk", {**common, "model": MODEL})


def test_pods_on_a_cluster_are_told_the_same(client, deployed, eventually):
    deployed.apply(*manifests_of(evaluate(data_center)), ready=None)

    def pods():
        found = client.list("v1", "Pod", "lab")
        named = {each["metadata"]["labels"]["app.kubernetes.io/component"]: each for each in found}
        return named if {"training", "inference"} <= set(named) else None

    found = eventually(pods)
    (worker,) = found["training"]["spec"]["containers"]
    assert [*worker["command"], *worker["args"]] == ["torchrun", *training.arguments(RECIPE, OVERRIDES)]
    told = {each["name"]: each.get("value") for each in worker["env"]}
    here = training.environment(1, 2, 3)
    assert {key: told[key] for key in here.keys() - OF_A_CLUSTER - BY_RESOURCES} == {
        key: here[key] for key in here.keys() - OF_A_CLUSTER - BY_RESOURCES
    }
    assert told.keys() >= here.keys()
    assert told["PET_RDZV_ENDPOINT"] == "walk-worker-0-0.walk.lab.svc.cluster.local:29500"
    (server,) = found["inference"]["spec"]["containers"]
    expected = ["python", *serving.arguments(MODEL)]
    assert [*server["command"], *server["args"]][: len(expected)] == expected
