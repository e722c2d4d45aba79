"""Ray: one of this machine's own, or a cluster, and tasks spread over it by Ray Data."""

import json
import logging
import os
import secrets
import shutil
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from .settings import ResourceSettings

_ENVIRONMENT: Final = {
    # Nothing is told to others; workers run in the environment that this process runs in, not in one that uv makes.
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    # No task takes accelerators; this is what Ray does by default from its next release on.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

_ATTEMPTS: Final = 3
"""Starts of a Ray. Ray itself waits no longer than 30 seconds for its parts, which is little on a busy machine; what
the first start has read from the disk, the next one has in memory."""

_DEATHS: Final = 8
"""After how many workers a task is given up: Ray Data gives one that kills every worker to others for ever."""

_SHOWN: Final = 1000
"""Characters of what a failed task was given, which names the files."""

Task = Callable[[dict[str, Any]], dict[str, Any]]
"""What runs somewhere: takes plain data and returns plain data; its work is in files."""


class ClusterError(Exception):
    """Ray did not start, or is lost."""


class TaskError(ClusterError):
    """A task failed, or every worker that had it died."""


@contextmanager
def ray_cluster(resources: ResourceSettings) -> Generator[None]:
    """Join the cluster of RAY_ADDRESS, or start one here for the length of the block; one that is joined is used.

    Raises:
        ClusterError: Ray did not start, or the cluster is not there. Where that is not known within the time that
            `resources` give, the process ends with exit code 1.
    """
    address = os.environ.get("RAY_ADDRESS") or "local"
    _prepare(address, resources)
    import ray

    if ray.is_initialized():
        yield
        return
    with _folder(address) as folder:
        try:
            with _time_limit(resources.start_seconds, _advice(address, folder)):
                if address == "local":
                    _start(resources, folder)
                else:
                    _connect(address)
            yield
        except TaskError:
            raise
        except ClusterError as error:
            raise ClusterError(f"{error}\n{_advice(address, folder)}") from error
        finally:
            cast(Any, ray).shutdown()


def run_tasks(task: Task, items: Sequence[dict[str, Any]], resources: ResourceSettings) -> Iterator[dict[str, Any]]:
    """Run a task for each item, and give the results as they come. A task whose worker dies runs again elsewhere.

    Raises:
        TaskError: a task failed, or its worker died each time.
        ClusterError: Ray is lost.
    """
    if not items:
        return
    import ray.data
    import ray.exceptions

    data: Any = ray.data
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    # What comes back is a few counts: Ray Data would hold tasks back for the 128 MiB that it takes a result for.
    context.target_max_block_size = 1 << 20
    # What it says of its progress; this program shows its own.
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)

    deaths = _DEATHS

    def run(row: dict[str, str]) -> dict[str, str]:
        return _run(task, row["item"], deaths)

    run.__name__ = run.__qualname__ = task.__name__
    # Each item is a block of its own: a task takes seconds, and is what is lost when a worker dies.
    rows = [{"item": json.dumps(item)} for item in items]
    dataset = data.from_items(rows, override_num_blocks=len(rows))
    try:
        for row in dataset.map(run, num_cpus=1, compute=data.TaskPoolStrategy(resources.tasks)).iter_rows():
            if row["problem"]:
                raise TaskError(f"{task.__name__} failed: {row['problem']}")
            yield json.loads(row["result"])
    except ray.exceptions.RayError as error:
        raise ClusterError(f"Ray failed in {task.__name__}: {error}") from error


def _run(task: Task, item: str, most_deaths: int) -> dict[str, str]:
    """Run a task where Ray wants it. What goes wrong is a result too: Ray retries and rewrites errors."""
    from ray._private.worker import global_worker

    values = json.loads(item)
    deaths = cast(Any, global_worker).core_worker.get_current_task_attempt_number()
    try:
        if deaths < most_deaths:
            return {"result": json.dumps(task(values)), "problem": ""}
        problem = f"its worker died {deaths} times; is there too little memory for it?"
    except OSError as error:
        problem = str(error)
    except Exception:
        problem = traceback.format_exc()
    given = str({name: value for name, value in values.items() if name != "settings"})
    return {"result": "", "problem": f"{problem}\n{task.__name__} was given {given[:_SHOWN]}"}


def _prepare(address: str, resources: ResourceSettings) -> None:
    """Set the variables that Ray reads when it is imported, and that its processes inherit."""
    values = dict(_ENVIRONMENT)
    if address == "local":
        # Ray listens at all addresses, so that it asks for a token. Its own would stay in the home directory, which
        # containers often cannot write.
        values |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        # Ray's own limits would end a start that this program's still allows.
        for name, unit in (("agent_register_timeout_ms", 1000), ("gcs_server_port_wait_time_s", 1)):
            values[f"RAY_{name}"] = str(resources.start_seconds * unit)
    for name, value in values.items():
        os.environ.setdefault(name, value)


def _start(resources: ResourceSettings, folder: str) -> None:
    import ray

    failures: list[str] = []
    while len(failures) < _ATTEMPTS:
        try:
            cast(Any, ray).init(
                address="local",
                num_cpus=resources.processors,
                object_store_memory=resources.object_store_bytes,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.WARNING,
                _temp_dir=folder,
                # Shared memory is small in containers, and the data does not go through it.
                _plasma_directory=folder,
            )
            return
        except Exception as error:
            # Ray raises bare exceptions here.
            failures.append(str(error))
            cast(Any, ray).shutdown()
    raise ClusterError(f"Ray did not start: {failures[-1]}")


def _connect(address: str) -> None:
    import ray

    try:
        cast(Any, ray).init(log_to_driver=False, logging_level=logging.WARNING)
    except Exception as error:
        raise ClusterError(f"the Ray cluster at {address} does not answer: {error}") from None


def _advice(address: str, folder: str) -> str:
    if address == "local":
        return f"look at the files below {folder} that end in .err and .out, at free memory, and at who else computes"
    return f"RAY_ADDRESS is {address}; look whether `ray status --address {address}` answers, and has the same version"


@contextmanager
def _folder(address: str) -> Generator[str]:
    """Give a folder for a Ray of one's own. It stays where Ray failed, since it has Ray's logs."""
    if address != "local":
        yield ""
        return
    # Not where TMPDIR says: names of sockets below it may have 107 characters at most.
    folder = tempfile.mkdtemp(prefix="aidc-ray-", dir=os.environ.get("RAY_TMPDIR", "/tmp"))
    failed = False
    try:
        yield folder
    except ClusterError as error:
        failed = not isinstance(error, TaskError)
        raise
    finally:
        if not failed:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _time_limit(seconds: int, advice: str) -> Generator[None]:
    """End the process where the block takes longer: Ray waits for its parts in ways that nothing else ends."""

    def end() -> None:
        print(f"error: Ray did not start within {seconds} s (resources.start_seconds)\n{advice}", file=sys.stderr)
        sys.stderr.flush()
        # What it started ends with it.
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
