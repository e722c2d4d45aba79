"""The predictive autoscaler as a real pod of its real image, as PredictiveScaling deploys it on a real node."""

import json
from pathlib import Path

import pytest
from autoscalers import MAXIMUM, Samples, metrics_at, never_below, reactive
from in_pods import run_in
from recorded_load import RecordedLoad

from aidc.controlplane.cluster import Cluster
from aidc.controlplane.real_node.layout import Layout
from aidc.controlplane.real_node.requirements import lacking
from aidc.controlplane.state import State

PROJECT = Path(__file__).parent / "real_autoscaler"
VALLEY, HILL, HOLD = [2.0, 3.0, 4.0, 3.0], [4.0 * pods for pods in range(1, 12)], 5.0
"""Requests a second, and how many seconds each lasts: what one pod serves, then so much that each wants one more."""

TAKES_OVER = 12.0
"""Seconds in which a new pod starts, learns the past and takes the Lease, beside other work on two cores."""

LOOK_AROUND = """
import importlib.util, json, os
from aidc.workloads.autoscaler.cluster import ApiFailure, ClusterApi

def outcome(action):
    try:
        return action() or "done"
    except (ApiFailure, OSError) as refused:
        return getattr(refused, "status", None) or refused.errno

api, lab, apps = ClusterApi.of_settings(None), "namespaces/lab", "/apis/apps/v1/namespaces/lab/deployments"
forbidden = [f"/api/v1/{lab}/secrets", f"/api/v1/{lab}/pods", apps, f"{apps}/chat-autoscaler/scale", "/api/v1/nodes"]
print(json.dumps({
    "user": os.getuid(),
    "scale": outcome(lambda: api.get(f"{apps}/chat/scale")["kind"]),
    "forbidden": [outcome(lambda: api.get(path)["kind"]) for path in forbidden],
    "deployment": outcome(lambda: api.merge(f"{apps}/chat", {"spec": {"replicas": 9}})["kind"]),
    "root": outcome(lambda: open("/opt/new", "w").close()),
    "scratch": outcome(lambda: open("/tmp/new", "w").close()),
    "heavy": [name for name in ("torch", "ray", "pandas", "scipy", "pulumi") if importlib.util.find_spec(name)],
}))
"""

pytestmark = [
    pytest.mark.skipif(bool(lacking()), reason=f"a real node {'; '.join(lacking())}"),
    pytest.mark.timeout(400),
]


def replicas(client):
    path = client.kind("apps/v1", "Deployment").path("lab", "chat")
    return client.request("GET", f"{path}/scale")["spec"]["replicas"]


def holder(client):
    lease = client.get(client.kind("coordination.k8s.io/v1", "Lease"), "chat-autoscaler", "lab")
    return lease["spec"].get("holderIdentity", "")


def autoscaler(client):
    """The one pod of the autoscaler that is not on its way out, once it is ready."""
    found = [
        pod
        for pod in client.list("v1", "Pod", "lab")
        if pod["metadata"]["name"].startswith("chat-autoscaler-") and "deletionTimestamp" not in pod["metadata"]
    ]
    if len(found) != 1:
        return None
    conditions = {each["type"]: each["status"] for each in found[0]["status"].get("conditions", ())}
    return found[0] if conditions.get("Ready") == "True" else None


def leads(client, pod):
    """Whether this pod holds the Lease, and knows it."""
    seen = metrics_at(f"http://{pod['status']['podIP']}:9402")
    return holder(client).startswith(pod["metadata"]["name"]) and seen.get("leader") == 1


def test_the_autoscaler_scales_as_a_real_pod(aidc, image_archives, state, name, eventually, monkeypatch):
    (archive,) = image_archives("autoscaler")
    options = ("-C", PROJECT, "--name", name, "--real-node", "--images", archive, "--timeout", "120")
    up = aidc("up", "service", *options, seconds=300)
    assert up.returncode == 0, up.stderr
    cluster = Cluster(name)
    # What the pod reads its load from is a server of this machine, at the end of the node's cable.
    machine = Layout(state / "clusters" / name, State(name).read().node_network).host
    with (
        RecordedLoad(VALLEY, HILL, HOLD, machine) as load,
        cluster.client() as client,
        cluster.client() as own,
    ):
        monkeypatch.setenv("LOAD_ADDRESS", load.address)
        up = aidc("up", "scaled", *options, seconds=300)
        assert up.returncode == 0, up.stderr

        first = eventually(lambda: autoscaler(client))
        assert first["spec"]["nodeName"] == "real"
        tenant = client.get(client.kind("v1", "Namespace"), "lab")
        assert tenant["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        (container,) = first["spec"]["containers"]
        assert container["image"] == "localhost/aidc-autoscaler:local"
        assert json.loads(run_in(cluster.kubeconfig, first, "python", "-c", LOOK_AROUND)) == {
            "user": 65532,
            "scale": "Scale",
            "forbidden": [403] * 5,
            "deployment": 403,
            "root": 30,
            "scratch": "done",
            "heavy": [],
        }

        eventually(lambda: leads(client, first))
        eventually(lambda: replicas(client) >= reactive(min(load.before), 1))
        with Samples(own, "lab") as samples:
            load.play()
            eventually(lambda: replicas(client) >= 4)
            client.delete(client.kind("v1", "Pod"), first["metadata"]["name"], "lab")
            second = eventually(lambda: autoscaler(client), 90)
            assert second["metadata"]["uid"] != first["metadata"]["uid"]
            eventually(lambda: leads(client, second), 30)
            taken_over = replicas(client)
            assert taken_over < reactive(load.rates[-1], MAXIMUM)
            eventually(lambda: replicas(client) >= reactive(load.rates[-1], MAXIMUM), 90)
        never_below(samples, load, TAKES_OVER)
        seen = metrics_at(f"http://{second['status']['podIP']}:9402")
        assert seen["replicas_decided"] >= seen["replicas_reactive"]
        assert (seen["blind_seconds"], seen["contested"]) == (0, 0)
        assert seen['writes_total{outcome="done"}'] > 0
        # Who declares the service again leaves the number to its owner.
        now = replicas(client)
        again = aidc("up", "scaled", *options, seconds=300)
        assert again.returncode == 0, again.stderr
        assert "nothing to change" in again.stderr
        assert replicas(client) >= now
    assert aidc("down", name).returncode == 0
