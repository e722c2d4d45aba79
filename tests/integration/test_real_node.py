"""A real node: pods that run on this machine, their network, volumes, logs and metrics, and no trace afterwards."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from in_pods import run_in
from steady_load import Load

from aidc.controlplane.cluster import Cluster
from aidc.controlplane.failure import ControlPlaneFailure
from aidc.controlplane.processes import ProcessTable
from aidc.controlplane.real_node.layout import Layout
from aidc.controlplane.real_node.network import connect
from aidc.controlplane.real_node.requirements import lacking

TUNABLES = [Path("/proc/sys") / name for name in ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")]

pytestmark = pytest.mark.skipif(bool(lacking()), reason=f"a real node {'; '.join(lacking())}")


def status(aidc, name):
    return json.loads(aidc("status", name, "--json").stdout)


def pods(client):
    """The pods of the web server that are not on their way out."""
    return [pod for pod in client.list("v1", "Pod", "real") if "deletionTimestamp" not in pod["metadata"]]


def address(client):
    (service,) = client.list("v1", "Service", "real")
    return f"http://{service['status']['loadBalancer']['ingress'][0]['ip']}/"


def traces(state, name):
    """Whatever is there of a cluster's real node outside its folder."""
    layout = Layout(state / "clusters" / name, 0)
    links = json.loads(subprocess.run(["ip", "-json", "link"], capture_output=True, check=True).stdout)
    return {
        "processes": [process.cmdline() for process in ProcessTable(layout.folder).marked()],
        "links": [link["ifname"] for link in links if link["ifname"] == layout.link],
        "control groups": list(Path("/sys/fs/cgroup").glob(f"**/{layout.cgroup}")),
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if str(layout.folder) in line],
        "files": list((state / "clusters").glob(f"*{name}*")),
    }


@pytest.mark.timeout(400)
def test_pods_really_run(aidc, web_image, web, state, name, eventually):
    before = [path.read_text() for path in TUNABLES]
    arguments = ("up", "x", "--name", name, "--manifests", web, "--real-node", "--images", web_image)
    up = aidc(*arguments)
    assert up.returncode == 0, up.stderr
    # A state folder that knows nothing of this one: its node would take the same addresses.
    with pytest.raises(ControlPlaneFailure, match=r"10\.99\.0\.0/24 leads to aidc\w+ already"):
        connect(Layout(state / "elsewhere", 0), os.getpid(), print)
    cluster = Cluster(name)
    with cluster.client() as client:
        first = pods(client)
        assert {pod["spec"]["nodeName"] for pod in first} == {"real"}
        url = address(client)
        answers = {httpx.get(url, trust_env=False).text for _ in range(30)}
        assert answers == {f"one {pod['metadata']['name']}" for pod in first}

        one = first[0]
        log = client.request("GET", f"/api/v1/namespaces/real/pods/{one['metadata']['name']}/log")
        assert log == "listening\n"
        assert run_in(cluster.kubeconfig, one, "/server", "hello") == "hello one\n"

        # Both have written to the claim, as the user that they run as.
        files = {path.name: path.stat().st_uid for path in (state / f"clusters/{name}/node/root/mnt/shared").iterdir()}
        assert files == {pod["metadata"]["name"]: 65532 for pod in first}

        again = aidc(*arguments)
        assert again.returncode == 0, again.stderr
        assert "nothing to change" in again.stderr
        assert "starting" not in again.stderr
        assert [pod["metadata"]["uid"] for pod in pods(client)] == [pod["metadata"]["uid"] for pod in first]

        # Another version takes over while requests come: none is lost.
        with Load(url) as load:
            (web / "real.yaml").write_text((web / "real.yaml").read_text().replace('value: "one"', 'value: "two"'))
            updated = aidc(*arguments)
            assert updated.returncode == 0, updated.stderr
            eventually(lambda: len(client.list("v1", "Pod", "real")) == 2)
        assert load.failures == []
        assert load.answers[0].startswith("one ")
        assert load.answers[-1].startswith("two ")

        # Real use of CPU, as the kubelet measures it, makes it larger; it is not what the simulation would say.
        client.apply(autoscaler())
        with Load(f"{url}?busy=40", threads=4, pause=0.01):
            eventually(lambda: len(pods(client)) > 2, seconds=90)
        (seen,) = client.list("autoscaling/v2", "HorizontalPodAutoscaler", "real")
        assert seen["status"]["currentMetrics"][0]["resource"]["current"]["averageUtilization"] > 50

    # All of it is killed at once, and comes back.
    for process in list(ProcessTable(state / "clusters" / name).marked()):
        process.kill()
    healed = aidc(*arguments, "--force-conflicts")
    assert healed.returncode == 0, healed.stderr
    assert httpx.get(url, trust_env=False).text.startswith("two ")

    # And once more, and it goes without a trace.
    for process in list(ProcessTable(state / "clusters" / name).marked()):
        process.kill()
    down = aidc("down", name)
    assert down.returncode == 0, down.stderr
    assert not any(traces(state, name).values()), traces(state, name)
    assert [path.read_text() for path in TUNABLES] == before


def autoscaler():
    target = {"type": "Utilization", "averageUtilization": 50}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "real"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2,
            "maxReplicas": 4,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }


@pytest.mark.timeout(300)
def test_up_with_a_real_node_may_be_interrupted(command, aidc, web_image, web, state, name):
    seed = int(os.environ.get("AIDC_TEST_SEED") or random.randrange(10**6))
    print(f"AIDC_TEST_SEED={seed}")
    moments = random.Random(seed)
    arguments = ("up", "x", "--name", name, "--manifests", web, "--real-node", "--images", web_image)
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGINT):
        process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(moments.uniform(2, 9))
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors
    last = aidc(*arguments)
    assert last.returncode == 0, last.stderr
    seen = status(aidc, name)
    assert all(seen["programs"].values())
    programs = [process.environ()["AIDC_PROGRAM"] for process in ProcessTable(state / "clusters" / name).marked()]
    # One of each, and a shim for each pod.
    assert sorted(programs) == sorted([*seen["programs"], *["containerd"] * 2])
    assert aidc("down", name).returncode == 0
    assert not any(traces(state, name).values()), traces(state, name)


def test_images_without_a_real_node_are_refused(aidc, web, tmp_path):
    refused = aidc("up", "x", "--name", "none", "--manifests", web, "--images", tmp_path / "none.tar")
    assert refused.returncode == 2
    assert "only a real node runs images" in refused.stderr
    refused = aidc("up", "x", "--name", "none", "--manifests", web, "--real-node", "--images", tmp_path / "none.tar")
    assert refused.returncode == 2
    assert "does not exist" in refused.stderr
