"""TrainingJob: exact children of each form, and what happens when a worker is lost."""

from typing import Any

import pulumi
import pytest
import yaml

from aidc.components.training import TrainingJob, TrainingJobArgs
from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.graph import UNKNOWN, Resource
from aidc.problems import InvalidInput

JOB = {
    "jobset": "kubernetes:jobset.x-k8s.io/v1alpha2:JobSet",
    "trainjob": "kubernetes:trainer.kubeflow.org/v1alpha1:TrainJob",
    "indexed-job": "kubernetes:batch/v1:Job",
}
RUNTIME = "kubernetes:trainer.kubeflow.org/v1alpha1:TrainingRuntime"
FORMS = list(JOB)
JOBSET_FORMS = ["jobset", "trainjob"]


def arguments(**changes: Any) -> TrainingJobArgs:
    base: dict[str, Any] = {
        "namespace": "research",
        "image": "registry.example/gpt2:1.0.0",
        "nodes": 4,
        "gpus_per_node": 8,
        "resources": {"cpu": "32", "memory": "256Gi"},
        "args": ["-m", "aidc.workloads.training", "--config", "/config/gpt2.yaml"],
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


def declare(**changes: Any) -> ResourceGraph:
    return evaluate(lambda: TrainingJob("gpt2", arguments(**changes)))


def job_of(graph: ResourceGraph) -> Resource:
    return graph.named("gpt2-job")


def job_set_spec(graph: ResourceGraph) -> Any:
    runtimes = graph.of_type(RUNTIME)
    return runtimes[0].inputs["spec"]["template"]["spec"] if runtimes else job_of(graph).inputs["spec"]


def workers_of(graph: ResourceGraph) -> Any:
    """The `spec` of the Job of the workers, whatever the form."""
    if graph.of_type(JOB["indexed-job"]):
        return job_of(graph).inputs["spec"]
    (workers,) = job_set_spec(graph)["replicatedJobs"]
    return workers["template"]["spec"]


def pod_of(graph: ResourceGraph) -> Any:
    return workers_of(graph)["template"]["spec"]


def program_of(graph: ResourceGraph) -> Any:
    """Image, command, arguments and environment, whatever the form."""
    trained = graph.of_type(JOB["trainjob"])
    return trained[0].inputs["spec"]["trainer"] if trained else pod_of(graph)["containers"][0]


def variables_of(graph: ResourceGraph) -> dict[str, Any]:
    return {variable["name"]: variable.get("value") for variable in program_of(graph)["env"]}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("jobset", [(JOB["jobset"], "gpt2-job")]),
        ("trainjob", [(JOB["trainjob"], "gpt2-job"), (RUNTIME, "gpt2-runtime")]),
        ("indexed-job", [(JOB["indexed-job"], "gpt2-job"), ("kubernetes:core/v1:Service", "gpt2-rendezvous")]),
    ],
)
def test_children_are_exactly_these(form: str, expected: list[tuple[str, str]]) -> None:
    graph = declare(form=form)
    component = graph.named("gpt2", "aidc:index:TrainingJob")
    children = list(graph.descendants(component.urn))
    assert sorted((r.type, r.name) for r in children) == sorted(expected)
    for child in children:
        metadata = child.inputs["metadata"]
        assert (metadata["name"], metadata["namespace"]) == ("gpt2", "research")


def test_the_runtime_is_there_before_the_job() -> None:
    graph = declare(form="trainjob")
    assert job_of(graph).dependencies == (graph.named("gpt2-runtime").urn,)
    assert job_of(graph).inputs["spec"]["runtimeRef"] == {
        "apiGroup": "trainer.kubeflow.org",
        "kind": "TrainingRuntime",
        "name": "gpt2",
    }


def test_the_names_of_the_workers_are_there_before_the_job() -> None:
    graph = declare(form="indexed-job")
    service = graph.named("gpt2-rendezvous")
    assert job_of(graph).dependencies == (service.urn,)
    spec = service.inputs["spec"]
    assert (spec["clusterIP"], spec["publishNotReadyAddresses"]) == ("None", True)
    labels = workers_of(graph)["template"]["metadata"]["labels"]
    assert spec["selector"].items() <= labels.items()
    assert pod_of(graph)["subdomain"] == service.inputs["metadata"]["name"]


@pytest.mark.parametrize("form", FORMS)
def test_as_many_workers_as_nodes_with_all_their_accelerators(form: str) -> None:
    graph = declare(form=form)
    spec = workers_of(graph)
    assert (spec["completionMode"], spec["parallelism"], spec["completions"]) == ("Indexed", 4, 4)
    (container,) = pod_of(graph)["containers"]
    for side in ("requests", "limits"):
        assert container["resources"][side]["nvidia.com/gpu"] == "8"
    assert pod_of(graph)["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_a_train_job_says_the_same_as_its_runtime() -> None:
    graph = declare(form="trainjob")
    trainer = job_of(graph).inputs["spec"]["trainer"]
    runtime = graph.named("gpt2-runtime").inputs["spec"]
    assert trainer["numNodes"] == runtime["mlPolicy"]["numNodes"] == 4
    assert trainer["numProcPerNode"] == 8
    assert trainer["resourcesPerNode"] == pod_of(graph)["containers"][0]["resources"]
    (workers,) = runtime["template"]["spec"]["replicatedJobs"]
    # Kubeflow Trainer finds the workers by these names.
    assert workers["name"] == workers["template"]["spec"]["template"]["spec"]["containers"][0]["name"] == "node"
    assert workers["template"]["metadata"]["labels"]["trainer.kubeflow.org/trainjob-ancestor-step"] == "trainer"


@pytest.mark.parametrize("form", FORMS)
def test_the_program_is_started_by_torchrun(form: str) -> None:
    program = program_of(declare(form=form))
    assert program["image"] == "registry.example/gpt2:1.0.0"
    assert program["command"] == ["torchrun"]
    assert program["args"] == ["-m", "aidc.workloads.training", "--config", "/config/gpt2.yaml"]
    names = [variable["name"] for variable in program["env"]]
    assert names == sorted(set(names))


@pytest.mark.parametrize("form", JOBSET_FORMS)
def test_a_lost_worker_starts_all_again_and_a_disruption_does_not_count(form: str) -> None:
    graph = declare(form=form, max_restarts=5)
    assert job_set_spec(graph)["failurePolicy"] == {
        "maxRestarts": 5,
        "restartStrategy": "BlockingRecreate",
        "rules": [
            {
                "name": "disrupted",
                "action": "RestartJobSetAndIgnoreMaxRestarts",
                "onJobFailureReasons": ["PodFailurePolicy"],
            },
            {"name": "overdue", "action": "FailJobSet", "onJobFailureReasons": ["DeadlineExceeded"]},
        ],
    }
    workers = workers_of(graph)
    assert workers["backoffLimit"] == 0
    assert [rule["action"] for rule in workers["podFailurePolicy"]["rules"]] == ["FailJob"]
    assert "successPolicy" not in workers


@pytest.mark.parametrize(("form", "nodes"), [("jobset", 2), ("indexed-job", 2), ("indexed-job", 4)])
def test_a_lost_worker_is_replaced_by_itself(form: str, nodes: int) -> None:
    graph = declare(form=form, min_nodes=nodes, max_restarts=5)
    workers = workers_of(graph)
    assert (workers["backoffLimitPerIndex"], workers["maxFailedIndexes"]) == (5, 0)
    assert "backoffLimit" not in workers
    assert [rule["action"] for rule in workers["podFailurePolicy"]["rules"]] == ["Ignore"]
    assert workers["podReplacementPolicy"] == "Failed"


@pytest.mark.parametrize("form", ["jobset", "indexed-job"])
def test_an_elastic_job_ends_with_worker_0(form: str) -> None:
    graph = declare(form=form, min_nodes=2)
    assert workers_of(graph)["successPolicy"] == {"rules": [{"succeededIndexes": "0"}]}
    assert variables_of(graph)["PET_NNODES"] == "2:4"
    if form == "jobset":
        assert job_set_spec(graph)["failurePolicy"] == {"maxRestarts": 0}


@pytest.mark.parametrize("form", FORMS)
def test_pods_pass_pod_security_restricted(form: str) -> None:
    pod = pod_of(declare(form=form))
    security, (container,) = pod["securityContext"], pod["containers"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is False
    assert pod["restartPolicy"] == "Never"


@pytest.mark.parametrize("form", FORMS)
def test_every_mount_has_its_volume(form: str) -> None:
    pod = pod_of(
        declare(
            form=form,
            mounts=[
                {"claim": "datasets", "path": "/data", "read_only": True},
                {"claim": "checkpoints", "path": "/checkpoints"},
            ],
            checkpoint_path="/checkpoints/gpt2",
        )
    )
    paths = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    sources = {paths[volume["name"]]: volume for volume in pod["volumes"]}
    assert sources["/data"]["persistentVolumeClaim"] == {"claimName": "datasets", "readOnly": True}
    assert sources["/checkpoints"]["persistentVolumeClaim"] == {"claimName": "checkpoints", "readOnly": False}
    assert sources["/dev/shm"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "128Gi"}
    assert sources["/tmp"]["emptyDir"] == {"sizeLimit": "1Gi"}
    assert len(sources) == len(paths) == 4


@pytest.mark.parametrize("form", FORMS)
def test_karpenter_leaves_its_nodes_alone_unless_told_otherwise(form: str) -> None:
    def annotations(**changes: Any) -> Any:
        return workers_of(declare(form=form, **changes))["template"]["metadata"].get("annotations", {})

    assert annotations() == {"karpenter.sh/do-not-disrupt": "true"}
    assert annotations(do_not_disrupt=False) == {}


@pytest.mark.parametrize("form", FORMS)
def test_workers_share_a_domain(form: str) -> None:
    pod = pod_of(declare(form=form, topology_key="topology.kubernetes.io/zone"))
    (term,) = pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "topology.kubernetes.io/zone"
    # The first worker finds none of its kind: the scheduler lets it in, since it selects itself.
    labels = workers_of(declare(form=form))["template"]["metadata"]["labels"]
    assert term["labelSelector"]["matchLabels"].items() <= labels.items()


def test_one_zone_is_preferred_and_a_single_worker_prefers_nothing() -> None:
    affinity = pod_of(declare())["affinity"]["podAffinity"]
    assert list(affinity) == ["preferredDuringSchedulingIgnoredDuringExecution"]
    assert "affinity" not in pod_of(declare(nodes=1))


@pytest.mark.parametrize("form", JOBSET_FORMS)
def test_an_exclusive_domain_is_jobsets_task(form: str) -> None:
    graph = declare(form=form, topology_key="rack", exclusive_topology=True)
    (workers,) = job_set_spec(graph)["replicatedJobs"]
    annotations = workers["template"]["metadata"]["annotations"]
    assert annotations == {"alpha.jobset.sigs.k8s.io/exclusive-topology": "rack"}
    assert "affinity" not in pod_of(graph)


@pytest.mark.parametrize("form", FORMS)
def test_kueue_owns_the_start_of_what_is_queued(form: str) -> None:
    job = job_of(declare(form=form, queue_name="training"))
    assert job.inputs["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "training"
    assert "suspend" not in job.inputs["spec"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suspended", [True, False])
def test_a_suspended_job_waits(form: str, suspended: bool) -> None:
    assert job_of(declare(form=form, suspended=suspended)).inputs["spec"]["suspend"] is suspended


@pytest.mark.parametrize("form", FORMS)
def test_pulumi_does_not_wait_for_the_end_of_the_training(form: str) -> None:
    assert job_of(declare(form=form)).inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


@pytest.mark.parametrize("form", FORMS)
def test_times_are_where_each_form_has_them(form: str) -> None:
    graph = declare(form=form, active_deadline_seconds=600, ttl_seconds_after_finished=60)
    owner = workers_of(graph) if form == "indexed-job" else job_set_spec(graph)
    assert owner["ttlSecondsAfterFinished"] == 60
    assert workers_of(graph)["activeDeadlineSeconds"] == 600
    assert pod_of(graph)["terminationGracePeriodSeconds"] == 120


def options_of_job(**changes: Any) -> pulumi.ResourceOptions:
    """The options that the job is registered with."""
    found: dict[str, pulumi.ResourceOptions] = {}

    def program() -> None:
        def keep(args: pulumi.ResourceTransformationArgs) -> None:
            found[args.name] = args.opts

        pulumi.runtime.register_stack_transformation(keep)
        TrainingJob("gpt2", arguments(**changes))

    evaluate(program)
    if "gpt2-runtime" in found:
        # Kubeflow Trainer keeps a runtime until its job is gone: to delete it first would never end.
        assert not found["gpt2-runtime"].replace_on_changes
        assert not found["gpt2-runtime"].delete_before_replace
    return found["gpt2-job"]


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("jobset", ["spec.replicatedJobs", "spec.network", "spec.failurePolicy"]),
        ("trainjob", ["spec.trainer", "spec.runtimeRef"]),
        ("indexed-job", ["spec.template", "spec.completions"]),
    ],
)
def test_what_a_job_cannot_change_makes_it_anew_under_its_name(form: str, fields: list[str]) -> None:
    options = options_of_job(form=form)
    assert options.replace_on_changes == fields
    assert options.delete_before_replace is True


def test_a_changed_runtime_means_a_new_train_job() -> None:
    before, other, later = (
        options_of_job(form="trainjob", **changes).replacement_trigger
        for changes in ({}, {"termination_grace_seconds": 300}, {"ttl_seconds_after_finished": 60})
    )
    assert before is not None
    assert other != before
    assert later == before


def test_outputs() -> None:
    component = declare().named("gpt2", "aidc:index:TrainingJob")
    assert component.outputs == {
        "job_name": "gpt2",
        "rendezvous_endpoint": "gpt2-worker-0-0.gpt2.research.svc.cluster.local:29500",
        "world_size": 32,
        "total_gpus": 32,
    }


@pytest.mark.parametrize("form", FORMS)
def test_order_does_not_matter_where_it_has_no_meaning(form: str) -> None:
    mounts = [{"claim": "a", "path": "/a"}, {"claim": "b", "path": "/b"}]
    first = declare(form=form, mounts=mounts, environment={"A": "1", "B": "2"})
    second = declare(form=form, mounts=mounts[::-1], environment={"B": "2", "A": "1"})
    kubernetes = [{r.urn: r.inputs for r in g if r.package == "kubernetes"} for g in (first, second)]
    assert kubernetes[0] == kubernetes[1]


@pytest.mark.parametrize("form", FORMS)
def test_two_jobs_collide_in_nothing(form: str) -> None:
    def program() -> None:
        TrainingJob("gpt2", arguments(form=form))
        TrainingJob("bert", arguments(form=form))

    graph = evaluate(program)
    objects = [r for r in graph if r.package == "kubernetes"]
    names = {(r.type, r.inputs["metadata"]["namespace"], r.inputs["metadata"]["name"]) for r in objects}
    assert len(names) == len(objects)
    selections = {
        r.inputs["spec"]["selector"]["app.kubernetes.io/name"] for r in objects if r.type.endswith(":Service")
    }
    assert len(selections) == len(graph.of_type("kubernetes:*:Service"))


@pytest.mark.parametrize("form", FORMS)
def test_what_is_only_known_at_deployment_stays_unknown(form: str) -> None:
    def program() -> None:
        later = pulumi.CustomResource("other:index:Thing", "later", {}).id
        TrainingJob(
            "gpt2",
            arguments(form=form, namespace=later, image=later, mounts=[{"claim": later, "path": "/data"}]),
        )

    graph = evaluate(program, preview=True)
    assert graph.named("gpt2-job").inputs["metadata"]["namespace"] is UNKNOWN
    assert program_of(graph)["image"] is UNKNOWN
    claims = [
        volume["persistentVolumeClaim"] for volume in pod_of(graph)["volumes"] if "persistentVolumeClaim" in volume
    ]
    assert [claim["claimName"] for claim in claims] == [UNKNOWN]
    assert graph.named("gpt2", "aidc:index:TrainingJob").outputs["rendezvous_endpoint"] is UNKNOWN


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match=r"TrainingJob 'gpt2': 1 problem\n  - nodes: 0 nodes is too little"):
        declare(nodes=0)


def test_a_provider_is_inherited() -> None:
    def program() -> None:
        provider = pulumi.ProviderResource("kubernetes", "cluster", {})
        TrainingJob("gpt2", arguments(), pulumi.ResourceOptions(provider=provider))

    graph = evaluate(program)
    assert graph.named("gpt2-job").provider == graph.named("cluster").urn


PROGRAM = {
    "settings": {
        "model": {"kind": "gpt2", "size": "tiny"},
        "batch": {"batch_size": 16, "context": 64},
        "steps": 200,
    }
}


def declare_program(**changes: Any) -> ResourceGraph:
    args = {key: value for key, value in arguments(**changes).items() if key != "args"}
    return evaluate(lambda: TrainingJob("gpt2", {**args, "program": PROGRAM}))  # type: ignore[typeddict-item]


@pytest.mark.parametrize("form", FORMS)
def test_the_settings_of_the_program_are_a_file_in_each_worker(form: str) -> None:
    graph = declare_program(form=form)
    (file,) = graph.of_type("kubernetes:core/v1:ConfigMap")
    assert file.name == "gpt2-settings"
    assert file.inputs["immutable"] is True
    assert yaml.safe_load(file.inputs["data"]["settings.yaml"]) == PROGRAM["settings"]
    pod = pod_of(graph)
    (volume,) = [volume for volume in pod["volumes"] if "configMap" in volume]
    assert volume["configMap"]["name"] == file.inputs["metadata"]["name"]
    (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == volume["name"]]
    assert mount == {"name": "settings", "mountPath": "/etc/aidc", "readOnly": True}
    assert file.urn in job_of(graph).dependencies
    program = program_of(graph)
    assert (program["command"], program["args"]) == (
        ["torchrun"],
        ["-m", "aidc.workloads.training", "--config", "/etc/aidc/settings.yaml"],
    )


@pytest.mark.parametrize("form", FORMS)
def test_metrics_are_where_prometheus_looks(form: str) -> None:
    graph = declare_program(form=form, allowed_namespaces=["monitoring"])
    template = workers_of(graph)["template"]
    assert template["metadata"]["annotations"] == {
        "karpenter.sh/do-not-disrupt": "true",
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9400",
        "prometheus.io/path": "/metrics",
    }
    ports = {port["name"]: port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    assert ports == {"rendezvous": 29500, "metrics": 9400}
    assert variables_of(graph)["METRICS_PORT"] == "9400"
    policy = graph.named("gpt2-network-policy").inputs["spec"]
    inside, metrics = policy["ingress"]
    # NCCL and the rendezvous take any port, so workers reach each other on all of them.
    assert inside == {"from": [{"podSelector": {}}]}
    assert metrics["ports"] == [{"protocol": "TCP", "port": 9400}]
    labels = template["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("form", JOBSET_FORMS)
def test_the_all_reduce_runs_where_the_worker_will_with_the_same_devices(form: str) -> None:
    graph = declare(
        form=form,
        resources={"cpu": "32", "memory": "64Gi"},
        efa_interfaces=32,
        preflight={"instance_type": "p5.48xlarge"},
    )
    pod = pod_of(graph)
    (check,) = pod["initContainers"]
    assert check["image"] == "registry.example/gpt2:1.0.0"
    assert check["resources"] == pod["containers"][0]["resources"]
    assert check["command"] == ["torchrun"]
    assert check["args"][:4] == ["-m", "aidc.workloads.training.all_reduce", "--minimum", "270"]
    own = {each["name"]: each.get("value") for each in check["env"]}
    training = variables_of(graph)
    assert own["PET_RDZV_ENDPOINT"] == training["PET_RDZV_ENDPOINT"].replace(":29500", ":29501")
    assert own["PET_RDZV_ID"] != training["PET_RDZV_ID"]
    assert (own["PET_NNODES"], own["PET_NPROC_PER_NODE"], own["PET_MAX_RESTARTS"]) == ("4:4", "8", "0")
    assert own["FI_EFA_USE_HUGE_PAGE"] == training["FI_EFA_USE_HUGE_PAGE"] == "0"
    assert "CHECKPOINT_PATH" not in own
    assert check["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("form", FORMS)
def test_the_prometheus_operator_is_told_of_the_workers_metrics(form: str) -> None:
    graph = declare(form=form, metrics_port=9400, monitored=True)
    spec = graph.named("gpt2-monitor", "kubernetes:monitoring.coreos.com/v1:PodMonitor").inputs["spec"]
    assert spec["podMetricsEndpoints"] == [{"port": "metrics", "path": "/metrics"}]
    wanted = {"app.kubernetes.io/name": "gpt2", "app.kubernetes.io/component": "training"}
    assert spec["selector"] == {"matchLabels": wanted}


def test_no_monitor_without_metrics() -> None:
    assert not declare(metrics_port=9400).of_type("kubernetes:monitoring.coreos.com/v1:PodMonitor")
    with pytest.raises(InvalidInput, match="monitored: there are no metrics to read; give metricsPort"):
        declare(monitored=True)
