"""Clusters come, are interrupted, heal, live side by side, and go without a trace."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from aidc.controlplane.cluster import Cluster
from aidc.controlplane.processes import ProcessTable

MANIFESTS = Path(__file__).parent / "manifests"
CORE = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "metrics-server"}


@pytest.fixture
def small(tmp_path):
    """A folder with the manifests of one small application."""
    folder = tmp_path / "manifests"
    folder.mkdir()
    shutil.copy(MANIFESTS / "small.yaml", folder)
    return folder


def marked(state, name):
    return list(ProcessTable(state / "clusters" / name).marked())


def test_two_clusters_side_by_side_and_down_leaves_nothing(aidc, small, state, name):
    other = f"{name[:28]}-2"
    for each in (name, other):
        up = aidc("up", "anything", "--name", each, "--manifests", small)
        assert up.returncode == 0, up.stderr
        assert "applied: 3 created" in up.stderr
    again = aidc("up", "anything", "--name", name, "--manifests", small)
    assert again.returncode == 0
    assert "nothing to change: 3 objects are as declared" in again.stderr
    assert "starting" not in again.stderr

    shown = aidc("status", name)
    assert shown.returncode == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80 or "KUBECONFIG" in shown.stdout
    assert "198.18." in shown.stdout
    data = json.loads(aidc("status", other, "--json").stdout)
    assert data["environment"] == "anything"
    (web,) = (view for view in data["workloads"] if view["name"] == "web")
    assert (web["ready"], web["wanted"], web["state"]) == (2, 2, "ready")
    assert set(data["programs"]) == CORE
    assert all(data["programs"].values())

    wrong = aidc("status", f"{other}x")
    assert wrong.returncode == 2
    assert f"did you mean '{other}'" in wrong.stderr
    assert "Traceback" not in wrong.stderr

    down = aidc("down", other)
    assert down.returncode == 0, down.stderr
    assert marked(state, other) == []
    assert not [path for path in (state / "clusters").iterdir() if other in path.name]
    assert len(marked(state, name)) == len(CORE), "the other one lives on"
    assert aidc("down", name).returncode == 0
    assert aidc("down", name).returncode == 2


@pytest.mark.timeout(240)
def test_up_may_be_interrupted_at_any_moment(command, aidc, small, state, name):
    seed = int(os.environ.get("AIDC_TEST_SEED") or random.randrange(10**6))
    print(f"AIDC_TEST_SEED={seed}")
    moments = random.Random(seed)
    arguments = ("up", "anything", "--name", name, "--manifests", small)
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(moments.uniform(0.3, 4))
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        if process.returncode != 0 and number == signal.SIGINT:
            assert process.returncode in (130, -signal.SIGINT), errors
            assert "Traceback" not in errors
    last = aidc(*arguments)
    assert last.returncode == 0, last.stderr
    # Each program runs once, however often it was started.
    programs = [process.environ()["AIDC_PROGRAM"] for process in marked(state, name)]
    assert sorted(programs) == sorted(CORE)
    assert aidc("down", name).returncode == 0
    assert marked(state, name) == []


def test_a_killed_api_server_is_said_and_healed(command, aidc, small, name, eventually):
    impossible = (small / "small.yaml").read_text().replace("cpu: 100m", "cpu: 1k")
    (small / "small.yaml").write_text(impossible)
    arguments = ("up", "anything", "--name", name, "--manifests", small)
    with subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if " ready; " in line:
                break
        Cluster(name)._processes.running("kube-apiserver").kill()
        errors = process.stderr.read()
    assert process.returncode == 1
    assert "the API server" in errors
    assert "kube-apiserver has ended" in errors
    assert f"`aidc up anything --name {name}` heals and continues" in errors
    assert "Traceback" not in errors
    status = aidc("status", name)
    assert status.returncode == 1
    assert "heals" in status.stderr

    shutil.copy(MANIFESTS / "small.yaml", small)
    healed = aidc(*arguments)
    assert healed.returncode == 0, healed.stderr
    assert "starting etcd and the API server" in healed.stderr


def test_what_is_not_ready_fails_with_the_reason(aidc, small, name):
    impossible = (small / "small.yaml").read_text().replace("cpu: 100m", "cpu: 1k")
    (small / "small.yaml").write_text(impossible)
    up = aidc("up", "anything", "--name", name, "--manifests", small, "--timeout", "3")
    assert up.returncode == 1
    assert "Deployment small/web: 0 of 2 replicas available" in up.stderr
    assert "Insufficient cpu" in up.stderr
    (small / "small.yaml").write_text(impossible.replace("protocol", "x").replace("ports:", "prots:"))
    up = aidc("up", "anything", "--name", name, "--manifests", small)
    assert up.returncode == 1
    assert "prots: field not declared in schema" in up.stderr


def test_a_port_that_was_taken_in_between_is_replaced(aidc, small, name, eventually):
    arguments = ("up", "anything", "--name", name, "--manifests", small)
    assert aidc(*arguments).returncode == 0
    cluster = Cluster(name)
    before = cluster._state.read().ports
    cluster._processes.stop("kwok")
    cluster._processes.stop("kube-apiserver")
    taken = [before["kwok"], before["api-server"]]
    listeners = [socket.create_server(("127.0.0.1", port)) for port in taken]
    try:
        healed = aidc(*arguments)
        assert healed.returncode == 0, healed.stderr
    finally:
        for listener in listeners:
            listener.close()
    after = cluster._state.read().ports
    assert not {after["kwok"], after["api-server"]} & set(taken)
    assert after["etcd"] == before["etcd"]


def test_a_foreign_process_with_a_recorded_id_survives(aidc, small, state, name):
    assert aidc("up", "anything", "--name", name, "--manifests", small).returncode == 0
    record = state / "clusters" / name / "processes" / "kwok.json"
    victim = psutil.Popen(["sleep", "60"])
    try:
        record.write_text(json.dumps({**json.loads(record.read_text()), "pid": victim.pid}))
        assert aidc("down", name).returncode == 0
        assert victim.poll() is None
        assert marked(state, name) == []
    finally:
        victim.kill()
        victim.wait()


def test_bad_input_is_refused_before_anything_starts(aidc, tmp_path, state):
    for arguments, expected in [
        (("up", "x", "--name", "No_Name", "--manifests", tmp_path), "is not a cluster name"),
        (("up", "x", "--name", "bad", "--manifests", tmp_path / "none"), "is not a folder"),
        (("up", "x", "--name", "bad", "--manifests", tmp_path), "holds no manifest"),
        (("up", "x", "--name", "bad", "--manifests", tmp_path, "--timeout", "0"), "timeout"),
        (("down", "never-was"), "no cluster 'never-was'"),
        (("status", "never-was"), "no cluster 'never-was'"),
    ]:
        refused = aidc(*arguments)
        assert refused.returncode == 2, refused.stderr
        assert expected in refused.stderr
        assert "Traceback" not in refused.stderr
    assert not (state / "clusters" / "bad").exists()
