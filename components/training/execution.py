"""What the workers of a training job run: launcher, arguments, environment, and where its metrics are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import pulumi

from ...infra.addresses import check_port
from ...infra.labels import check_name
from ...problems import Problems
from ...workloads.programs import CHECKPOINT_PATH, METRICS_PORT, TRAINING
from ..pods import ResourcesPlan, SecretKeyReference, check_environment
from ..settings_file import FOLDER, SettingsFile
from .collectives import variables
from .inputs import TrainingJobArgs
from .preflight import PORT as PREFLIGHT_PORT
from .program import metrics_environment, plan_program
from .rendezvous_port import PORT

_SET_BY_THE_JOB: Final = "the job sets it for torchrun; use the input that stands for it"
_RESERVED: Final = {
    **{
        f"PET_{name}": _SET_BY_THE_JOB
        for name in (
            "NNODES",
            "NPROC_PER_NODE",
            "NODE_RANK",
            "MASTER_ADDR",
            "MASTER_PORT",
            "MAX_RESTARTS",
            "RDZV_BACKEND",
            "RDZV_CONF",
            "RDZV_ENDPOINT",
            "RDZV_ID",
            "SHUTDOWN_TIMEOUT",
        )
    },
    CHECKPOINT_PATH: "the job sets it; give checkpointPath",
}
_METRICS: Final = {METRICS_PORT: "the job sets it; give metricsPort"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """What the workers run."""

    command: Sequence[pulumi.Input[str]]
    args: Sequence[pulumi.Input[str]]
    settings: SettingsFile | None
    """Settings of the program, as a file in each worker."""

    environment: Mapping[str, pulumi.Input[str]]
    secret_environment: Mapping[str, SecretKeyReference]
    metrics_port: int | None
    """None where nobody said that there are metrics."""

    monitored: bool
    """Whether the Prometheus operator is told of the metrics."""

    allowed_namespaces: Sequence[str]
    """Those that may read the metrics; sorted."""


def plan_execution(
    problems: Problems, args: TrainingJobArgs, name: str, resources: ResourcesPlan, *, nodes: int, processes: int
) -> Execution:
    """Check what is run, and apply the defaults."""
    given, secrets = args.get("environment", {}), args.get("secret_environment", {})
    own = variables(resources, nodes=nodes, processes_per_node=processes)
    program, file = args.get("program"), None
    command, words = args.get("command", ["torchrun"]), args.get("args", [])
    reserved = _RESERVED if program is None else {**_RESERVED, **_METRICS}
    check_environment(problems, given, secrets, reserved=reserved)
    metrics_port = _plan_metrics(problems, args)
    if program is not None:
        for field in ("command", "args"):
            if field in args:
                problems.add(field, f"program says what runs; leave {field} out, or program")
        with problems.under("program"):
            planned = plan_program(problems, program, name, args.get("mounts", []))
        command, words, file = planned.command, planned.args, planned.settings
        own |= metrics_environment(metrics_port)
        _check_settings_folder(problems, args, file)
    elif "command" not in args and not words:
        problems.add("args", "missing; torchrun needs the program, such as -m, aidc.workloads.training")
    return Execution(
        command=command,
        args=words,
        settings=file,
        environment={key: value for key, value in {**own, **given}.items() if key not in secrets},
        secret_environment=secrets,
        metrics_port=metrics_port,
        monitored=args.get("monitored", False),
        allowed_namespaces=sorted(set(args.get("allowed_namespaces", []))),
    )


def _plan_metrics(problems: Problems, args: TrainingJobArgs) -> int | None:
    for index, namespace in enumerate(args.get("allowed_namespaces", [])):
        check_name(problems, f"allowedNamespaces[{index}]", namespace)
    if args.get("monitored") and "metrics_port" not in args and "program" not in args:
        problems.add("monitored", "there are no metrics to read; give metricsPort")
    if "metrics_port" not in args:
        if args.get("allowed_namespaces") and "program" not in args:
            problems.add("allowedNamespaces", "there are no metrics to read; give metricsPort")
        return TRAINING.metrics_port if "program" in args else None
    port = check_port(problems, "metricsPort", args["metrics_port"], minimum=1024)
    if port in (PORT, PREFLIGHT_PORT):
        problems.add("metricsPort", f"{port} is that of the rendezvous; give another")
    return port


def _check_settings_folder(problems: Problems, args: TrainingJobArgs, file: SettingsFile | None) -> None:
    for index, mount in enumerate(args.get("mounts", [])):
        if file is not None and PurePosixPath(mount["path"]) == PurePosixPath(FOLDER):
            problems.add(f"mounts[{index}].path", f"'{FOLDER}' holds the settings; mount the claim somewhere else")
