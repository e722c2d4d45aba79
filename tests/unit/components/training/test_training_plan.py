"""The plan of a training job: defaults, bounds, and every error by its path."""

from typing import Any

import pulumi
import pytest

from aidc.components.training import TrainingForm, TrainingJobArgs, plan_training_job
from aidc.components.training.rendezvous import endpoint, settings
from aidc.problems import InvalidInput, Problem

MINIMAL: dict[str, Any] = {
    "namespace": "research",
    "image": "registry.example/gpt2:1.0.0",
    "nodes": 4,
    "args": ["-m", "aidc.workloads.training"],
}


def arguments(**changes: Any) -> TrainingJobArgs:
    return {**MINIMAL, **changes}  # type: ignore[typeddict-item]


def problems_of(args: TrainingJobArgs, name: str = "gpt2") -> list[Problem]:
    with pytest.raises(InvalidInput) as caught:
        plan_training_job(args, name=name)
    return list(caught.value.problems)


def test_defaults() -> None:
    plan = plan_training_job(arguments(), name="gpt2")
    assert plan.form is TrainingForm.JOBSET
    assert (plan.nodes, plan.min_nodes, plan.processes_per_node) == (4, 4, 1)
    assert (plan.world_size, plan.total_gpus, plan.elastic) == (4, 0, False)
    assert plan.execution.command == ["torchrun"]
    assert plan.shared_memory == "512Mi"
    assert plan.service_account == "workload"
    lifetime = plan.lifetime
    assert (lifetime.max_restarts, plan.rendezvous_timeout, lifetime.termination_grace) == (3, 1800, 120)
    assert (lifetime.active_deadline, lifetime.ttl, lifetime.suspended, lifetime.queue_name) == (None, None, None, None)
    assert plan.placement.do_not_disrupt


def test_nodes_that_others_labelled_are_named_by_any_label() -> None:
    assert plan_training_job(arguments(node_pool="H100_a.1"), name="gpt2").placement.node_pool == "H100_a.1"


def test_a_process_for_each_accelerator() -> None:
    plan = plan_training_job(arguments(gpus_per_node=8), name="gpt2")
    assert (plan.processes_per_node, plan.world_size, plan.total_gpus) == (8, 32, 32)


def test_numbers_that_came_over_pulumis_wire_as_floats_become_whole() -> None:
    plan = plan_training_job(arguments(nodes=4.0, gpus_per_node=8.0, min_nodes=2.0, max_restarts=1.0), name="gpt2")
    for number in (plan.nodes, plan.min_nodes, plan.world_size, plan.total_gpus, plan.lifetime.max_restarts):
        assert type(number) is int
    assert settings(plan)["PET_NNODES"] == "2:4"
    assert settings(plan)["PET_MAX_RESTARTS"] == "1"


@pytest.mark.parametrize(
    ("memory", "expected"), [("256Gi", "128Gi"), ("1Gi", "512Mi"), ("3Gi", "1536Mi"), ("1M", "1Mi")]
)
def test_shared_memory_is_half_of_the_memory(memory: str, expected: str) -> None:
    assert plan_training_job(arguments(resources={"memory": memory}), name="gpt2").shared_memory == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("jobset", "gpt2-worker-0-0.gpt2.research.svc.cluster.local:29500"),
        ("trainjob", "gpt2-node-0-0.gpt2.research.svc.cluster.local:29500"),
        ("indexed-job", "gpt2-0.gpt2.research.svc.cluster.local:29500"),
    ],
)
def test_the_rendezvous_is_at_worker_0_under_its_full_name(form: str, expected: str) -> None:
    plan = plan_training_job(arguments(form=form), name="gpt2")
    assert endpoint(plan) == expected


def test_torchrun_is_told_everything() -> None:
    plan = plan_training_job(
        arguments(
            gpus_per_node=8,
            min_nodes=2,
            rendezvous_timeout_seconds=900,
            cluster_domain="ai.example",
            mounts=[{"claim": "c", "path": "/checkpoints"}],
            checkpoint_path="/checkpoints/gpt2",
        ),
        name="gpt2",
    )
    assert settings(plan) == {
        "PET_NNODES": "2:4",
        "PET_NPROC_PER_NODE": "8",
        "PET_RDZV_BACKEND": "c10d",
        "PET_RDZV_ENDPOINT": "gpt2-worker-0-0.gpt2.research.svc.ai.example:29500",
        "PET_RDZV_ID": "gpt2",
        "PET_RDZV_CONF": "join_timeout=900,read_timeout=900",
        "PET_MAX_RESTARTS": "3",
        "PET_SHUTDOWN_TIMEOUT": "115",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        "CHECKPOINT_PATH": "/checkpoints/gpt2",
    }


@pytest.mark.parametrize(("grace", "expected"), [(120, "115"), (600, "595"), (3, "1")])
def test_torchrun_lets_processes_save_for_as_long_as_the_pod_has(grace: int, expected: str) -> None:
    plan = plan_training_job(arguments(termination_grace_seconds=grace), name="gpt2")
    assert settings(plan)["PET_SHUTDOWN_TIMEOUT"] == expected


def test_trainers_own_variables_are_left_to_it() -> None:
    plan = plan_training_job(arguments(form="trainjob"), name="gpt2")
    assert not {"PET_NNODES", "PET_NPROC_PER_NODE", "PET_NODE_RANK", "PET_MASTER_ADDR"} & settings(plan).keys()


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"node": 4}, "node", "did you mean 'nodes'"),
        ({"gpuPerNode": 8}, "gpuPerNode", "did you mean 'gpusPerNode'"),
        ({"resources": {"mem": "1Gi"}}, "resources.mem", "unknown key"),
        ({"nodes": "four"}, "nodes", "not a whole number"),
        ({"nodes": 0}, "nodes", "give 1 node or more"),
        ({"nodes": -1}, "nodes", "give 1 node or more"),
        ({"nodes": 1_000_000}, "nodes", "give 5,000 or fewer"),
        ({"min_nodes": 0}, "minNodes", "give 1 node or more"),
        ({"min_nodes": 5}, "minNodes", "more than nodes, 4; give 4 or fewer"),
        ({"min_nodes": 2, "form": "trainjob"}, "minNodes", "form jobset or indexed-job"),
        ({"gpus_per_node": -1}, "gpusPerNode", "give 0 to train on CPUs"),
        ({"gpus_per_node": 9}, "gpusPerNode", "no node of the catalog has more than 8"),
        ({"gpus_per_node": 1_000_000}, "gpusPerNode", "1,000,000 of nvidia.com/gpu"),
        (
            {"gpus_per_node": 129, "resources": {"gpu_resource": "nvidia.com/mig-1g.10gb"}},
            "gpusPerNode",
            "use more nodes",
        ),
        ({"processes_per_node": 0}, "processesPerNode", "give 1 process or more"),
        ({"processes_per_node": 9, "gpus_per_node": 8}, "processesPerNode", "would share 8 accelerators"),
        ({"form": "jobsets"}, "form", "did you mean 'jobset'"),
        ({"image": "gpt2"}, "image", "no fixed version"),
        ({"args": []}, "args", "torchrun needs the program"),
        ({"resources": {"gpus": 8}}, "resources.gpus", "give gpusPerNode"),
        ({"resources": {"memory": "much"}}, "resources.memory", "not a quantity"),
        ({"shared_memory": "2Gi"}, "sharedMemory", "more than the memory limit '1Gi'"),
        ({"shared_memory": "two"}, "sharedMemory", "not a quantity"),
        ({"mounts": [{"claim": "c", "path": "data"}]}, "mounts[0].path", "relative"),
        ({"mounts": [{"claim": "c", "path": "/dev/shm"}]}, "mounts[0].path", "taken"),
        ({"mounts": [{"claim": "c", "path": "/tmp/"}]}, "mounts[0].path", "taken"),
        ({"checkpoint_path": "/checkpoints"}, "checkpointPath", "on no mount"),
        (
            {"checkpoint_path": "/data/../x", "mounts": [{"claim": "c", "path": "/data"}]},
            "checkpointPath",
            "on no mount",
        ),
        ({"resources": {"cpu": "0.0001"}}, "resources.cpu", "finer than a thousandth of a core"),
        (
            {"checkpoint_path": "/data/x", "mounts": [{"claim": "c", "path": "/data", "read_only": True}]},
            "checkpointPath",
            "read-only",
        ),
        ({"environment": {"PET_NNODES": "2"}}, "environment.PET_NNODES", "the job sets it"),
        ({"environment": {"CHECKPOINT_PATH": "/x"}}, "environment.CHECKPOINT_PATH", "give checkpointPath"),
        ({"environment": {"1A": "x"}}, "environment.1A", "not the name of a variable"),
        ({"max_restarts": -1}, "maxRestarts", "give 0 restarts or more"),
        ({"max_restarts": 1_000_000}, "maxRestarts", "give 1,000 restarts or less"),
        ({"rendezvous_timeout_seconds": 1}, "rendezvousTimeoutSeconds", "give 60 seconds or more"),
        ({"termination_grace_seconds": 0}, "terminationGraceSeconds", "give 1 second or more"),
        ({"active_deadline_seconds": 0}, "activeDeadlineSeconds", "give 60 seconds or more"),
        ({"ttl_seconds_after_finished": -1}, "ttlSecondsAfterFinished", "give 0 seconds or more"),
        ({"suspended": True, "queue_name": "q"}, "suspended", "Kueue starts and stops"),
        ({"topology_key": "a key"}, "topologyKey", "like topology.kubernetes.io/zone"),
        ({"cluster_domain": "my cluster"}, "clusterDomain", "not a DNS subdomain"),
        ({"exclusive_topology": True}, "exclusiveTopology", "give topologyKey"),
        (
            {"exclusive_topology": True, "topology_key": "rack", "form": "indexed-job"},
            "exclusiveTopology",
            "choose form jobset or trainjob",
        ),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], path: str, words: str) -> None:
    (problem,) = problems_of(arguments(**changes))
    assert problem.path == path
    assert words in problem.reason


def test_a_variable_is_given_once() -> None:
    both = arguments(environment={"TOKEN": "x"}, secret_environment={"TOKEN": {"secret": "hf", "key": "token"}})
    (problem,) = problems_of(both)
    assert problem.path == "secretEnvironment.TOKEN"


def test_the_deepest_mount_holds_the_checkpoints() -> None:
    mounts = [{"claim": "a", "path": "/data", "read_only": True}, {"claim": "b", "path": "/data/checkpoints"}]
    plan = plan_training_job(arguments(mounts=mounts, checkpoint_path="/data/checkpoints/gpt2"), name="gpt2")
    assert plan.checkpoint_path == "/data/checkpoints/gpt2"


def test_a_neighbouring_directory_is_no_mount() -> None:
    (problem,) = problems_of(arguments(mounts=[{"claim": "a", "path": "/check"}], checkpoint_path="/checkpoints"))
    assert "mounts: /check" in problem.reason


@pytest.mark.parametrize(
    ("form", "longest"),
    # 63 characters, less `-worker-0-3-abcde`, `-node-0-3-abcde` and `-3`.
    [("jobset", 46), ("trainjob", 48), ("indexed-job", 61)],
)
def test_names_leave_room_for_those_of_the_pods(form: str, longest: int) -> None:
    plan_training_job(arguments(form=form), name="a" * longest)
    (problem,) = problems_of(arguments(form=form), name="a" * (longest + 1))
    assert problem.path == "name"


@pytest.mark.parametrize("name", ["GPT2", "gpt_2", "2gpt", ""])
def test_names_are_host_names(name: str) -> None:
    (problem,) = problems_of(arguments(), name=name)
    assert problem.path == "name"


def test_all_problems_are_listed_at_once() -> None:
    found = problems_of(arguments(nodes=0, image="gpt2", max_restarts=-1, form="pod"))
    assert {problem.path for problem in found} == {"form", "nodes", "image", "maxRestarts"}


def test_what_other_resources_tell_later_is_accepted() -> None:
    later = pulumi.Output.from_input("later")
    plan = plan_training_job(
        arguments(
            namespace=later,
            image=later,
            node_pool=later,
            priority_class=later,
            queue_name=later,
            environment={"A": later},
            mounts=[{"claim": later, "path": "/data"}],
        ),
        name="gpt2",
    )
    assert plan.image is later


def test_a_command_of_ones_own_needs_no_arguments() -> None:
    plan = plan_training_job(arguments(command=["/train.sh"], args=[]), name="gpt2")
    assert plan.execution.command == ["/train.sh"]
