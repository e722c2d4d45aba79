"""The predictive autoscaler on a real control plane: with KEDA and its HorizontalPodAutoscaler, and by itself."""

import contextlib
import signal
import time

import pytest
from autoscalers import (
    MAXIMUM,
    REPLICA_RATE,
    UTILISATION,
    Identity,
    Process,
    Samples,
    declared,
    free_port,
    never_below,
    reactive,
)
from recorded_load import RecordedLoad, recorded

from aidc.controlplane.failure import ApiError
from aidc.controlplane.objects import spec, status

SYNC = 5.0
"""Seconds between two looks of the HPA in a simulated cluster."""


def arguments(load, **more):
    return {
        "image": "registry.example/autoscaler:1.0.0",
        "target": {"name": "chat"},
        "min_replicas": 1,
        "max_replicas": MAXIMUM,
        "load": {"query": "load", "address": load.address},
        "capacity": {"replica_rate": REPLICA_RATE},
        "start_up_seconds": 5,
        "mode": "act",
        "settings": {"interval_seconds": 1, "utilisation": UTILISATION, "history_seconds": 600},
        **more,
    }


@pytest.fixture
def load():
    with RecordedLoad(*recorded(), hold=3) as load:
        yield load


@pytest.fixture
def restricted(client, namespace):
    """A namespace with Pod Security `restricted`."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    client.merge(client.kind("v1", "Namespace"), namespace, None, {"metadata": {"labels": labels}})
    return namespace


@pytest.fixture
def processes():
    started = []
    yield started
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.stop()


def replicas_of(client, namespace, name="chat"):
    return spec(client.get(client.kind("apps/v1", "Deployment"), name, namespace))["replicas"]


def test_kedas_autoscaler_takes_the_forecast_and_goes_on_without_it(
    deployed, restricted, manifests, client, cluster, load, processes, tmp_path, eventually
):
    steps = {"steps": [{"unit": "Pods", "amount": 100, "period_seconds": 15}]}
    down = {"stabilization_seconds": 5, **steps}
    objects = declared(restricted, arguments(load, scale_up=steps, scale_down=down))
    (scaled,) = (thing for thing in objects if thing["kind"] == "ScaledObject")
    triggers = {trigger["name"]: trigger for trigger in scaled["spec"]["triggers"]}
    assert triggers["load"]["metadata"]["threshold"] == f"{REPLICA_RATE * UTILISATION:g}"
    rest = [thing for thing in objects if thing is not scaled]
    deployed.apply(*manifests("forecast", restricted), *rest, ready=None)
    identity = Identity(client, cluster, restricted, tmp_path)
    port = free_port()
    first = Process(rest, identity, tmp_path, "first", **{"acting.host": "127.0.0.1", "acting.port": port}).start()
    processes.append(first)
    eventually(first.is_ready)
    # The operator of this cluster is a process of this machine: it does not resolve names of Services.
    triggers["forecast"]["metadata"]["url"] = f"http://127.0.0.1:{first.port}/replicas"
    scaled["spec"]["pollingInterval"] = 2
    external = manifests("external", restricted, PORT=port)
    deployed.apply(*manifests("forecast", restricted), *rest, scaled, *external, ready=None)

    def metrics_seen():
        found = client.list("autoscaling/v2", "HorizontalPodAutoscaler", restricted)
        return [
            metric for each in found for metric in status(each).get("currentMetrics") or () if metric.get("external")
        ]

    eventually(lambda: len(metrics_seen()) >= 2, 90)
    # By gRPC, as an external scaler, it says the same to the real KEDA.
    eventually(lambda: replicas_of(client, restricted, "other") >= reactive(min(load.before), 1), 60)
    eventually(lambda: replicas_of(client, restricted) >= reactive(min(load.before), 1))
    with cluster.client() as own, Samples(own, restricted) as samples:
        load.play()
        eventually(lambda: replicas_of(client, restricted) >= 4, 60)
        # In the middle of the way up the autoscaler dies, and KEDA's own goes on by the load.
        before = replicas_of(client, restricted)
        first.kill()
        eventually(lambda: replicas_of(client, restricted) > before, 90)
        first.start()
        eventually(first.is_ready)
        # Now the source goes too: nobody knows anything, and nobody takes a pod away.
        load.failing = True
        blind = replicas_of(client, restricted)
        eventually(lambda: first.metrics().get("blind_seconds", 0) > 2)
        time.sleep(3 * SYNC)
        assert replicas_of(client, restricted) >= blind
        load.failing = False
        eventually(lambda: first.metrics().get("blind_seconds") == 0)
        eventually(lambda: replicas_of(client, restricted) >= reactive(load.rates[-1], MAXIMUM), 90)
        assert first.metrics()['answers_total{outcome="given"}'] > 0
    assert first.metrics()["replicas_decided"] >= first.metrics()["replicas_reactive"]
    decided = [line for line in first.logged() if line["message"] == "decided"]
    assert any(line["cause"] == "forecast" for line in decided)
    assert any(line["cause"] == "blind" for line in decided)
    # While the source was gone, KEDA's fallback held: what was there, and no less.
    never_below(samples, load, 5 * SYNC)


def test_of_two_autoscalers_one_writes_and_the_other_takes_over(
    deployed, restricted, manifests, client, cluster, load, processes, tmp_path, eventually
):
    objects = declared(restricted, arguments(load, acting="scale"))
    deployed.apply(*manifests("forecast", restricted), *objects, ready=None)
    identity = Identity(client, cluster, restricted, tmp_path)
    changes = {"election.duration_seconds": 3, "election.renew_seconds": 0.5, "replicas.stabilization_seconds": 2}
    pair = [Process(objects, identity, tmp_path, name, **changes) for name in ("first", "second")]
    processes.extend(process.start() for process in pair)
    for process in pair:
        eventually(process.is_ready)

    def leaders(among=pair):
        return [process for process in among if process.metrics().get("leader") == 1]

    eventually(lambda: len(leaders()) == 1)
    eventually(lambda: replicas_of(client, restricted) >= reactive(min(load.before), 1))
    with cluster.client() as own, Samples(own, restricted) as samples:
        load.play()
        eventually(lambda: replicas_of(client, restricted) >= 4, 60)
        (leader,) = leaders()
        (other,) = (process for process in pair if process is not leader)
        before = replicas_of(client, restricted)
        leader.kill()
        eventually(lambda: leaders([other]), 30)
        eventually(lambda: replicas_of(client, restricted) > before, 30)
        leader.start()
        eventually(leader.is_ready)
        # One that was stopped, and goes on after its lease is gone, does not write.
        other.send(signal.SIGSTOP)
        eventually(lambda: leaders([leader]), 30)
        other.send(signal.SIGCONT)
        eventually(lambda: leaders() == [leader], 30)
        load.failing = True
        blind = replicas_of(client, restricted)
        eventually(lambda: leader.metrics().get("blind_seconds", 0) > 3)
        assert replicas_of(client, restricted) == blind
        load.failing = False
        eventually(lambda: replicas_of(client, restricted) >= reactive(load.rates[-1], MAXIMUM), 90)
    # A lease of 3 seconds, a renewal, a round of the loop and what two cores need for all of it.
    never_below(samples, load, 12)
    assert leader.metrics()["contested"] == other.metrics()["contested"] == 0
    # The lease is given up, not waited for.
    assert leader.stop() == 0
    eventually(lambda: leaders([other]), 10)
    assert other.stop() == 0


def test_it_may_do_what_the_role_says_and_nothing_else(
    deployed, restricted, manifests, client, cluster, load, tmp_path
):
    from aidc.workloads.autoscaler.cluster import ApiFailure, ClusterApi

    objects = declared(restricted, arguments(load, acting="scale"))
    (lease,) = (thing for thing in objects if thing["kind"] == "Lease")
    other = {**lease, "metadata": {**lease["metadata"], "name": "other"}}
    deployed.apply(*manifests("forecast", restricted), *objects, other, ready=None)
    identity = Identity(client, cluster, restricted, tmp_path)
    api = ClusterApi.of_settings(str(identity.kubeconfig))
    deployment = f"/apis/apps/v1/namespaces/{restricted}/deployments"
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{restricted}/leases"
    try:
        assert api.get(f"{deployment}/chat/scale")["kind"] == "Scale"
        api.merge(f"{deployment}/chat/scale", {"spec": {"replicas": 2}})
        api.merge(f"{leases}/chat-autoscaler", {"spec": {"leaseDurationSeconds": 3}})
        forbidden = (
            ("PATCH", f"{deployment}/chat", {"spec": {"replicas": 9}}),
            ("DELETE", f"{deployment}/chat", None),
            ("GET", deployment, None),
            ("GET", f"{deployment}/chat-autoscaler/scale", None),
            ("PATCH", f"{deployment}/chat-autoscaler/scale", {"spec": {"replicas": 0}}),
            ("GET", f"{leases}/other", None),
            ("PATCH", f"{leases}/other", {"spec": {"holderIdentity": "me"}}),
            ("GET", f"/api/v1/namespaces/{restricted}/secrets", None),
            ("GET", f"/api/v1/namespaces/{restricted}/pods", None),
            ("GET", "/api/v1/nodes", None),
            ("GET", f"/apis/autoscaling/v2/namespaces/{restricted}/horizontalpodautoscalers", None),
            ("GET", "/apis/apps/v1/namespaces/default/deployments/chat/scale", None),
        )
        for method, path, body in forbidden:
            with pytest.raises(ApiFailure) as refused:
                api.request(method, path, body, content_type="application/merge-patch+json")
            assert refused.value.status == 403, (method, path, refused.value)
    finally:
        api.close()


def test_a_target_that_is_deleted_is_waited_for(
    deployed, restricted, manifests, client, cluster, load, processes, tmp_path, eventually
):
    objects = declared(restricted, arguments(load, acting="scale"))
    deployed.apply(*manifests("forecast", restricted), *objects, ready=None)
    identity = Identity(client, cluster, restricted, tmp_path)
    process = Process(objects, identity, tmp_path, "one").start()
    processes.append(process)
    eventually(lambda: process.metrics().get("target_found") == 1)
    client.delete(client.kind("apps/v1", "Deployment"), "chat", restricted)
    eventually(lambda: process.metrics().get("target_found") == 0)
    assert process.is_ready()
    with pytest.raises(ApiError):
        client.request("GET", client.kind("apps/v1", "Deployment").path(restricted, "chat"))
    deployed.apply(*manifests("forecast", restricted), *objects, ready=None)
    eventually(lambda: replicas_of(client, restricted) >= reactive(min(load.before), 1))
    eventually(lambda: process.metrics().get("target_found") == 1)
