"""The whole program on a real Ray: the same bytes as in one process, whoever is killed, and nothing left behind."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from corpus import Corpus, make_corpus

from aidc.workloads.preprocessing import pipeline
from aidc.workloads.preprocessing.pipeline import Pipeline
from aidc.workloads.preprocessing.settings import PreprocessingSettings
from aidc.workloads.settings import read_settings

pytestmark = pytest.mark.alone

PARTITION_BYTES = 1 << 16
"""Small, so that there are many tasks to be killed in."""

RAY_FOLDER = Path(f"/tmp/aidc-test-{os.getpid()}")
"""Where Rays have their folders: below a short path, since names of sockets must not be longer than 107 characters."""

TWO_NODES = """
import sys, warnings
warnings.simplefilter("ignore")
from ray.cluster_utils import Cluster
node = dict(num_cpus=1, object_store_memory=100 << 20, include_dashboard=False)
cluster = Cluster(initialize_head=True, head_node_args=node)
del node["include_dashboard"]
second = cluster.add_node(**node)
cluster.wait_for_nodes(2)
print(cluster.address, flush=True)
for line in sys.stdin:
    cluster.remove_node(second, allow_graceful=False)
cluster.shutdown()
"""
"""A cluster of two nodes, which is there until its stdin ends; a line there kills the second one."""

FAILING = """
import os, sys
from aidc.workloads.preprocessing import cluster
from aidc.workloads.preprocessing.settings import ResourceSettings

def full(values):
    raise OSError(28, "No space left on device", "/data")

def broken(values):
    return 1 // 0

def fatal(values):
    os.kill(os.getpid(), 9)

cluster._DEATHS = 2
resources = ResourceSettings()
with cluster.ray_cluster(resources):
    for task in (full, broken, fatal):
        try:
            print(list(cluster.run_tasks(task, [{"path": "s3://raw/a.txt", "settings": "long"}], resources)))
        except cluster.ClusterError as error:
            print(error, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def orphans() -> Generator[set[psutil.Process]]:
    """Processes of Rays whose program was killed. Its agents see that, and then try for a minute to tell others."""
    found: set[psutil.Process] = set()
    yield found
    assert not psutil.wait_procs(found, 90)[1]


@dataclass
class Nodes:
    process: subprocess.Popen[str]
    environment: dict[str, str]
    """For programs that are to join them."""

    def kill_one(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


Expected = tuple[Corpus, dict[str, str]]


@pytest.fixture(scope="module", autouse=True)
def _folder() -> Generator[None]:
    RAY_FOLDER.mkdir()
    yield
    shutil.rmtree(RAY_FOLDER)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """A corpus, and what one process makes of it without Ray."""
    folder = tmp_path_factory.mktemp("expected")
    corpus = make_corpus(folder / "raw", 4_000_000, files=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "run_tasks", lambda task, items, resources: map(task, items))
        values = settings(corpus, folder / "out")
        found = Pipeline(read_settings(PreprocessingSettings, values, "test")).run()
    assert found["records"] == corpus.records()
    return corpus, files(folder / "out")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Nodes]:
    """Two nodes on this machine."""
    log = (tmp_path_factory.mktemp("cluster") / "log").open("w")
    # As with clusters that people have, the token is theirs.
    environment = environment_of(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="0" * 64)
    with (
        log,
        subprocess.Popen(
            [sys.executable, "-c", TWO_NODES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
        ) as process,
    ):
        assert process.stdout is not None
        address = next((line.strip() for line in process.stdout if line[0].isdigit()), "")
        assert address, Path(log.name).read_text()
        family = psutil.Process(process.pid).children(recursive=True)
        yield Nodes(process, {**environment, "RAY_ADDRESS": address})
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)
    assert not psutil.wait_procs(family, 20)[1]


def settings(corpus: Corpus, output: Path, **resources: Any) -> dict[str, Any]:
    return corpus.settings(output, partition_bytes=PARTITION_BYTES, resources={"processors": 2, **resources})


def environment_of(**others: str) -> dict[str, str]:
    there = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return there | {"RAY_TMPDIR": str(RAY_FOLDER)} | others


@contextmanager
def started(
    corpus: Corpus, output: Path, environment: dict[str, str] | None = None, **resources: Any
) -> Iterator[psutil.Popen]:
    """Start the program; at the end, nothing that it started is there any more."""
    config = output.with_suffix(".yaml")
    config.write_text(yaml.safe_dump(settings(corpus, output, **resources)))
    command = [sys.executable, "-m", "aidc.workloads.preprocessing", "--config", str(config)]
    with output.with_suffix(".log").open("a") as log, output.with_suffix(".errors").open("a") as errors:
        process = psutil.Popen(command, stdout=log, stderr=errors, env=environment or environment_of())
        process.family = set()
        try:
            yield process
        finally:
            if process.poll() is None:
                process.family.update(children(process))
                process.kill()
            process.wait()
    assert not psutil.wait_procs(process.family, 20)[1]


def ended(process: psutil.Popen) -> int:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        process.family.update(children(process))
        time.sleep(0.2)
    return process.wait(1)


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def in_the_middle(process: psutil.Popen, output: Path, tasks: int = 3) -> None:
    """Wait until some partitions are prepared."""
    deadline = time.monotonic() + 120
    while len(list(output.glob("_work/prepared/*.json"))) < tasks:
        assert process.poll() is None, output.with_suffix(".errors").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.family.update(process.children(recursive=True))


def workers(family: set[psutil.Process] | list[psutil.Process]) -> list[psutil.Process]:
    """Those that work on a partition."""
    found: list[psutil.Process] = []
    for one in family:
        try:
            if "ray::Map(" in one.cmdline()[0]:
                found.append(one)
        except (psutil.Error, IndexError):
            continue
    return found


def kill_a_worker(find: Callable[[], list[psutil.Process]]) -> None:
    deadline = time.monotonic() + 20
    while not (found := workers(find())):
        assert time.monotonic() < deadline
    found[0].kill()


def files(folder: Path) -> dict[str, str]:
    """Hashes of all files; of the manifest, without the place that it names."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.name == "manifest.json":
                manifest = json.loads(content)
                del manifest["fingerprint"], manifest["settings"]["output"]["folder"]
                content = json.dumps(manifest).encode()
            found[str(path.relative_to(folder))] = hashlib.sha256(content).hexdigest()
    return found


def events(output: Path) -> list[dict[str, Any]]:
    """What the program said, of which every line is one event."""
    return [json.loads(line) for line in output.with_suffix(".log").read_text().splitlines()]


def test_a_killed_worker_changes_nothing(expected: Expected, tmp_path: Path) -> None:
    corpus, bytes_of_one_process = expected
    output = tmp_path / "out"
    with started(corpus, output) as process:
        in_the_middle(process, output)
        kill_a_worker(lambda: children(process))
        assert ended(process) == 0, output.with_suffix(".errors").read_text()
    assert files(output) == bytes_of_one_process
    assert events(output)[-1]["read"] == corpus.read
    assert not list(RAY_FOLDER.glob("aidc-ray-*"))


def test_a_program_that_is_killed_goes_on_on_a_cluster_of_two_nodes(
    expected: Expected, cluster: Nodes, orphans: set[psutil.Process], tmp_path: Path
) -> None:
    corpus, bytes_of_one_process = expected
    output = tmp_path / "out"
    with started(corpus, output) as process:
        in_the_middle(process, output)
        process.kill()
        assert process.wait(10) == -signal.SIGKILL
        orphans |= process.family
        process.family = set()
    assert not (output / "manifest.json").exists()
    with started(corpus, output, cluster.environment) as process:
        assert ended(process) == 0, output.with_suffix(".errors").read_text()
    assert files(output) == bytes_of_one_process
    stage = next(one for one in events(output)[3:] if one["event"] == "stage")
    assert stage["stage"] == "prepare"
    assert stage["done"] >= 3


def test_a_task_that_fails_says_why_and_is_not_tried_for_ever(cluster: Nodes) -> None:
    found = subprocess.run(
        [sys.executable, "-c", FAILING], capture_output=True, text=True, env=cluster.environment, timeout=120
    )
    assert found.returncode == 0, found.stderr
    given = "was given {'path': 's3://raw/a.txt'}\n"
    assert f"full failed: [Errno 28] No space left on device: '/data'\nfull {given}" in found.stderr
    assert f"ZeroDivisionError: integer division or modulo by zero\n\nbroken {given}" in found.stderr
    reason = "its worker died 2 times; is there too little memory for it?"
    assert f"fatal failed: {reason}\nfatal {given}" in found.stderr


@pytest.mark.parametrize(
    ("address", "part"),
    [
        # A start that takes longer than it may.
        ("", "Ray did not start within 1 s (resources.start_seconds)\nlook at the files below /"),
        # Nobody listens there.
        ("127.0.0.1:9", "RAY_ADDRESS is 127.0.0.1:9; look whether `ray status --address 127.0.0.1:9` answers"),
    ],
)
def test_a_ray_that_is_not_there_in_time_is_an_error(
    address: str, part: str, expected: Expected, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    environment = environment_of(RAY_ADDRESS=address)
    with started(expected[0], output, environment, start_seconds=1) as process:
        assert ended(process) == 1
    assert part in output.with_suffix(".errors").read_text()
    assert not output.exists()


def test_a_signal_while_ray_starts_ends_it_too(expected: Expected, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with started(expected[0], output) as process:
        while not children(process):
            assert process.poll() is None
            time.sleep(0.01)
        process.terminate()
        assert ended(process) == 128 + signal.SIGTERM


def test_a_program_that_is_ended_goes_on_though_a_node_is_lost(
    expected: Expected, cluster: Nodes, tmp_path: Path
) -> None:
    corpus, bytes_of_one_process = expected
    output = tmp_path / "out"
    with started(corpus, output) as process:
        in_the_middle(process, output)
        process.terminate()
        assert ended(process) == 128 + signal.SIGTERM
    assert events(output)[-1]["event"] == "terminating"
    done = len(list(output.glob("_work/prepared/*.json")))
    with started(corpus, output, cluster.environment) as process:
        in_the_middle(process, output, done + 1)
        cluster.kill_one()
        assert ended(process) == 0, output.with_suffix(".errors").read_text()
    assert files(output) == bytes_of_one_process
