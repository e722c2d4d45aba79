"""What is planned for the add-ons of a cluster, and which inputs are refused."""

import pytest

from aidc.infra.addons import plan_cluster_addons
from aidc.problems import InvalidInput

ZONE = "arn:aws:route53:::hostedzone/Z1"


def planned(addons, **inputs):
    given = {"cluster_name": "prod", "region": "us-east-1", "vpc_id": "vpc-1", "addons": addons, **inputs}
    return plan_cluster_addons(given, "addons")


def names(plan):
    return [release.addon.name for release in plan.releases]


def refusals(addons, **inputs):
    with pytest.raises(InvalidInput) as caught:
        planned(addons, **inputs)
    return [str(problem) for problem in caught.value.problems]


def test_needs_come_along_first_and_say_who_needs_them():
    plan = planned({"kueue": {}, "kubeflow-trainer": {}})
    assert names(plan) == ["jobset", "kubeflow-trainer", "kueue"]
    assert plan.added == {"jobset": ("kubeflow-trainer",)}
    assert [release.before for release in plan.releases] == [(), ("jobset",), ("jobset", "kubeflow-trainer")]


def test_what_the_cluster_has_from_eks_does_not_come_along():
    assert planned({"vertical-pod-autoscaler": {}}).added == {"metrics-server": ("vertical-pod-autoscaler",)}
    plan = planned({"vertical-pod-autoscaler": {}}, managed_addons=["metrics-server"])
    assert (names(plan), plan.added) == (["vertical-pod-autoscaler"], {})
    assert [release.before for release in plan.releases] == [()]


@pytest.mark.parametrize(
    ("software", "family", "brought"),
    [
        ("ami", "al2023", ["nvidia-device-plugin"]),
        ("ami", "bottlerocket", []),
        ("gpu-operator", "al2023", ["gpu-operator"]),
        ("dra", "bottlerocket", ["dra-driver-nvidia-gpu"]),
    ],
)
def test_the_choice_of_gpu_software_brings_its_addon(software, family, brought):
    plan = planned({}, gpu_software=software, ami_family=family)
    assert names(plan) == brought
    assert plan.added == {name: ("gpuSoftware",) for name in brought}


def test_nodes_are_of_bottlerocket_unless_it_is_said():
    assert names(planned({}, gpu_software="ami")) == []


def test_an_addon_that_was_asked_for_does_not_come_along():
    assert planned({"nvidia-device-plugin": {}}, gpu_software="ami", ami_family="al2023").added == {}


def test_metrics_are_shown_where_something_reads_them():
    plan = planned({"keda": {}, "kube-prometheus-stack": {}})
    assert [release.is_monitored for release in plan.releases] == [True, True, True]
    assert [release.is_monitored for release in planned({"keda": {}}).releases] == [False]


def test_namespaces_are_made_where_kubernetes_has_none():
    plan = planned({"metrics-server": {}, "keda": {}, "kube-prometheus-stack": {}})
    assert plan.namespaces == {"keda": "restricted", "monitoring": "privileged"}


@pytest.mark.parametrize(("version", "written"), [("2.20.1", "2.20.1"), ("v2.20.1", "v2.20.1")])
def test_a_version_replaces_the_pinned_one_as_it_is_written(version, written):
    (release,) = planned({"keda": {"version": version}}).releases
    assert release.chart.version == written


@pytest.mark.parametrize(
    ("addons", "inputs", "expected"),
    [
        (
            {"dcgm-exporter": {}},
            {},
            "addons.dcgm-exporter: is for NVIDIA GPUs; give gpuSoftware too, or leave it out",
        ),
        (
            {"nvidia-device-plugin": {}},
            {"gpu_software": "ami", "ami_family": "bottlerocket"},
            "addons.nvidia-device-plugin: is not what gpuSoftware and amiFamily choose: pods get GPUs from 'image'; "
            "leave it out",
        ),
        (
            {"metrics-server": {}},
            {"managed_addons": ["metrics-server"]},
            "addons.metrics-server: EKS has an add-on of this name in the cluster already; leave one of them out",
        ),
        (
            {"aws-mountpoint-s3-csi-driver": {}},
            {"kubernetes_version": "1.29"},
            "addons.aws-mountpoint-s3-csi-driver: 'aws-mountpoint-s3-csi-driver' needs Kubernetes 1.30 or newer, and "
            "the cluster has 1.29; upgrade it first",
        ),
        (
            {"keda": {"domains": ["example.com"]}},
            {},
            "addons.keda.domains: is not for 'keda'; leave it out",
        ),
        (
            {"external-dns": {}},
            {},
            "addons.external-dns.hostedZoneArns: missing; 'external-dns' needs it",
        ),
        (
            {"external-secrets": {"secret_prefix": "prod secrets"}},
            {},
            "addons.external-secrets.secretPrefix: 'prod secrets' begins no secret's name; give letters, digits and "
            "/_+=.@-",
        ),
        (
            {"jobset": {"statements": [{"sid": "A", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a/*"]}]}},
            {},
            "addons.jobset.statements: 'jobset' has nothing to do in AWS; leave them out",
        ),
        (
            {"keda": {"statements": [{"sid": "A", "actions": ["sqs:*"], "resources": ["arn:aws:sqs:::a"]}]}},
            {},
            "addons.keda.statements[0]: statement A has a wildcard; narrow it, or say why it cannot be narrower",
        ),
        (
            {"keda": {"version": "latest"}},
            {},
            "addons.keda.version: 'latest' is no version of a chart; write it like 2.20.2",
        ),
        (
            {"kube-prometheus-stack": {"storage_size": "1Ti"}},
            {},
            "addons.kube-prometheus-stack.storageSize: belongs to storageClass; give that too, or leave it out",
        ),
        (
            {"nvidia-device-plugin": {"time_slicing_replicas": [4, 49]}},
            {"gpu_software": "ami", "ami_family": "al2023"},
            "addons.nvidia-device-plugin.timeSlicingReplicas[1]: 49 pods is too much; give 48 pods or less",
        ),
        ({}, {"ami_family": "al2023"}, "amiFamily: belongs to gpuSoftware; give that too, or leave it out"),
        ({}, {"kubernetes_version": "1.36.3"}, "kubernetesVersion: '1.36.3' is no minor version; write it like 1.36"),
        ({}, {"identity_method": "user"}, "identityMethod: 'user' is not one of pod-identity, service-account"),
    ],
)
def test_a_contradiction_is_refused_by_the_field_with_the_way_out(addons, inputs, expected):
    assert refusals(addons, **inputs) == [expected]


def test_irsa_needs_the_cluster_s_issuer_and_pod_identity_does_not_take_it():
    assert refusals({}, identity_method="service-account") == [
        "oidcProviderArn: missing; IRSA needs it",
        "oidcIssuer: missing; IRSA needs it",
    ]
    assert refusals({}, oidc_issuer="https://issuer") == ["oidcIssuer: belongs to service-account; leave it out"]


def test_all_problems_are_told_at_once():
    told = refusals({"external-dns": {}, "kead": {}, "metrics-server": {}}, managed_addons=["metrics-server"])
    assert [problem.split(":")[0] for problem in told] == [
        "addons.kead",
        "addons.external-dns.hostedZoneArns",
        "addons.metrics-server",
    ]
