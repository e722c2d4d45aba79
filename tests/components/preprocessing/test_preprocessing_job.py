"""PreprocessingJob: exact children of each form, and what happens when a pod is lost."""

import shlex
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from aidc.components.preprocessing import PreprocessingJob, PreprocessingJobArgs
from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.graph import UNKNOWN, Resource
from aidc.infra.versions import RAY
from aidc.problems import InvalidInput
from aidc.workloads.preprocessing.launch import arguments as words
from aidc.workloads.programs import SETTINGS_PATH

ROOT = Path(__file__).parents[3]
JOB = {"job": "kubernetes:batch/v1:Job", "ray-job": "kubernetes:ray.io/v1:RayJob"}
FORMS = list(JOB)
CONFIG_MAP, POLICY = "kubernetes:core/v1:ConfigMap", "kubernetes:networking.k8s.io/v1:NetworkPolicy"
PLACES = ['input.paths=["/raw/crawl"]', 'output.folder="/clean/crawl"']


def arguments(**changes: Any) -> PreprocessingJobArgs:
    base: dict[str, Any] = {
        "namespace": "research",
        "image": "registry.example/preprocessing:1.0.0",
        "inputs": ["/raw/crawl"],
        "output": "/clean/crawl",
        "settings": {"input": {"kind": "text"}},
        "resources": {"cpu": "8", "memory": "32Gi"},
        "mounts": [{"claim": "raw", "path": "/raw", "read_only": True}, {"claim": "clean", "path": "/clean"}],
    }
    return {**base, **changes}  # type: ignore[typeddict-item]


def declare(**changes: Any) -> ResourceGraph:
    return evaluate(lambda: PreprocessingJob("crawl", arguments(**changes)))


def job_of(graph: ResourceGraph) -> Resource:
    return graph.named("crawl-job")


def templates_of(graph: ResourceGraph) -> dict[str, Any]:
    """The templates of all pods, by the name of their container."""
    spec = job_of(graph).inputs["spec"]
    if "template" in spec:
        found = [spec["template"]]
    else:
        cluster = spec["rayClusterSpec"]
        groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
        found = [spec["submitterPodTemplate"], *(group["template"] for group in groups)]
    return {template["spec"]["containers"][0]["name"]: template for template in found}


def working(graph: ResourceGraph) -> Any:
    """The template of the pods that do the work."""
    found = templates_of(graph)
    return found.get("worker", found.get("preprocessing"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [(JOB["job"], "crawl-job")]),
        ({"allowed_namespaces": ["monitoring"]}, [(JOB["job"], "crawl-job"), (POLICY, "crawl-network-policy")]),
        ({"form": "ray-job"}, [(JOB["ray-job"], "crawl-job"), (POLICY, "crawl-network-policy")]),
    ],
)
def test_children_are_exactly_these(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    graph = declare(**changes)
    component = graph.named("crawl", "aidc:index:PreprocessingJob")
    children = list(graph.descendants(component.urn))
    assert sorted((r.type, r.name) for r in children) == sorted([*expected, (CONFIG_MAP, "crawl-settings")])
    assert set(job_of(graph).dependencies) == {r.urn for r in children if r.name != "crawl-job"}
    for child in children:
        assert child.inputs["metadata"]["namespace"] == "research"


def test_the_pod_of_a_job_is_started_as_the_image_is() -> None:
    (container,) = working(declare())["spec"]["containers"]
    assert container["command"] == ["python"]
    assert container["args"] == words(SETTINGS_PATH, [*PLACES, "resources.processors=8"])
    assert container["image"] == "registry.example/preprocessing:1.0.0"


def test_a_cluster_runs_the_same_program_at_its_head() -> None:
    graph = declare(form="ray-job", workers=4)
    spec = job_of(graph).inputs["spec"]
    assert shlex.split(spec["entrypoint"]) == ["python", *words(SETTINGS_PATH, PLACES)]
    assert (spec["submissionMode"], spec["shutdownAfterJobFinishes"]) == ("K8sJobMode", True)
    cluster = spec["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    head, (workers,) = cluster["headGroupSpec"], cluster["workerGroupSpecs"]
    store = str(128 * 2**20)
    # Tasks run on workers: what the head holds is lost when it is.
    assert head["rayStartParams"] == {"num-cpus": "0", "object-store-memory": store}
    assert workers["rayStartParams"] == {"num-cpus": "8", "object-store-memory": store}
    assert [workers[key] for key in ("replicas", "minReplicas", "maxReplicas")] == [4, 4, 4]
    for template in templates_of(graph).values():
        (container,) = template["spec"]["containers"]
        assert container["image"] == "registry.example/preprocessing:1.0.0"
        # KubeRay writes the commands of `ray start` and `ray job submit`, and the address.
        assert not container.keys() & {"command", "args"}
        assert "RAY_ADDRESS" not in {each["name"] for each in container["env"]}


def test_the_cluster_is_told_the_version_of_ray_that_is_locked() -> None:
    lock = (ROOT / "uv.lock").read_text()
    assert f'name = "ray"\nversion = "{RAY.number}"\n' in lock
    assert job_of(declare(form="ray-job")).inputs["spec"]["rayClusterSpec"]["rayVersion"] == RAY.number
    # The operator asks Ray's dashboard, which the extra `default` brings.
    assert '{ name = "ray", extra = ["data", "default"] }' in lock


@pytest.mark.parametrize("form", FORMS)
def test_pods_pass_pod_security_restricted(form: str) -> None:
    for template in templates_of(declare(form=form)).values():
        pod = template["spec"]
        security, (container,) = pod["securityContext"], pod["containers"]
        assert (security["runAsNonRoot"], security["runAsUser"]) == (True, 65532)
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] == "workload"
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


@pytest.mark.parametrize(("form", "shared"), [("job", {}), ("ray-job", {"/dev/shm": "192Mi"})])
def test_every_mount_has_its_volume(form: str, shared: dict[str, str]) -> None:
    found = templates_of(declare(form=form))
    for name in found.keys() - {"submitter"}:
        pod = found[name]["spec"]
        paths = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        sources = {paths[volume["name"]]: volume for volume in pod["volumes"]}
        assert sources.keys() == {"/raw", "/clean", "/tmp", "/etc/aidc", *shared}
        assert sources["/raw"]["persistentVolumeClaim"] == {"claimName": "raw", "readOnly": True}
        assert sources["/clean"]["persistentVolumeClaim"] == {"claimName": "clean", "readOnly": False}
        for path, size in shared.items():
            assert sources[path]["emptyDir"] == {"medium": "Memory", "sizeLimit": size}
    if "submitter" in found:
        assert [volume["name"] for volume in found["submitter"]["spec"]["volumes"]] == ["tmp"]


@pytest.mark.parametrize("form", FORMS)
def test_the_settings_are_a_file_in_each_pod(form: str) -> None:
    graph = declare(form=form)
    file = graph.named("crawl-settings").inputs
    assert file["immutable"] is True
    assert yaml.safe_load(file["data"]["settings.yaml"]) == {"input": {"kind": "text"}}
    (volume,) = [each for each in working(graph)["spec"]["volumes"] if "configMap" in each]
    assert volume["configMap"]["name"] == file["metadata"]["name"]


def test_a_lost_pod_is_replaced_a_disruption_does_not_count_and_bad_input_ends_it() -> None:
    spec = job_of(declare(max_restarts=5)).inputs["spec"]
    assert spec["backoffLimit"] == 5
    assert spec["podReplacementPolicy"] == "Failed"
    assert spec["podFailurePolicy"]["rules"] == [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {
            "action": "FailJob",
            "onExitCodes": {"containerName": "preprocessing", "operator": "In", "values": [2]},
        },
    ]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("form", FORMS)
def test_times_and_restarts_are_where_both_forms_have_them(form: str) -> None:
    graph = declare(form=form, max_restarts=5, active_deadline_seconds=600, ttl_seconds_after_finished=60)
    spec = job_of(graph).inputs["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (5, 600, 60)
    assert working(graph)["spec"]["terminationGracePeriodSeconds"] == 120


@pytest.mark.parametrize("form", FORMS)
def test_kueue_owns_the_start_of_what_is_queued(form: str) -> None:
    job = job_of(declare(form=form, queue_name="research"))
    assert job.inputs["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "research"
    assert "suspend" not in job.inputs["spec"]
    for suspended in (True, False):
        assert job_of(declare(form=form, suspended=suspended)).inputs["spec"]["suspend"] is suspended


@pytest.mark.parametrize("form", FORMS)
def test_pulumi_does_not_wait_for_the_end(form: str) -> None:
    assert job_of(declare(form=form)).inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


@pytest.mark.parametrize("form", FORMS)
def test_metrics_are_where_prometheus_looks(form: str) -> None:
    graph = declare(form=form, allowed_namespaces=["monitoring", "edge"])
    found = templates_of(graph)
    serving = found["head" if form == "ray-job" else "preprocessing"]
    assert serving["metadata"]["annotations"] == {
        "karpenter.sh/do-not-disrupt": "true",
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9401",
        "prometheus.io/path": "/metrics",
    }
    assert 9401 in [port["containerPort"] for port in serving["spec"]["containers"][0]["ports"]]
    others = [each for each in found.values() if each is not serving]
    assert not [each for each in others if "prometheus.io/scrape" in each["metadata"].get("annotations", {})]
    policy = graph.named("crawl-network-policy").inputs["spec"]
    metrics, *cluster = policy["ingress"]
    names = [each["namespaceSelector"]["matchLabels"].popitem()[1] for each in metrics["from"][1:]]
    assert metrics["from"][0] == {"podSelector": {}}
    assert (names, metrics["ports"]) == (["edge", "monitoring"], [{"protocol": "TCP", "port": 9401}])
    assert len(cluster) == (2 if form == "ray-job" else 0)
    for template in found.values():
        assert policy["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


def test_the_pods_of_a_cluster_reach_each_other_and_its_operator_the_head() -> None:
    graph = declare(form="ray-job", operator_namespace="ray-system", settings={"input": {"kind": "text"}})
    policy = graph.named("crawl-network-policy").inputs["spec"]
    _, inside, operator = policy["ingress"]
    assert inside == {"from": [{"podSelector": policy["podSelector"]}]}
    assert operator == {
        "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ray-system"}}}],
        "ports": [{"protocol": "TCP", "port": 8265}],
    }


@pytest.mark.parametrize("form", FORMS)
def test_the_operator_of_prometheus_is_led_to_the_port_of_the_program(form: str) -> None:
    graph = declare(form=form, monitored=True)
    spec = graph.named("crawl-monitor", "kubernetes:monitoring.coreos.com/v1:PodMonitor").inputs["spec"]
    (endpoint,) = spec["podMetricsEndpoints"]
    found = templates_of(graph)
    serving = found["head" if form == "ray-job" else "preprocessing"]
    ports = {port["name"]: port["containerPort"] for port in serving["spec"]["containers"][0]["ports"]}
    assert ports[endpoint["port"]] == 9401
    assert spec["selector"]["matchLabels"].items() <= serving["metadata"]["labels"].items()
    assert not declare(form=form).of_type("kubernetes:monitoring.coreos.com/v1:PodMonitor")


@pytest.mark.parametrize("form", FORMS)
def test_without_metrics_nobody_reads_any(form: str) -> None:
    graph = declare(form=form, settings={"input": {"kind": "text"}, "metrics_port": 0})
    for template in templates_of(graph).values():
        assert "prometheus.io/scrape" not in template["metadata"].get("annotations", {})
        ports = [port["name"] for port in template["spec"]["containers"][0].get("ports", [])]
        assert not {"metrics", "program-metrics"} & set(ports)
    if form == "ray-job":
        assert len(graph.named("crawl-network-policy").inputs["spec"]["ingress"]) == 2


@pytest.mark.parametrize("form", FORMS)
def test_placement_and_environment_are_those_of_every_pod_that_works(form: str) -> None:
    graph = declare(
        form=form,
        node_pool="general",
        priority_class="batch",
        service_account="cleaner",
        do_not_disrupt=False,
        environment={"A": "1"},
        secret_environment={"B": {"secret": "s", "key": "k"}},
    )
    for name, template in templates_of(graph).items():
        pod = template["spec"]
        assert pod["nodeSelector"] == {"aidc.dev/node-pool": "general"}
        assert (pod["priorityClassName"], pod["serviceAccountName"]) == ("batch", "cleaner")
        assert "karpenter.sh/do-not-disrupt" not in template["metadata"].get("annotations", {})
        variables = {each["name"] for each in pod["containers"][0]["env"]}
        # Who submits needs none of what the program does.
        assert ({"A", "B"} <= variables) is (name != "submitter")


def options_of_job(**changes: Any) -> pulumi.ResourceOptions:
    """The options that the job is registered with."""
    found: dict[str, pulumi.ResourceOptions] = {}

    def program() -> None:
        def keep(args: pulumi.ResourceTransformationArgs) -> None:
            found[args.name] = args.opts

        pulumi.runtime.register_stack_transformation(keep)
        PreprocessingJob("crawl", arguments(**changes))

    evaluate(program)
    return found["crawl-job"]


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("job", ["spec.template"]),
        ("ray-job", ["spec.rayClusterSpec", "spec.submitterPodTemplate", "spec.entrypoint"]),
    ],
)
def test_what_a_job_cannot_change_makes_it_anew_under_its_name(form: str, fields: list[str]) -> None:
    options = options_of_job(form=form)
    assert options.replace_on_changes == fields
    assert options.delete_before_replace is True


@pytest.mark.parametrize(("form", "processors"), [("job", 8), ("ray-job", 16)])
def test_outputs(form: str, processors: int) -> None:
    component = declare(form=form).named("crawl", "aidc:index:PreprocessingJob")
    assert component.outputs == {"job_name": "crawl", "output": "/clean/crawl", "processors": processors}


@pytest.mark.parametrize("form", FORMS)
def test_two_jobs_collide_in_nothing(form: str) -> None:
    def program() -> None:
        PreprocessingJob("crawl", arguments(form=form))
        PreprocessingJob("books", arguments(form=form))

    objects = [r for r in evaluate(program) if r.package == "kubernetes"]
    assert len({(r.type, r.inputs["metadata"]["name"]) for r in objects}) == len(objects)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_only_known_at_deployment_stays_unknown(form: str) -> None:
    def program() -> None:
        later = pulumi.CustomResource("other:index:Thing", "later", {}).id
        PreprocessingJob("crawl", arguments(form=form, image=later, inputs=["/raw/a", later], output=later))

    graph = evaluate(program, preview=True)
    assert working(graph)["spec"]["containers"][0]["image"] is UNKNOWN
    assert graph.named("crawl", "aidc:index:PreprocessingJob").outputs["output"] is UNKNOWN
    if form == "ray-job":
        assert job_of(graph).inputs["spec"]["entrypoint"] is UNKNOWN
    else:
        assert working(graph)["spec"]["containers"][0]["args"].count(UNKNOWN) == 2


@pytest.mark.parametrize("form", FORMS)
def test_what_another_resource_says_arrives_as_it_was_written(form: str) -> None:
    def program() -> None:
        bucket = pulumi.Output.from_input("s3://clean's/a b")
        PreprocessingJob("crawl", arguments(form=form, inputs=["/raw/a", bucket], output=bucket))

    graph = evaluate(program)
    spec = job_of(graph).inputs["spec"]
    given = shlex.split(spec["entrypoint"]) if form == "ray-job" else working(graph)["spec"]["containers"][0]["args"]
    assert [yaml.safe_load(word.partition("=")[2]) for word in given if word.startswith(("input.", "output."))] == [
        ["/raw/a", "s3://clean's/a b"],
        "s3://clean's/a b",
    ]


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match=r"PreprocessingJob 'crawl': 1 problem\n  - output: '/raw/x' is on a read"):
        declare(output="/raw/x")


def test_a_provider_is_inherited() -> None:
    def program() -> None:
        provider = pulumi.ProviderResource("kubernetes", "cluster", {})
        PreprocessingJob("crawl", arguments(), pulumi.ResourceOptions(provider=provider))

    graph = evaluate(program)
    assert graph.named("crawl-job").provider == graph.named("cluster").urn
