"""The resources of a cluster's add-ons."""

import json

import pulumi
import pytest

from aidc.evaluation import evaluate
from aidc.evaluation.testing import assert_children, assert_inputs
from aidc.infra.addons import ClusterAddons
from aidc.infra.versions import VERTICAL_POD_AUTOSCALER

RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"
IDENTITY = "aidc:index:WorkloadIdentity"
ZONE = "arn:aws:route53:::hostedzone/Z1"


def made(addons, **inputs):
    given = {"cluster_name": "prod", "region": "us-east-1", "vpc_id": "vpc-1", "addons": addons, **inputs}
    return evaluate(lambda: ClusterAddons("addons", given))


def release(graph, name):
    return graph.named(f"addons-{name}", RELEASE)


def values(graph, name):
    return release(graph, name).inputs["values"]


def test_each_addon_is_a_release_with_its_namespace_and_identity():
    graph = made({"kubeflow-trainer": {}, "aws-load-balancer-controller": {}})
    assert_children(
        graph,
        graph.named("addons"),
        [
            (NAMESPACE, "addons-jobset"),
            (NAMESPACE, "addons-kubeflow-trainer"),
            (IDENTITY, "addons-aws-load-balancer-controller"),
            (RELEASE, "addons-aws-load-balancer-controller"),
            (RELEASE, "addons-jobset"),
            (RELEASE, "addons-kubeflow-trainer"),
        ],
    )


def test_a_release_has_the_addon_s_name_pinned_chart_and_namespace():
    graph = made({"gpu-operator": {}, "jobset": {}}, gpu_software="gpu-operator", ami_family="al2023")
    assert_inputs(
        release(graph, "gpu-operator"),
        {
            "name": "gpu-operator",
            "chart": "gpu-operator",
            "version": "v26.7.0",
            "namespace": "gpu-operator",
            "repositoryOpts": {"repo": "https://helm.ngc.nvidia.com/nvidia"},
        },
    )
    assert_inputs(
        release(graph, "jobset"),
        {"name": "jobset", "chart": "oci://registry.k8s.io/jobset/charts/jobset", "version": "0.12.0"},
    )


def test_a_namespace_enforces_what_its_addon_can_bear():
    graph = made({"keda": {}, "kube-prometheus-stack": {}})
    for name, standard in (("keda", "restricted"), ("monitoring", "privileged")):
        labels = graph.named(f"addons-{name}", NAMESPACE).inputs["metadata"]["labels"]
        assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {standard}


def test_a_release_waits_for_its_namespace_its_identity_and_what_it_needs():
    graph = made({"kueue": {}, "kubeflow-trainer": {}, "keda": {}, "cert-manager": {"hosted_zone_arns": [ZONE]}})
    trainer = {release(graph, "jobset").urn, graph.named("addons-kubeflow-trainer", NAMESPACE).urn}
    assert set(release(graph, "kubeflow-trainer").dependencies) == trainer
    assert set(release(graph, "kueue").dependencies) == {
        release(graph, "jobset").urn,
        release(graph, "kubeflow-trainer").urn,
        graph.named("addons-kueue", NAMESPACE).urn,
    }
    association = graph.named("addons-cert-manager", "aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert association.urn in release(graph, "cert-manager").dependencies
    assert set(release(graph, "keda").dependencies) == {graph.named("addons-keda", NAMESPACE).urn}


def test_an_identity_is_for_the_service_account_of_the_pods():
    graph = made({"external-dns": {"hosted_zone_arns": [ZONE]}}, permissions_boundary="arn:aws:iam::1:policy/b")
    identity = graph.named("addons-external-dns", IDENTITY)
    assert_inputs(identity, {"cluster_name": "prod", "namespace": "external-dns", "service_account": "external-dns"})
    assert_inputs(
        graph.named("addons-external-dns", "aws:iam/role:Role"), {"permissionsBoundary": "arn:aws:iam::1:policy/b"}
    )
    assert "annotations" not in values(graph, "external-dns")["serviceAccount"]


@pytest.mark.parametrize(
    ("name", "settings", "path", "namespace", "role"),
    [
        ("external-dns", {"hosted_zone_arns": [ZONE]}, ("serviceAccount",), "external-dns", "addons-external-dns"),
        ("aws-efs-csi-driver", {}, ("controller", "serviceAccount"), "kube-system", "addons-aws-efs-csi-driver"),
        ("aws-efs-csi-driver", {}, ("node", "serviceAccount"), "kube-system", "addons-efs-csi-node-sa"),
        (
            "aws-mountpoint-s3-csi-driver",
            {"bucket_arns": ["arn:aws:s3:::a"]},
            ("node", "serviceAccount"),
            "kube-system",
            "addons-aws-mountpoint-s3-csi-driver",
        ),
    ],
)
def test_with_irsa_the_service_account_names_the_role(name, settings, path, namespace, role):
    graph = made(
        {name: settings},
        identity_method="service-account",
        oidc_provider_arn="arn:aws:iam::1:oidc-provider/i",
        oidc_issuer="https://i",
    )
    account = values(graph, name)
    for key in path:
        account = account[key]
    role_arn = graph.named("addons").outputs["role_arns"][f"{namespace}/{account['name']}"]
    assert role_arn.endswith(f":role/{role}")
    assert account["annotations"] == {"eks.amazonaws.com/role-arn": role_arn}
    assert not graph.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")


def test_permissions_of_one_s_own_go_beside_those_of_the_addon():
    own = {"sid": "ReadQueue", "actions": ["sqs:GetQueueAttributes"], "resources": ["arn:aws:sqs:us-east-1:1:q"]}
    graph = made({"keda": {"statements": [own]}})
    (policy,) = graph.of_type("aws:iam/rolePolicy:RolePolicy")
    assert [each["Sid"] for each in json.loads(policy.inputs["policy"])["Statement"]] == ["ReadQueue"]


def test_values_of_one_s_own_go_over_ours():
    graph = made({"kueue": {"values": {"controllerManager": {"replicas": 3, "tolerations": []}}}})
    manager = values(graph, "kueue")["controllerManager"]
    assert (manager["replicas"], manager["tolerations"]) == (3, [])
    assert manager["podDisruptionBudget"] == {"enabled": True, "minAvailable": 1}


def test_the_cluster_is_told_so_that_nobody_asks_the_instance_metadata():
    graph = made({"aws-load-balancer-controller": {}, "aws-efs-csi-driver": {}, "aws-fsx-csi-driver": {}})
    assert_inputs(
        release(graph, "aws-load-balancer-controller"),
        {"values": {"clusterName": "prod", "region": "us-east-1", "vpcId": "vpc-1"}},
    )
    assert values(graph, "aws-efs-csi-driver")["controller"]["tags"] == {"aidc.dev/cluster": "prod"}
    assert values(graph, "aws-fsx-csi-driver")["controller"]["extraTags"] == {"aidc.dev/cluster": "prod"}


def test_nothing_asks_waf_in_a_network_without_a_way_out():
    assert values(made({"aws-load-balancer-controller": {}}), "aws-load-balancer-controller")["enableWafv2"] is True
    graph = made({"aws-load-balancer-controller": {}}, isolated_network=True)
    assert values(graph, "aws-load-balancer-controller")["enableWafv2"] is False


@pytest.mark.parametrize("is_read", [True, False])
def test_metrics_are_shown_where_something_reads_them(is_read):
    reader = {"kube-prometheus-stack": {}} if is_read else {}
    graph = made({"dcgm-exporter": {}, **reader}, gpu_software="ami", ami_family="al2023")
    assert values(graph, "dcgm-exporter")["serviceMonitor"]["enabled"] is is_read


def test_daemons_for_gpus_run_on_tainted_nodes_with_nvidia_gpus_alone():
    graph = made({"dcgm-exporter": {}}, gpu_software="ami", ami_family="al2023")
    for name in ("dcgm-exporter", "nvidia-device-plugin"):
        given = values(graph, name)
        assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in given["tolerations"]
        (term,) = given["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
            "nodeSelectorTerms"
        ]
        (expression,) = term["matchExpressions"]
        assert (expression["key"], expression["operator"]) == ("aidc.dev/accelerator", "In")
        assert "h100" in expression["values"]
        assert not [model for model in expression["values"] if model.startswith(("trainium", "inferentia"))]


def test_the_operator_leaves_driver_and_toolkit_to_the_image():
    given = values(made({}, gpu_software="gpu-operator", ami_family="al2023"), "gpu-operator")
    assert [given[part]["enabled"] for part in ("driver", "toolkit", "devicePlugin")] == [False, False, True]


@pytest.mark.parametrize(
    ("software", "addon", "read"),
    [
        ("ami", "nvidia-device-plugin", lambda given: given["config"]["map"]),
        ("gpu-operator", "gpu-operator", lambda given: given["devicePlugin"]["config"]["data"]),
    ],
)
def test_pools_that_share_gpus_find_the_configuration_that_their_label_names(software, addon, read):
    graph = made({addon: {"time_slicing_replicas": [4, 2, 4.0]}}, gpu_software=software, ami_family="al2023")
    configurations = {name: json.loads(text) for name, text in read(values(graph, addon)).items()}
    assert set(configurations) == {"whole", "time-slicing-2", "time-slicing-4"}
    assert "sharing" not in configurations["whole"]
    sliced = configurations["time-slicing-4"]["sharing"]["timeSlicing"]
    assert sliced["renameByDefault"] is True
    assert sliced["resources"] == [{"name": "nvidia.com/gpu", "replicas": 4}]


def test_with_resource_claims_metrics_follow_the_claims():
    for software, by_claims in (("dra", True), ("ami", False)):
        graph = made({"dcgm-exporter": {}}, gpu_software=software, ami_family="al2023")
        assert values(graph, "dcgm-exporter")["kubernetesDRA"] == {"enabled": by_claims}


@pytest.mark.parametrize(("family", "asked"), [("bottlerocket", ["all-gpus"]), ("al2023", [])])
def test_the_exporter_asks_for_all_gpus_where_the_image_guards_them(family, asked):
    given = values(made({"dcgm-exporter": {}}, gpu_software="ami", ami_family=family), "dcgm-exporter")
    assert [each["name"] for each in given.get("extraHostVolumes", [])] == asked
    assert [each["name"] for each in given["extraVolumeMounts"]] == ["exporter-metrics-volume", *asked]


def test_prometheus_keeps_its_data_where_a_storage_class_is_given():
    spec = values(made({"kube-prometheus-stack": {"storage_class": "gp3"}}), "kube-prometheus-stack")["prometheus"]
    claim = spec["prometheusSpec"]["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("gp3", "50Gi")
    without = values(made({"kube-prometheus-stack": {}}), "kube-prometheus-stack")["prometheus"]
    assert "storageSpec" not in without["prometheusSpec"]


def test_neuron_s_plugin_runs_on_every_type_of_the_catalog_that_has_it():
    types = values(made({"neuron-helm-chart": {}}), "neuron-helm-chart")["neuronInstances"]
    assert {"trn2.48xlarge", "inf2.xlarge"} <= set(types)
    assert types == sorted(types)
    assert "p5.48xlarge" not in types


def test_vertical_scaling_runs_the_programs_that_its_policies_were_tried_with():
    given = values(made({"vertical-pod-autoscaler": {}}), "vertical-pod-autoscaler")
    parts = [given[part] for part in ("recommender", "updater", "admissionController")]
    assert {part["image"]["tag"] for part in parts} == {VERTICAL_POD_AUTOSCALER.number}
    assert all(part["enabled"] and part["replicas"] == 2 for part in parts)
    assert all(part["podDisruptionBudget"] == {"enabled": True, "minAvailable": 1} for part in parts)
    assert {part["priorityClassName"] for part in parts} == {"system-cluster-critical"}


def test_no_pod_waits_for_the_webhook_of_vertical_scaling_to_come_back():
    graph = made({"vertical-pod-autoscaler": {}})
    webhook = values(graph, "vertical-pod-autoscaler")["admissionController"]["mutatingWebhookConfiguration"]
    assert webhook["failurePolicy"] == "Ignore"
    (expression,) = webhook["namespaceSelector"]["matchExpressions"]
    namespace = release(graph, "vertical-pod-autoscaler").inputs["namespace"]
    assert (expression["key"], expression["operator"]) == ("kubernetes.io/metadata.name", "NotIn")
    assert set(expression["values"]) == {"kube-system", namespace}


def test_every_pod_of_vertical_scaling_is_what_its_namespace_enforces():
    given = values(made({"vertical-pod-autoscaler": {}}), "vertical-pod-autoscaler")
    job = given["admissionController"]["certGen"]
    for pod, container in (
        (given["podSecurityContext"], given["containerSecurityContext"]),
        (job["podSecurityContext"], job["securityContext"]),
    ):
        assert pod["runAsNonRoot"] is True
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["allowPrivilegeEscalation"] is False
        assert container["capabilities"] == {"drop": ["ALL"]}


def test_outputs_name_all_that_was_installed():
    outputs = made({"kubeflow-trainer": {}, "keda": {}}).named("addons").outputs
    assert outputs["installed"] == ["jobset", "keda", "kubeflow-trainer"]
    assert outputs["chart_versions"] == {"jobset": "0.12.0", "keda": "2.20.2", "kubeflow-trainer": "2.3.0"}
    assert outputs["role_arns"] == {}


def test_the_order_in_which_addons_are_given_changes_nothing():
    one = made({"kueue": {}, "keda": {}, "kubeflow-trainer": {}})
    other = made({"kubeflow-trainer": {}, "kueue": {}, "keda": {}})
    assert one.to_json() == other.to_json()


def test_the_cluster_may_be_unknown_in_a_first_preview():
    def program():
        cluster = ClusterStandIn("cluster")
        args = {"cluster_name": cluster.name, "region": "us-east-1", "vpc_id": cluster.vpc_id}
        ClusterAddons("addons", {**args, "addons": {"aws-load-balancer-controller": {}, "keda": {}}})

    graph = evaluate(program, preview=True)
    assert {each.name for each in graph.of_type(RELEASE)} == {"addons-aws-load-balancer-controller", "addons-keda"}


class ClusterStandIn(pulumi.CustomResource):
    """A cluster whose name and VPC are only known at deployment."""

    name: pulumi.Output[str]
    vpc_id: pulumi.Output[str]

    def __init__(self, name):
        super().__init__("test:index:Cluster", name, {"name": None, "vpc_id": None})
