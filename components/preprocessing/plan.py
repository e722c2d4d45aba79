"""A preprocessing: its inputs checked and its defaults applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import pulumi

from ...evaluation.quantities import quantity
from ...infra.addresses import check_port
from ...infra.arguments import check_keys
from ...infra.labels import check_name
from ...problems import Problems, camel_case
from ..lifetime import Lifetime, plan_lifetime
from ..places import check_written, mount_of, mount_paths
from ..pods import (
    PodResources,
    ResourcesPlan,
    SecretKeyReference,
    VolumeMount,
    check_environment,
    check_image,
    check_mounts,
    check_shared_memory,
    plan_resources,
)
from ..settings_file import FOLDER
from .inputs import PreprocessingForm, PreprocessingJobArgs
from .program import ProgramPlan, plan_program
from .ray_ports import TAKEN

_MAXIMUM_WORKERS: Final = 2_000
"""Nodes that a Ray cluster is tested with: docs.ray.io, Ray's scalability envelope, read 2026-11."""

_MAXIMUM_CORES: Final = 4_096
"""Of one node: the bound of the program's setting `resources.processors`."""

_NAME_ROOM: Final = {PreprocessingForm.JOB: len("-abcde"), PreprocessingForm.RAY_JOB: 16}
"""Characters that controllers append to the job's name; KubeRay's names have 47 at most (utils/constant.go, v1.7)."""

_RESERVED: Final = {"RAY_ADDRESS": "the job's form says which Ray it runs on; leave it out"}
_OF_RAY_JOBS: Final = ("workers", "head_resources", "operator_namespace")
_MIB: Final = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class PreprocessingPlan:
    """A preprocessing with every default applied."""

    name: str
    form: PreprocessingForm
    namespace: pulumi.Input[str]
    image: pulumi.Input[str]
    output: pulumi.Input[str]
    program: ProgramPlan
    workers: int
    """Pods that work; 1 where there is no cluster."""

    resources: ResourcesPlan
    head_resources: ResourcesPlan
    mounts: Sequence[VolumeMount]
    environment: Mapping[str, pulumi.Input[str]]
    secret_environment: Mapping[str, SecretKeyReference]
    allowed_namespaces: Sequence[str]
    """Those that may read the metrics; sorted."""

    monitored: bool
    """Whether the Prometheus operator is told of the metrics."""

    operator_namespace: str
    lifetime: Lifetime
    node_pool: pulumi.Input[str] | None
    do_not_disrupt: bool
    priority_class: pulumi.Input[str] | None
    service_account: pulumi.Input[str]

    @property
    def shared_memory(self) -> str | None:
        """Size of /dev/shm, for the object store and some more; None where the program has its store below /tmp."""
        is_cluster = self.form is PreprocessingForm.RAY_JOB
        return f"{-(-self.program.object_store // _MIB) + 64}Mi" if is_cluster else None

    @property
    def metrics_name(self) -> str:
        """Name of the port of the metrics: in a cluster, `metrics` are those of Ray itself."""
        return "program-metrics" if self.form is PreprocessingForm.RAY_JOB else "metrics"

    @property
    def processors(self) -> int:
        """Tasks at a time, in all pods."""
        return self.workers * whole_cores(self.resources)


def plan_preprocessing_job(args: PreprocessingJobArgs, name: str = "preprocessing") -> PreprocessingPlan:
    """Check the inputs of the preprocessing called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, PreprocessingJobArgs):
        problems.raise_if_any("PreprocessingJob")
    form = _plan_form(problems, args)
    check_name(problems, "name", name, room=_NAME_ROOM[form], host=form is PreprocessingForm.RAY_JOB)
    check_image(problems, "image", args["image"])
    mounts = args.get("mounts", [])
    check_mounts(problems, mounts)
    resources = _plan_resources(problems, "resources", args.get("resources", {}))
    plan = PreprocessingPlan(
        name=name,
        form=form,
        namespace=args["namespace"],
        image=args["image"],
        output=args["output"],
        program=plan_program(problems, args, name, form=form, processors=whole_cores(resources)),
        workers=int(args.get("workers", 2)) if form is PreprocessingForm.RAY_JOB else 1,
        resources=resources,
        head_resources=_plan_resources(problems, "headResources", args.get("head_resources", {})),
        mounts=mounts,
        environment=args.get("environment", {}),
        secret_environment=args.get("secret_environment", {}),
        allowed_namespaces=sorted(set(args.get("allowed_namespaces", []))),
        monitored=args.get("monitored", False),
        operator_namespace=args.get("operator_namespace", "kuberay-system"),
        lifetime=plan_lifetime(problems, args),
        node_pool=args.get("node_pool"),
        do_not_disrupt=args.get("do_not_disrupt", True),
        priority_class=args.get("priority_class"),
        service_account=args.get("service_account", "workload"),
    )
    problems.between("workers", plan.workers, 1, _MAXIMUM_WORKERS, "workers")
    check_environment(problems, plan.environment, plan.secret_environment, reserved=_RESERVED)
    _check_places(problems, args, mounts)
    _check_metrics(problems, plan)
    _check_object_store(problems, plan)
    problems.raise_if_any("PreprocessingJob")
    return plan


def whole_cores(resources: ResourcesPlan) -> int:
    """Return how many tasks a pod runs at a time: one at least, and no more than it has cores."""
    try:
        return max(int(min(quantity(resources.requests["cpu"]), _MAXIMUM_CORES)), 1)
    except ValueError:
        # The quantity itself is refused elsewhere.
        return 1


def _plan_form(problems: Problems, args: PreprocessingJobArgs) -> PreprocessingForm:
    given, forms = str(args.get("form", PreprocessingForm.JOB)), [each.value for each in PreprocessingForm]
    problems.choice("form", given, forms)
    form = PreprocessingForm(given) if given in forms else PreprocessingForm.JOB
    if form is PreprocessingForm.JOB:
        for field in _OF_RAY_JOBS:
            if field in args:
                problems.add(camel_case(field), "form job has one pod alone; leave it out, or choose form ray-job")
    return form


def _plan_resources(problems: Problems, path: str, given: PodResources) -> ResourcesPlan:
    with problems.under(path):
        for field in ("gpus", "gpu_resource"):
            if field in given:
                problems.add(camel_case(field), "the program uses no accelerators; leave it out")
        plain: PodResources = {"memory": "4Gi", **given, "gpus": 0}
        return plan_resources(problems, plain)


def _check_places(problems: Problems, args: PreprocessingJobArgs, mounts: Sequence[VolumeMount]) -> None:
    check_written(problems, "output", args["output"], mounts, example="s3://clean/crawl")
    for index, place in enumerate(args["inputs"]):
        if isinstance(place, str) and "://" not in place and mount_of(place, mounts) is None:
            problems.add(f"inputs[{index}]", f"'{place}' is on no mount; mounts: {mount_paths(mounts)}")
    for index, mount in enumerate(mounts):
        if PurePosixPath(mount["path"]) == PurePosixPath(FOLDER):
            problems.add(f"mounts[{index}].path", f"'{FOLDER}' holds the settings; mount the claim somewhere else")


def _check_metrics(problems: Problems, plan: PreprocessingPlan) -> None:
    for index, namespace in enumerate(plan.allowed_namespaces):
        check_name(problems, f"allowedNamespaces[{index}]", namespace)
    check_name(problems, "operatorNamespace", plan.operator_namespace)
    port = plan.program.metrics_port
    if port is None:
        if plan.allowed_namespaces:
            problems.add("allowedNamespaces", "there are no metrics to read; leave settings.metrics_port out")
        if plan.monitored:
            problems.add("monitored", "there are no metrics to read; leave settings.metrics_port out")
        return
    check_port(problems, "settings.metrics_port", port, minimum=1024)
    if plan.form is PreprocessingForm.RAY_JOB and port in TAKEN:
        problems.add("settings.metrics_port", f"{port} is one of Ray's own; give another, such as 9401")


def _check_object_store(problems: Problems, plan: PreprocessingPlan) -> None:
    """Require room for the object store: in the memory of each pod of a cluster, in the scratch space of one pod."""
    path = "settings.resources.object_store_bytes"
    if plan.shared_memory is not None:
        for resources in (plan.resources, plan.head_resources):
            check_shared_memory(problems, path, plan.shared_memory, resources)
        return
    scratch = plan.resources.limits["ephemeral-storage"]
    try:
        has_room = plan.program.object_store < quantity(scratch)
    except ValueError:
        return
    if not has_room:
        problems.add(path, f"{plan.program.object_store:,} bytes do not fit into resources.ephemeralStorage, {scratch}")
