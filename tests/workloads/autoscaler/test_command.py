"""The program as a process, and its settings."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from aidc.problems import InvalidInput
from aidc.workloads.autoscaler.cluster import ClusterApi
from aidc.workloads.autoscaler.settings import AutoscalerSettings
from aidc.workloads.settings import read_settings

GIVEN: dict[str, Any] = {
    "target": {"namespace": "ai", "name": "chat"},
    "source": {"kind": "prometheus", "address": "http://127.0.0.1:9", "query": "load"},
    "capacity": {"service_seconds": 1.5, "concurrency": 3},
    "replicas": {"minimum": 1, "maximum": 8},
}


def run(folder: Path, given: dict[str, Any], *more: str) -> subprocess.CompletedProcess[str]:
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(given))
    command = [sys.executable, "-m", "aidc.workloads.autoscaler", "--config", str(file), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def kubeconfig(folder: Path, server: str, user: dict[str, Any]) -> Path:
    path = folder / "kubeconfig"
    entry = {"name": "it"}
    path.write_text(
        yaml.safe_dump(
            {
                "current-context": "it",
                "contexts": [{**entry, "context": {"cluster": "it", "user": "it"}}],
                "clusters": [{**entry, "cluster": {"server": server}}],
                "users": [{**entry, "user": user}],
            }
        )
    )
    return path


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"replicas": {"minimum": 9, "maximum": 8}},
            "replicas.minimum: 9 pods are more than the 8 of replicas.maximum",
        ),
        ({"capacity": {}}, "capacity: give replica_rate or service_seconds, one of them"),
        ({"mode": "acts"}, "mode: 'acts' is not one of forecast, act; did you mean 'act'?"),
        ({"source": {"kind": "promtheus"}}, "source: kind 'promtheus' is not one of prometheus, resource-metrics"),
        ({"interval_seconds": 0}, "interval_seconds: 0 seconds is too little"),
        ({"interval_secs": 3}, "interval_secs: unknown key; did you mean 'interval_seconds'?"),
        ({"objective": {"latency_seconds": 1}}, "objective.latency_seconds: 1 seconds are less than the 1.5 seconds"),
        ({"replicas": {"maximum": 20_000}}, "the 20,000 that the queueing model takes"),
        (
            {"election": {"name": "a", "namespace": "b", "duration_seconds": 4, "renew_seconds": 3}},
            "election.renew_seconds: 3 seconds are more than half of the duration of 4 seconds",
        ),
    ],
)
def test_wrong_settings_are_named(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_settings(AutoscalerSettings, {**GIVEN, **changed}, "settings")
    assert said in str(refused.value)


def test_wrong_settings_end_with_two_and_no_traceback(tmp_path: Path) -> None:
    done = run(tmp_path, {**GIVEN, "replicas": {"minimum": 9, "maximum": 8}})
    assert done.returncode == 2
    assert done.stderr.startswith("error: settings of the autoscaler: 1 problem\n  - replicas.minimum: 9 pods")
    done = run(tmp_path, GIVEN)
    assert done.returncode == 2
    assert "kubeconfig: this is no pod with a service account; give the path of a kubeconfig" in done.stderr
    done = run(tmp_path, GIVEN, "--set", f"kubeconfig={tmp_path / 'nowhere'}")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr


@pytest.mark.parametrize(
    ("user", "said"), [({"exec": {"command": "aws"}}, "asks for a program that logs in"), (None, "is no kubeconfig")]
)
def test_a_kubeconfig_that_cannot_be_used(tmp_path: Path, user: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        ClusterApi.of_settings(str(kubeconfig(tmp_path, "https://127.0.0.1:9", user)))


def test_a_token_is_read_again_for_each_request(answers: Any, tmp_path: Path) -> None:
    token = tmp_path / "token"
    seen: list[str | None] = []
    handler = answers.server.RequestHandlerClass
    original = handler.do_GET

    def remember(self: Any) -> None:
        seen.append(self.headers["Authorization"])
        original(self)

    handler.do_GET = remember
    api = ClusterApi.of_settings(str(kubeconfig(tmp_path, answers.address, {"tokenFile": "token"})))
    for text in ("first\n", "second\n"):
        token.write_text(text)
        api.get("/version")
    api.close()
    assert seen == ["Bearer first", "Bearer second"]


def test_it_runs_shows_what_it_does_and_stops_when_told(answers: Any, tmp_path: Path) -> None:
    """Everything it talks to is gone: it lives, says so, and ends with 0."""
    answers.answer = lambda path, query: (503, b'{"message": "etcd is gone"}')
    settings = {
        **GIVEN,
        "kubeconfig": str(kubeconfig(tmp_path, answers.address, {"token": "secret"})),
        "host": "127.0.0.1",
        "port": 0,
        "interval_seconds": 0.2,
        "acting": {"kind": "keda"},
    }
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(settings))
    process = subprocess.Popen(
        [sys.executable, "-m", "aidc.workloads.autoscaler", "--config", str(file)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        port = 0
        for line in process.stdout:
            message = json.loads(line)["message"]
            if message.startswith("metrics and health at port "):
                port = int(message.rsplit(" ", 1)[1])
                break
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            while http.get("/readyz").status_code != 200:
                time.sleep(0.05)
            assert http.get("/livez").status_code == 200
            assert http.get("/replicas").status_code == 503
            assert http.get("/nothing").status_code == 404
            assert "aidc_autoscaler_target_found 0.0" in http.get("/metrics").text
        process.terminate()
        rest, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in rest.splitlines()]
    assert process.returncode == 0
    assert lines[-1]["message"] == "stopped"
    assert any("etcd is gone" in line["message"] for line in lines)
    assert "secret" not in rest


def test_it_needs_nothing_that_makes_its_image_large() -> None:
    code = (
        "import sys, aidc.workloads.autoscaler.run\n"
        "heavy = {'pandas', 'scipy', 'statsmodels', 'statsforecast', 'torch', 'kr8s', 'pulumi', 'grpc', 'typer'}\n"
        "print(*sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []
