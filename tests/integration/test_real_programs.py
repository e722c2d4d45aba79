"""The library's own programs as real pods: trained by two, through a loss of each, served, scaled, and replaced."""

import json
from pathlib import Path

import httpx
import pytest
from steady_load import Load

from aidc.controlplane.cluster import Cluster
from aidc.controlplane.real_node.requirements import lacking

HERE = Path(__file__).parent
PROJECT = HERE / "real_programs"

pytestmark = [
    pytest.mark.skipif(bool(lacking()), reason=f"a real node {'; '.join(lacking())}"),
    pytest.mark.timeout(1500),
]


@pytest.fixture(scope="session")
def archives(image_archives):
    return image_archives("training", "inference")


@pytest.fixture
def name(state):
    """A cluster of the test's own, gone when it ends."""
    yield "programs"
    if (state / "clusters" / "programs").exists():
        Cluster("programs").stop()


def saved(claim):
    """The last step that is whole in a checkpoint; 0 where there is none."""
    return max((int(path.parent.name.split("-")[1]) for path in claim.glob("step-*/manifest.json")), default=0)


def delete(client, prefix):
    (pod,) = (
        pod
        for pod in client.list("v1", "Pod", "lab")
        if pod["metadata"]["name"].startswith(prefix) and "deletionTimestamp" not in pod["metadata"]
    )
    client.delete(client.kind("v1", "Pod"), pod["metadata"]["name"], "lab")


def completed(client):
    (job,) = client.list("jobset.x-k8s.io/v1alpha2", "JobSet", "lab")
    conditions = {each["type"]: each["status"] for each in job.get("status", {}).get("conditions", ())}
    assert conditions.get("Failed") != "True", job["status"]
    return conditions.get("Completed") == "True"


def test_the_programs_run_as_real_pods(aidc, archives, state, name, eventually):
    folder = state / "clusters" / name
    options = (
        "-C",
        PROJECT,
        "--name",
        name,
        "--real-node",
        *(part for each in archives for part in ("--images", each)),
        "--timeout",
        "300",
    )
    up = aidc("up", "training", *options, seconds=900)
    assert up.returncode == 0, up.stderr
    claim = folder / "node/root/mnt/checkpoints/gpt2"
    with Cluster(name).client() as client:
        # Each is lost once, after a checkpoint that was not there before; what remains is done from there.
        for prefix in ("gpt2-worker-0-1", "gpt2-worker-0-0"):
            before = saved(claim)
            eventually(lambda known=before: saved(claim) > known, seconds=300)
            delete(client, prefix)
        eventually(lambda: completed(client), seconds=600)
    assert saved(claim) == 120
    assert (claim / "output/model/model.safetensors").is_file()
    # Of 256 bytes with even chances, a guess costs 5.5.
    assert json.loads((claim / "output/result.json").read_text())["loss"] < 3.5

    up = aidc("up", "serving", *options, seconds=900)
    assert up.returncode == 0, up.stderr
    with Cluster(name).client() as client:
        (service,) = (
            each for each in client.list("v1", "Service", "lab") if each["spec"].get("type") == "LoadBalancer"
        )
        url = f"http://{service['status']['loadBalancer']['ingress'][0]['ip']}/v1/completions"
        body = {"model": "first", "prompt": "def ", "max_tokens": 8}
        answer = httpx.post(url, json=body, timeout=60, trust_env=False)
        assert answer.status_code == 200, answer.text
        assert answer.json()["choices"][0]["text"]

        def ready():
            (deployment,) = client.list("apps/v1", "Deployment", "lab")
            return int(deployment["status"].get("readyReplicas", 0))

        with Load(url, threads=4, json={**body, "max_tokens": 64}) as load:
            eventually(lambda: ready() > 1, seconds=180)
            # All pods are replaced while requests come.
            patch = {"spec": {"template": {"metadata": {"annotations": {"aidc.dev/again": "1"}}}}}
            client.merge(client.kind("apps/v1", "Deployment"), "chat", "lab", patch)
            eventually(lambda: replaced(client), seconds=300)
        assert load.failures == []
        assert load.answers
    assert aidc("down", name).returncode == 0


def replaced(client):
    pods = [pod for pod in client.list("v1", "Pod", "lab") if "pod-template-hash" in pod["metadata"].get("labels", {})]
    (deployment,) = client.list("apps/v1", "Deployment", "lab")
    now = deployment["status"]
    return (
        now.get("observedGeneration") == deployment["metadata"]["generation"]
        and now.get("updatedReplicas") == now.get("replicas") == now.get("readyReplicas")
        and all(pod["metadata"].get("annotations", {}).get("aidc.dev/again") == "1" for pod in pods)
    )
