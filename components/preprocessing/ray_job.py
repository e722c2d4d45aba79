"""A preprocessing as a RayJob of KubeRay: a Ray cluster for the length of the work.

Sources, read 2026-11, of KubeRay 1.7:
- ray-operator/controllers/ray/rayjob_controller.go: in every mode the operator asks Ray's dashboard at the head how the
  job goes, so the image has what serves it (the extra `default` of Ray). With K8sJobMode the program's output is the
  log of a pod, which stays when the cluster goes; with HTTPMode it goes with the head. With SidecarMode the submitter
  is a container whose security cannot be set, which Pod Security `restricted` refuses.
- ray-operator/controllers/ray/common/pod.go: the command of head and workers, their probes, and RAY_ADDRESS; and
  `wait-gcs-ready` of a worker, which has the security context of the worker's own container.
- ray-operator/controllers/ray/common/job.go: the submitter may try again: it never submits twice.
"""

import shlex
from typing import Any, Final

import pulumi

from ...infra.arguments import is_known
from ...infra.versions import RAY
from .manifests import ends, metadata
from .plan import PreprocessingPlan, whole_cores
from .pods import container, plain_container, plain_template, pod_template
from .ray_ports import DASHBOARD, GCS

_QUIET: Final = {"RAY_USAGE_STATS_ENABLED": "0"}
_SUBMITTER: Final = {
    "requests": {"cpu": "100m", "memory": "512Mi", "ephemeral-storage": "1Gi"},
    "limits": {"memory": "512Mi", "ephemeral-storage": "1Gi"},
}
"""Of the pod that submits the program and shows its output."""


def ray_job(plan: PreprocessingPlan) -> dict[str, Any]:
    """A Ray cluster and what runs on it; for KubeRay 1.6 and later: probes of earlier ones want wget in the image."""
    submitter = plain_template(plan, plain_container(plan, "submitter", _SUBMITTER, _QUIET))
    submitter["spec"]["restartPolicy"] = "Never"
    spec = {
        "entrypoint": _entrypoint(plan),
        "submissionMode": "K8sJobMode",
        "submitterPodTemplate": submitter,
        "shutdownAfterJobFinishes": True,
        "rayClusterSpec": {
            "rayVersion": RAY.number,
            # Whoever reaches the head could run anything there: KubeRay makes a token, and gives it to its own pods.
            "authOptions": {"mode": "token"},
            "headGroupSpec": {"rayStartParams": _start(plan, 0), "template": _head(plan)},
            "workerGroupSpecs": [
                {
                    "groupName": "workers",
                    "replicas": plan.workers,
                    "minReplicas": plan.workers,
                    "maxReplicas": plan.workers,
                    "rayStartParams": _start(plan, whole_cores(plan.resources)),
                    "template": _worker(plan),
                }
            ],
        },
        **ends(plan),
    }
    return {"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": metadata(plan), "spec": spec}


def _entrypoint(plan: PreprocessingPlan) -> pulumi.Input[str]:
    """The program's command for a shell, which Ray starts it by."""
    words = [*plan.program.command, *plan.program.args]
    known = [word for word in words if is_known(word) and isinstance(word, str)]
    if len(known) == len(words):
        return shlex.join(known)
    return pulumi.Output.all(*words).apply(shlex.join)


def _start(plan: PreprocessingPlan, processors: int) -> dict[str, str]:
    return {"num-cpus": str(processors), "object-store-memory": str(plan.program.object_store)}


def _head(plan: PreprocessingPlan) -> dict[str, Any]:
    ports = {"gcs-server": GCS, "dashboard": DASHBOARD}
    if plan.program.metrics_port is not None:
        ports[plan.metrics_name] = plan.program.metrics_port
    listed = [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()]
    head = container(plan, "head", plan.head_resources, ports=listed)
    return pod_template(plan, head, serves_metrics=True)


def _worker(plan: PreprocessingPlan) -> dict[str, Any]:
    return pod_template(plan, container(plan, "worker", plan.resources), serves_metrics=False)
