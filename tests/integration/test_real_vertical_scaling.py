"""Pods on a real node that get more cores while they run: no restart, no lost request."""

from pathlib import Path

import pytest
import yaml
from steady_load import Load

from aidc.components.autoscaling import VerticalScaling
from aidc.controlplane.cluster import Cluster
from aidc.controlplane.real_node.layout import Layout
from aidc.controlplane.real_node.requirements import lacking
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of
from aidc.evaluation.quantities import quantity

pytestmark = [
    pytest.mark.skipif(bool(lacking()), reason=f"a real node {'; '.join(lacking())}"),
    pytest.mark.timeout(400),
]
ARGUMENTS = {
    "namespace": "real",
    "target": {"name": "web"},
    "sizing": {"server": {"resources": ["cpu"], "minimum_cpu": "20m", "maximum_cpu": "400m"}},
}


def containers(client):
    """What is asked for, what the kubelet has given, and the identity of each pod's one container."""
    found = []
    for pod in client.list("v1", "Pod", "real"):
        (status,) = pod["status"].get("containerStatuses", [{}])
        found.append(
            {
                "pod": pod["metadata"]["uid"],
                "container": status.get("containerID", "").partition("://")[2],
                "restarts": status.get("restartCount", 0),
                "asked": cores(pod["spec"]["containers"][0]),
                "given": cores(status),
            }
        )
    return found


def cores(holder):
    return float(quantity(holder.get("resources", {}).get("requests", {}).get("cpu", "0")))


def weight(layout, container):
    """The share of the processor's time that the kernel gives a container, by its control group."""
    (file,) = [
        file
        for name in ("cpu.shares", "cpu.weight")
        for file in Path("/sys/fs/cgroup").glob(f"**/{layout.cgroup}/**/{container}/{name}")
    ]
    return int(file.read_text())


def test_running_containers_get_more_cores_without_a_restart(aidc, web_image, web, state, name, eventually):
    policy = manifests_of(evaluate(lambda: VerticalScaling("web", ARGUMENTS)))
    (web / "sizing.yaml").write_text(yaml.safe_dump_all(policy))
    up = aidc("up", "x", "--name", name, "--manifests", web, "--real-node", "--images", web_image, seconds=300)
    assert up.returncode == 0, up.stderr
    layout = Layout(state / "clusters" / name, 0)
    with Cluster(name).client() as client:
        (service,) = client.list("v1", "Service", "real")
        url = f"http://{service['status']['loadBalancer']['ingress'][0]['ip']}/"
        before = containers(client)
        assert [each["asked"] for each in before] == [0.02, 0.02]
        shares = {each["container"]: weight(layout, each["container"]) for each in before}

        def grown():
            found = containers(client)
            return all(each["asked"] == each["given"] >= 0.2 for each in found) and found

        with Load(f"{url}?busy=60", threads=3, pause=0.01) as load:
            after = eventually(grown, 180, every=1)
        for key in ("pod", "container", "restarts"):
            assert [each[key] for each in after] == [each[key] for each in before], "none is made anew"
        assert all(weight(layout, container) > 3 * share for container, share in shares.items())
        assert load.failures == []
        assert {answer.split()[0] for answer in load.answers} == {"one"}
    assert aidc("down", name).returncode == 0
