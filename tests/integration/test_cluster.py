"""What every cluster has: strict admission, volumes, addresses, pods that run as long as they are told to."""

import time

import pytest

from aidc.controlplane.failure import ApiError, NotReady
from aidc.controlplane.nodes import SimulatedNode, reconcile_nodes, system_nodes
from aidc.controlplane.objects import is_true, name, spec, status


def test_workload_volumes_and_addresses(deployed, namespace, manifests, client):
    first = deployed.apply(*manifests("basics", namespace), ready=60)
    assert len(first.created) == 11
    pods = client.list("v1", "Pod", namespace)
    assert [status(pod)["phase"] for pod in pods] == ["Running"] * 3
    assert len({status(pod)["podIP"] for pod in pods}) == 3
    phases = {name(claim): status(claim)["phase"] for claim in client.list("v1", "PersistentVolumeClaim", namespace)}
    assert phases == {"shared": "Bound", "used": "Bound", "unused": "Pending"}
    balancers = [thing for thing in client.list("v1", "Service", namespace) if spec(thing)["type"] == "LoadBalancer"]
    addresses = {status(thing)["loadBalancer"]["ingress"][0]["ip"] for thing in balancers}
    assert len(addresses) == 2
    assert all(address.startswith("198.18.") for address in addresses)


def test_applying_again_changes_nothing(deployed, namespace, manifests, client):
    objects = manifests("basics", namespace)
    deployed.apply(*objects)

    def versions():
        seen = {}
        for thing in objects:
            place = thing["metadata"].get("namespace")
            found = client.get(client.kind_of(thing), name(thing), place)
            seen[thing["kind"], name(thing)] = found["metadata"]["resourceVersion"]
        return seen

    before = versions()
    outcome = deployed.apply(*objects)
    assert outcome.same
    assert len(outcome.unchanged) == len(objects)
    assert versions() == before


def test_what_is_not_declared_any_more_goes_but_data_stays(deployed, namespace, manifests, client):
    objects = manifests("basics", namespace)
    deployed.apply(*objects)
    kept = [thing for thing in objects if thing["kind"] in ("ServiceAccount", "StorageClass")]
    outcome = deployed.apply(*kept)
    assert outcome.removed == [
        f"PodDisruptionBudget {namespace}/web",
        f"Service {namespace}/web-again",
        f"Service {namespace}/web",
        f"Deployment {namespace}/web",
        f"NetworkPolicy {namespace}/default-deny",
    ]
    claims = [f"PersistentVolumeClaim {namespace}/{claim}" for claim in ("unused", "used", "shared")]
    assert outcome.kept == claims
    assert len(client.list("v1", "PersistentVolumeClaim", namespace)) == 3
    assert deployed.apply(*kept).kept == claims, "remembered for as long as they are there"
    assert deployed.apply(*kept, prune_stateful=True).removed == claims


def test_every_refusal_is_collected_and_nothing_is_pruned_then(deployed, namespace, manifests):
    objects = manifests("basics", namespace)
    deployed.apply(*objects)
    policy, deployment = objects[1], objects[7]
    policy["spec"]["polcyTypes"] = []
    deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "lots"
    unknown = {"apiVersion": "example.com/v1", "kind": "Robot", "metadata": {"name": "r", "namespace": namespace}}
    outcome = deployed.apply(policy, deployment, unknown, ready=None, patience=1)
    assert outcome.removed == []
    reasons = {refusal.object: refusal.reason for refusal in outcome.refused}
    assert "polcyTypes: field not declared in schema" in reasons[f"NetworkPolicy {namespace}/default-deny"]
    assert "quantities" in reasons[f"Deployment {namespace}/web"]
    assert "no kind Robot" in reasons[f"Robot {namespace}/r"]


def test_a_namespace_may_come_later_in_the_list_but_must_come(deployed, client):
    def config_map(namespace):
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": namespace}}

    later = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "comes-later"}}
    begun = time.monotonic()
    outcome = deployed.apply(config_map("comes-later"), config_map("never-comes"), later, ready=None, patience=30)
    assert time.monotonic() - begun < 10
    assert [refusal.object for refusal in outcome.refused] == ["ConfigMap never-comes/x"]
    assert 'namespaces "never-comes" not found' in outcome.refused[0].reason
    assert outcome.created == ["Namespace comes-later", "ConfigMap comes-later/x"]


def test_a_field_of_someone_else_is_taken_over_on_demand_only(deployed, namespace, client):
    thing = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": namespace},
        "data": {"colour": "blue"},
    }
    deployed.apply(thing)
    kind = client.kind("v1", "ConfigMap")
    client.request(
        "PATCH",
        kind.path(namespace, "settings"),
        body={**thing, "data": {"colour": "red"}},
        content_type="application/apply-patch+yaml",
        parameters={"fieldManager": "somebody", "force": "true"},
    )
    refused = deployed.apply(thing, ready=None).refused
    assert 'conflict with "somebody"' in refused[0].reason
    assert "--force-conflicts" in refused[0].reason
    assert deployed.apply(thing, force_conflicts=True).changed == [f"ConfigMap {namespace}/settings"]
    assert client.get(kind, "settings", namespace)["data"] == {"colour": "blue"}


def job(namespace, **annotations):
    container = {"name": "main", "image": "example.com/x:1", "resources": {"requests": {"cpu": "10m"}}}
    template = {"metadata": {"annotations": annotations}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job", "namespace": namespace},
        "spec": {"parallelism": 2, "completions": 2, "template": template},
    }


def test_jobs_run_until_they_are_told_to_end(deployed, namespace, client, eventually):
    deployed.apply(job(namespace))
    assert [status(pod)["phase"] for pod in client.list("v1", "Pod", namespace)] == ["Running", "Running"]


def test_a_job_ends_when_its_annotation_says(deployed, namespace, client, eventually):
    deployed.apply(job(namespace, **{"aidc.dev/runs-for": "2s"}))
    done = eventually(lambda: status(client.list("batch/v1", "Job", namespace)[0]).get("succeeded") == 2, 20)
    assert done


def test_a_lost_pod_of_a_job_fails_before_it_goes_and_is_replaced(deployed, namespace, client, eventually):
    wanted = job(namespace)
    # As JobSet's Jobs have it: another pod comes only when this one has failed, not already when it is to go.
    wanted["spec"]["podReplacementPolicy"] = "Failed"
    deployed.apply(wanted)
    lost, kept = sorted(name(pod) for pod in client.list("v1", "Pod", namespace))
    client.delete(client.kind("v1", "Pod"), lost, namespace)

    def replaced():
        pods = client.list("v1", "Pod", namespace)
        return (
            len(pods) == 2
            and lost not in {name(pod) for pod in pods}
            and all(status(pod)["phase"] == "Running" for pod in pods)
        )

    assert eventually(replaced, 20)
    assert kept in {name(pod) for pod in client.list("v1", "Pod", namespace)}
    assert status(client.list("batch/v1", "Job", namespace)[0])["failed"] == 1


def test_what_cannot_be_scheduled_is_explained(deployed, namespace, manifests):
    deployment = manifests("basics", namespace)[7]
    pod = deployment["spec"]["template"]["spec"]
    pod.pop("volumes"), pod.pop("serviceAccountName"), pod["containers"][0].pop("volumeMounts")
    pod["nodeSelector"] = {"aidc.dev/pool": "none-such"}
    with pytest.raises(NotReady) as late:
        deployed.apply(deployment, ready=4)
    text = str(late.value)
    assert f"Deployment {namespace}/web: 0 of 3 replicas available" in text
    assert "3 pods pending; the scheduler says: 0/" in text
    assert "didn't match Pod's node affinity/selector" in text


def test_pods_that_admission_refuses_are_explained(deployed, namespace, manifests, client):
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none", "namespace": namespace},
        "spec": {"hard": {"pods": "0"}},
    }
    deployment = manifests("basics", namespace)[7]
    pod = deployment["spec"]["template"]["spec"]
    pod.pop("volumes"), pod.pop("serviceAccountName"), pod["containers"][0].pop("volumeMounts")
    with pytest.raises(NotReady, match="exceeded quota: none"):
        deployed.apply(quota, deployment, ready=4)


def test_pod_security_is_enforced(client, namespace):
    kind = client.kind("v1", "Namespace")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    client.merge(kind, namespace, None, {"metadata": {"labels": labels}})
    container = {"name": "main", "image": "example.com/x:1", "securityContext": {"privileged": True}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x", "namespace": namespace},
        "spec": {"containers": [container]},
    }
    with pytest.raises(ApiError, match="violates PodSecurity"):
        client.create(pod)


def test_machines_come_change_and_go(client, eventually):
    system = system_nodes("us-east-1")

    def machine(**changes):
        given = {"name": "own-0", "instance_type": "h100-x8", "zone": "rack-1", "resources": {"nvidia.com/gpu": "8"}}
        return SimulatedNode(**{**given, **changes})

    def seen():
        return next((node for node in client.list("v1", "Node") if name(node) == "own-0"), {})

    reconcile_nodes(client, [*system, machine()])
    assert eventually(lambda: seen() and is_true(seen(), "Ready"), 20)
    first = seen()["metadata"]["uid"]
    reconcile_nodes(client, [*system, machine()])
    assert seen()["metadata"]["uid"] == first
    taint = {"key": "nvidia.com/gpu", "effect": "NoSchedule"}
    reconcile_nodes(client, [*system, machine(taints=[taint], resources={"nvidia.com/gpu": "4"})])
    assert eventually(lambda: seen() and seen()["metadata"]["uid"] != first, 20)
    assert status(seen())["allocatable"]["nvidia.com/gpu"] == "4"
    assert taint in spec(seen())["taints"]
    reconcile_nodes(client, system)
    assert eventually(lambda: not seen(), 20)
    assert {node["metadata"]["name"] for node in system_of(client)} >= {"system-us-east-1a", "system-us-east-1b"}


def system_of(client):
    return client.list("v1", "Node", labels="aidc.dev/pool=system")


def test_gateway_api_is_there(client):
    assert client.serves("gateway.networking.k8s.io/v1", "HTTPRoute")
    assert client.serves("gateway.networking.k8s.io/v1", "Gateway")
