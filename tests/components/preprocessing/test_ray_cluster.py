"""The RayJob on a real Ray: started and submitted to as KubeRay does, by what the manifest says, with its token."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.components.preprocessing import PreprocessingJob, PreprocessingJobArgs
from aidc.evaluation import evaluate
from aidc.workloads.programs import SETTINGS_PATH

pytestmark = [pytest.mark.alone, pytest.mark.timeout(600)]

BIN = Path(sys.executable).parent
TEXTS = [f"the {number}th text of some words, which is like no other one: {number * 7919}" for number in range(2_000)]
SUBMIT = (
    "until python -c \"import urllib.request; r=urllib.request.urlopen('{address}/api/gcs_healthz', timeout=10); "
    "exit(0 if b'success' in r.read() else 1)\" >/dev/null 2>&1 ; do sleep 2 ; done ; "
    "if ! ray job status --address {address} {name} >/dev/null 2>&1 ; "
    "then ray job submit --address {address} --no-wait --submission-id {name} -- {entrypoint} ; "
    "fi ; ray job logs --address {address} --follow {name}"
)
"""What the submitter's pod runs: ray-operator/controllers/ray/common/job.go of KubeRay 1.7, in its mode K8sJobMode."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def declared(folder: Path) -> tuple[Mapping[str, Any], str]:
    """The RayJob that the component makes, and the settings of its ConfigMap."""
    args: PreprocessingJobArgs = {
        "namespace": "research",
        "image": "registry.example/preprocessing:1.0.0",
        "form": "ray-job",  # type: ignore[typeddict-item]
        "workers": 1,
        "resources": {"cpu": "2", "memory": "4Gi"},
        "inputs": [f"{folder}/raw/*.jsonl"],
        "output": f"{folder}/it's clean",
        "settings": {
            "input": {"kind": "json_lines"},
            "partition_bytes": 1 << 16,
            "metrics_port": free_port(),
            "resources": {"object_store_bytes": 80 << 20},
        },
        "mounts": [{"claim": "data", "path": str(folder)}],
    }
    graph = evaluate(lambda: PreprocessingJob("trial", args))
    return graph.named("trial-job").inputs["spec"], graph.named("trial-settings").inputs["data"]["settings.yaml"]


@dataclass(frozen=True)
class RayCluster:
    """A head and a worker of this machine."""

    address: str
    """Of the dashboard."""

    environment: Mapping[str, str]

    logs: Path
    """Of its own processes."""

    def run(self, script: str) -> str:
        """Run a script as the submitter does, and return what it prints."""
        command = ["/bin/bash", "-ce", "--", script]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=240)
        return done.stdout + done.stderr

    def submit(self, name: str, spec: Mapping[str, Any], settings: Path) -> tuple[str, str]:
        """Submit the job as KubeRay does, with its settings in a file; return the log, and the status at the end."""
        entrypoint = spec["entrypoint"].replace(SETTINGS_PATH, str(settings))
        log = self.run(SUBMIT.format(address=self.address, name=name, entrypoint=entrypoint))
        return log, self.run(f"ray job status --address {self.address} {name}")

    def prove(self, name: str) -> str:
        """Submit a job that does nothing, and return its status once it has ended, or after a minute and a half."""
        asked = f"ray job status --address {self.address} {name} 2>&1"
        return self.run(
            f"ray job submit --address {self.address} --no-wait --submission-id {name} -- true ; "
            f"until {asked} | grep -qE 'succeeded|failed' || [ $SECONDS -gt 90 ] ; do sleep 1 ; done ; {asked}"
        )

    def complaints(self) -> str:
        """What its processes logged of errors, the last of each."""
        found = [
            f"{path.name}: {line}"
            for path in sorted(self.logs.glob("*.*"))
            for line in [
                line
                for line in path.read_text(errors="replace").splitlines()
                if re.search(r" [EWF] |ERROR|Traceback", line)
            ][-3:]
        ]
        return "\n".join(found)


@contextmanager
def ray_cluster(home: Path) -> Generator[RayCluster]:
    """A head and a worker, started with the parameters of the manifest; stopped at the end."""
    spec, _ = declared(home)
    assert spec["rayClusterSpec"]["authOptions"] == {"mode": "token"}
    # Names of sockets must not be longer than 107 characters.
    folder = tempfile.mkdtemp(prefix="aidc-", dir="/tmp")
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HOME": str(home),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_agent_register_timeout_ms": "600000",
        # Ray starts its workers by `uv run` as well where these tests were, and those never come up.
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    }
    gcs, dashboard = free_port(), free_port()
    rays: dict[str, Any] = spec["rayClusterSpec"]
    parts = [
        (
            rays["headGroupSpec"],
            [
                "--head",
                f"--port={gcs}",
                f"--temp-dir={folder}",
                "--dashboard-host=127.0.0.1",
                f"--dashboard-port={dashboard}",
            ],
        ),
        (
            rays["workerGroupSpecs"][0],
            [f"--address=127.0.0.1:{gcs}", "--min-worker-port=20002", "--max-worker-port=20999"],
        ),
    ]
    started: list[subprocess.Popen[bytes]] = []
    found = RayCluster(f"http://127.0.0.1:{dashboard}", environment, Path(folder) / "session_latest/logs")
    try:
        for group, flags in parts:
            flags += [f"--{name}={value}" for name, value in group["rayStartParams"].items()]
            flags += [f"--dashboard-agent-listen-port={free_port()}", f"--metrics-export-port={free_port()}"]
            command = [str(BIN / "ray"), "start", "--block", "--node-ip-address=127.0.0.1", *flags]
            with (home / f"ray-{len(started)}.log").open("wb") as log:
                started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            # A worker waits for its head, as `wait-gcs-ready` has it do.
            found.run(f"until ray health-check --address 127.0.0.1:{gcs} >/dev/null 2>&1 ; do sleep 1 ; done")
        yield found
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[RayCluster]:
    """A Ray that has run a job of nothing but `true`: if that fails, no program of ours is to blame."""
    pytest.importorskip("aiohttp_cors", reason="Ray's extra `default` is not installed: run `make install`")
    with ray_cluster(tmp_path_factory.mktemp("ray")) as found:
        status = found.prove("proof")
        assert "succeeded" in status, f"{status}\n{found.complaints()}"
        yield found


def test_the_entrypoint_runs_on_the_workers_and_nobody_gets_in_without_the_token(
    cluster: RayCluster, tmp_path: Path
) -> None:
    (tmp_path / "raw").mkdir()
    for index in range(2):
        lines = [json.dumps({"text": text}) for text in TEXTS[index::2]]
        (tmp_path / f"raw/{index}.jsonl").write_text("\n".join([*lines, "{broken", lines[0]]) + "\n")
    spec, settings = declared(tmp_path)
    (tmp_path / "settings.yaml").write_text(settings)
    log, status = cluster.submit("texts", spec, tmp_path / "settings.yaml")
    assert '"event": "finished"' in log, log
    assert "succeeded" in status
    manifest = json.loads((tmp_path / "it's clean/manifest.json").read_text())
    assert manifest["records"] == {
        "read": 2_004,
        "written": 2_000,
        "quarantined": {"json": 2},
        "filtered": {},
        "duplicates": {"exact": 2, "near": 0},
    }
    assert yaml.safe_load(settings)["resources"] == {"object_store_bytes": 80 << 20}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{cluster.address}/api/jobs/", timeout=30)
    refused.value.close()
    assert refused.value.code == 401


def test_bad_input_is_a_failed_job_that_says_why(cluster: RayCluster, tmp_path: Path) -> None:
    spec, settings = declared(tmp_path)
    (tmp_path / "settings.yaml").write_text(settings)
    log, status = cluster.submit("nothing", spec, tmp_path / "settings.yaml")
    assert "input.paths[0]" in log
    assert "failed with exit code 2" in status
