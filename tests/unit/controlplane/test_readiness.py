import pytest

from aidc.controlplane.readiness import State, Surroundings, has_rule, verdict


def thing(kind, spec=None, status=None, api="apps/v1", generation=1, **metadata):
    found = {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": "x", "namespace": "n", "generation": generation, **metadata},
    }
    if spec is not None:
        found["spec"] = spec
    if status is not None:
        found["status"] = status
    return found


def condition(kind, status="True", **more):
    return {"conditions": [{"type": kind, "status": status, **more}]}


def replicas(count, **more):
    return {"observedGeneration": 1, "replicas": count, "updatedReplicas": count, "availableReplicas": count, **more}


JOB = {"parallelism": 4, "completions": 4}
HPA = "autoscaling/v2"
CASES = [
    (thing("Deployment", {"replicas": 3}, replicas(3)), State.READY, "3 of 3 replicas available"),
    (thing("Deployment", {"replicas": 0}, {"observedGeneration": 1}), State.READY, "0 of 0 replicas available"),
    (thing("Deployment", {}, replicas(1)), State.READY, "1 of 1 replicas available"),
    (thing("Deployment", {"replicas": 3}), State.WAITING, "not seen by its controller yet"),
    (thing("Deployment", {"replicas": 3}, replicas(3), generation=2), State.WAITING, "not seen by its controller yet"),
    (thing("Deployment", {"replicas": 3}, replicas(3, updatedReplicas=1)), State.WAITING, "1 of 3 replicas up to date"),
    (thing("Deployment", {"replicas": 3}, replicas(3, replicas=4)), State.WAITING, "1 old replicas are still there"),
    (
        thing("Deployment", {"replicas": 3}, replicas(3, availableReplicas=2)),
        State.WAITING,
        "2 of 3 replicas available",
    ),
    (
        thing(
            "Deployment",
            {"replicas": 1},
            {
                "observedGeneration": 1,
                **condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="too long"),
            },
        ),
        State.FAILED,
        "too long",
    ),
    (
        thing(
            "Deployment",
            {"replicas": 1},
            {"observedGeneration": 1, **condition("ReplicaFailure", message="exceeded quota")},
        ),
        State.WAITING,
        "exceeded quota",
    ),
    (
        thing("StatefulSet", {"replicas": 3}, {"observedGeneration": 1, "readyReplicas": 2}),
        State.WAITING,
        "2 of 3 replicas ready",
    ),
    (
        thing(
            "StatefulSet",
            {"replicas": 1},
            {"observedGeneration": 1, "readyReplicas": 1, "updateRevision": "b", "currentRevision": "a"},
        ),
        State.WAITING,
        "1 of 1 replicas ready",
    ),
    (
        thing("DaemonSet", {}, {"observedGeneration": 1, "desiredNumberScheduled": 2, "numberReady": 2}),
        State.READY,
        "2 of 2 pods ready",
    ),
    (thing("Job", JOB, {"ready": 4}), State.READY, "4 of 4 pods running"),
    (thing("Job", JOB, {"ready": 1, "succeeded": 3}), State.READY, "1 of 4 pods running"),
    (thing("Job", JOB, {"ready": 3}), State.WAITING, "3 of 4 pods running"),
    (thing("Job", {"parallelism": 8, "completions": 2}, {"ready": 2}), State.READY, "2 of 2 pods running"),
    (thing("Job", {**JOB, "suspend": True}, {}), State.WAITING, "suspended"),
    (thing("Job", JOB, condition("Complete")), State.READY, "complete"),
    (thing("Job", JOB, condition("Failed", message="backoff limit")), State.FAILED, "backoff limit"),
    (
        thing("JobSet", {"replicatedJobs": [{"name": "w", "replicas": 2}]}, {"replicatedJobsStatus": []}),
        State.WAITING,
        "not all pods of w run",
    ),
    (
        thing(
            "JobSet",
            {"replicatedJobs": [{"name": "w", "replicas": 2}]},
            {"replicatedJobsStatus": [{"name": "w", "ready": 1, "succeeded": 1}]},
        ),
        State.READY,
        "all jobs running",
    ),
    (
        thing("JobSet", {"replicatedJobs": []}, condition("Failed", message="restarts used up")),
        State.FAILED,
        "restarts used up",
    ),
    (thing("TrainJob", {}, {}), State.WAITING, "no job made yet"),
    (thing("TrainJob", {}, {"jobsStatus": [{"name": "node", "ready": 1}]}), State.READY, "all jobs running"),
    (thing("TrainJob", {}, {"jobsStatus": [{"name": "node", "ready": 0}]}), State.WAITING, "node not running"),
    (thing("TrainJob", {}, condition("Complete")), State.READY, "complete"),
    (thing("PersistentVolumeClaim", {}, {"phase": "Bound"}), State.READY, "bound"),
    (thing("PersistentVolumeClaim", {}, {"phase": "Pending"}), State.WAITING, "not bound"),
    (thing("PersistentVolumeClaim", {}, {"phase": "Lost"}), State.FAILED, "its volume is lost"),
    (thing("Service", {"type": "ClusterIP"}, {}), State.READY, "present"),
    (thing("Service", {"type": "LoadBalancer"}, {"loadBalancer": {}}), State.WAITING, "no address yet"),
    (
        thing("Service", {"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"hostname": "lb.example"}]}}),
        State.READY,
        "lb.example",
    ),
    (
        thing(
            "HorizontalPodAutoscaler", {}, {**condition("ScalingActive"), "currentMetrics": [{"type": "Resource"}]}, HPA
        ),
        State.READY,
        "reads its metrics",
    ),
    (
        thing("HorizontalPodAutoscaler", {}, condition("ScalingActive", "False", message="no metrics"), HPA),
        State.WAITING,
        "no metrics",
    ),
    (
        thing("HorizontalPodAutoscaler", {}, condition("AbleToScale", "False", message="no target"), HPA),
        State.WAITING,
        "no target",
    ),
    (
        thing("HorizontalPodAutoscaler", {}, condition("ScalingActive", "False", reason="ScalingDisabled"), HPA),
        State.READY,
        "its target is scaled to zero",
    ),
    (
        thing("NodePool", {}, condition("Ready", "False", message="no class"), "karpenter.sh/v1"),
        State.WAITING,
        "no class",
    ),
    (thing("NodePool", {}, condition("Ready"), "karpenter.sh/v1"), State.READY, "ready"),
    (thing("ScaledObject", {}, condition("Ready"), "keda.sh/v1alpha1"), State.READY, "ready, idle"),
    (thing("ScaledObject", {}, {}, "keda.sh/v1alpha1"), State.WAITING, "not seen by KEDA yet"),
    (thing("Pod", {}, {"phase": "Running", **condition("Ready")}, "v1"), State.READY, "running"),
    (thing("Pod", {}, {"phase": "Running", **condition("Ready", "False")}, "v1"), State.WAITING, "running"),
    (
        thing("Pod", {}, {"phase": "Pending", **condition("PodScheduled", "False", message="no node")}, "v1"),
        State.WAITING,
        "no node",
    ),
    (thing("ConfigMap", api="v1"), State.READY, "present"),
    (thing("Database", {}, condition("Ready", "False", reason="Forming"), "example.com/v1"), State.WAITING, "Forming"),
    (thing("Namespace", {}, {"phase": "Terminating"}, "v1"), State.WAITING, "terminating"),
]


@pytest.mark.parametrize(("given", "state", "detail"), CASES, ids=[case[0]["kind"] for case in CASES])
def test_verdict_by_kind(given, state, detail):
    found = verdict(given)
    assert (found.state, found.detail) == (state, detail)


def test_a_claim_that_binds_at_first_use_waits_for_nobody_until_a_pod_uses_it():
    around = Surroundings(lazy_classes=frozenset({"lazy"}))
    claim = thing("PersistentVolumeClaim", {"storageClassName": "lazy"}, {"phase": "Pending"}, "v1")
    assert verdict(claim, around).state is State.READY
    assert verdict({**claim, "spec": {"storageClassName": "eager"}}, around).state is State.WAITING
    claim["metadata"]["annotations"] = {"volume.kubernetes.io/selected-node": "a"}
    assert verdict(claim, around).state is State.WAITING


def test_a_trainjob_is_as_far_as_the_jobset_that_it_became():
    spec = {"replicatedJobs": [{"name": "node"}]}
    job_set = thing("JobSet", spec, {"replicatedJobsStatus": [{"name": "node", "ready": 1}]})
    around = Surroundings(job_sets={("n", "x"): job_set})
    assert verdict(thing("TrainJob", {}, {}), around).state is State.READY
    assert verdict(thing("TrainJob", {}, condition("Failed", message="out of memory")), around).state is State.FAILED
    assert verdict(thing("TrainJob", {}, {}), Surroundings()).state is State.WAITING


@pytest.mark.parametrize(
    ("api", "kind", "watched"),
    [
        ("v1", "ConfigMap", False),
        ("v1", "Service", True),
        ("networking.k8s.io/v1", "NetworkPolicy", False),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", False),
        ("rbac.authorization.k8s.io/v1", "Role", False),
        ("karpenter.kwok.sh/v1alpha1", "KWOKNodeClass", True),
        ("cassandra.datastax.com/v1beta1", "CassandraDatacenter", True),
    ],
)
def test_only_kinds_that_can_be_unready_are_watched(api, kind, watched):
    assert has_rule(thing(kind, api=api)) is watched
