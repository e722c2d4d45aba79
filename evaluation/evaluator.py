"""Evaluation of a Pulumi program in process, without an engine, a provider, credentials or a network."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .answers import Answer
from .failures import explained
from .graph import STACK_TYPE, ResourceGraph
from .project import Project, load_project

Program = Callable[[], Any]

_PATIENCE: Final = 1.0
"""Seconds for a task to end once it is cancelled; a program may catch that."""


def evaluate(
    program: Program | Project | Path | str,
    stack: str = "dev",
    *,
    project: str = "project",
    preview: bool = False,
    config: Mapping[str, Any] | None = None,
    answers: Sequence[Answer] = (),
    calls: Mapping[str, Mapping[str, Any]] | None = None,
    stack_outputs: Mapping[str, Mapping[str, Any] | ResourceGraph] | None = None,
) -> ResourceGraph:
    """Run a Pulumi program in this process and return what it declares.

    Args:
        program: A function that declares resources, a project folder, its Pulumi.yaml, or a loaded `Project`.
        stack: The stack's name; for a project, also the name of its configuration file.
        project: The project's name where `program` is a function.
        preview: Run as in a first `pulumi preview`: ids and computed outputs are unknown. Default: as in an
            update, where a provider would have answered.
        config: Configuration added to (and before) that of the stack's file, keys with or without a namespace.
        answers: Outputs that providers would give, in order of precedence; see `Answer`.
        calls: Results of provider functions by token, such as `aws:index/getCallerIdentity:getCallerIdentity`.
        stack_outputs: Outputs of the stacks that `StackReference` names, or their graphs.

    Returns:
        The graph of all resources, in the order of registration.

    Raises:
        InvalidInput: The project, its configuration or the inputs of a resource are wrong.
        EvaluationError: The program raised something else.
    """
    if isinstance(program, (str, Path)):
        program = load_project(Path(program))
    if isinstance(program, Project):
        settings = program.stack_config(stack, config or {})
        name, main, secrets = program.name, program.run, settings.secret_keys
        values = settings.values
    else:
        name, main, secrets = project, program, frozenset[str]()
        values = {_qualified(key, project): _text(value) for key, value in (config or {}).items()}

    from .monitor import RecordingMonitor

    monitor = RecordingMonitor(
        project=name,
        stack=stack,
        preview=preview,
        region=values.get("aws:region", ""),
        namespace=values.get("kubernetes:namespace", ""),
        answers=answers,
        calls=calls,
        stack_outputs=stack_outputs,
    )
    warnings: list[str] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            _run(main, monitor, name, stack, preview, values, secrets, warnings)
        except BaseException as failure:
            failures.append(failure)

    # A thread has its own event loop and its own context: nothing leaks into the caller's, or from an earlier run.
    thread = threading.Thread(target=run, name=f"evaluate {name}/{stack}", daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise explained(failures[0], f"{name}/{stack}") from failures[0]
    return _graph(monitor, name, stack, preview, warnings)


def _run(
    main: Program,
    monitor: Any,
    project: str,
    stack: str,
    preview: bool,
    config: Mapping[str, str],
    secrets: frozenset[str],
    warnings: list[str],
) -> None:
    from pulumi.runtime import config as runtime_config
    from pulumi.runtime import mocks, settings
    from pulumi.runtime.proto import engine_pb2
    from pulumi.runtime.stack import run_in_stack

    from .loop import EvaluationLoop, patient_collector
    from .monitor import FEATURES
    from .outstanding import OutstandingOutputs

    class Engine:
        def Log(self, request: Any) -> None:
            if request.severity >= engine_pb2.WARNING:
                warnings.append(request.message)

    settings.configure(
        mocks.MockSettings(
            monitor=monitor,
            monitor_features=set(FEATURES),
            engine=Engine(),
            project=project,
            stack=stack,
            dry_run=preview,
            organization="organization",
            root_directory=str(Path.cwd()),
            callbacks=None,
            legacy_apply_enabled=False,
            package_refs={},
            base_providers_by_ref={},
            parallel=None,
            # Outputs that were made outside belong to another event loop: waiting for them here would never end.
            outputs=OutstandingOutputs(),
            lock=threading.Lock(),
        )
    )
    settings.ROOT.set(None)
    runtime_config.set_all_config(dict(config), sorted(secrets))
    loop = EvaluationLoop()
    # The first failure is raised; what fails because of it is not told a second time on standard error.
    loop.set_exception_handler(lambda loop, context: None)
    asyncio.set_event_loop(loop)
    try:
        with patient_collector():
            loop.run_until_complete(run_in_stack(main))
    finally:
        _cancel_what_waits(loop)
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


def _cancel_what_waits(loop: asyncio.AbstractEventLoop) -> None:
    """End the tasks that a failed program leaves behind, which would complain on standard error when collected."""
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    if waiting:
        loop.run_until_complete(asyncio.wait(waiting, timeout=_PATIENCE))


def _graph(monitor: Any, project: str, stack: str, preview: bool, warnings: list[str]) -> ResourceGraph:
    from dataclasses import replace

    resources = dict(monitor.resources)
    outputs: dict[str, Any] = {}
    for urn, found in monitor.outputs.items():
        if urn in resources:
            resources[urn] = replace(resources[urn], outputs=found.values, secret_outputs=frozenset(found.secrets))
            if resources[urn].type == STACK_TYPE:
                outputs = found.values
    return ResourceGraph(
        project=project,
        stack=stack,
        preview=preview,
        resources=resources,
        outputs=outputs,
        warnings=tuple(warnings),
        calls=tuple(sorted(monitor.called)),
    )


def _qualified(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _text(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)
