"""The environments on AWS, rehearsed: every pod is scheduled on simulated machines of the types that its pool names."""

import json
from pathlib import Path

import pytest

from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project
from aidc.planning.plan.summary import summarise

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["dev", "staging", "prod"])
def rehearsed(request, aidc):
    """An environment, what is planned, and what `aidc status` says once all of it runs."""
    name = f"rehearsal-{request.param}"
    up = aidc("up", request.param, "--name", name, "-C", ROOT, "--timeout", 240, seconds=290)
    assert up.returncode == 0, up.stdout + up.stderr
    shown = aidc("status", name, "--json")
    assert shown.returncode == 0, shown.stderr
    plan = summarise(joined(evaluate_layers(load_project(ROOT), request.param)))
    yield plan, json.loads(shown.stdout), up.stderr
    down = aidc("down", name)
    assert down.returncode == 0, down.stdout + down.stderr


def test_every_workload_runs_on_the_machines_of_its_pool(rehearsed):
    plan, status, told = rehearsed
    types = {each.pool.name: set(each.pool.instance_types) for each in plan.pools}
    nodes = {pod: node for node in status["nodes"] for pod in node["pods"]}
    assert {each.workload.name.removesuffix("-worker") for each in plan.workloads} == {
        each["name"] for each in status["workloads"]
    }
    for each in plan.workloads:
        workload = each.workload
        on = [node for pod, node in nodes.items() if pod.startswith(f"{workload.namespace}/{workload.name}")]
        assert len(on) >= workload.pods > 0
        if each.pool:
            assert {node["pool"] for node in on} == {each.pool}
            assert {node["instanceType"] for node in on} <= types[each.pool]
    assert all(each["ready"] == each["wanted"] for each in status["workloads"])
    assert all(claim["phase"] == "Bound" for claim in status["claims"])
    assert "left out EC2NodeClass" in told
