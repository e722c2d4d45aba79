"""Alibaba's trace as problems, where it is there."""

import os
from pathlib import Path

import pytest

from aidc.planning.scheduling.cluster import Topology
from aidc.planning.scheduling.greedy import greedy
from aidc.planning.scheduling.schedule import score, violations
from aidc.planning.scheduling.trace import read_jobs, read_nodes, sample
from aidc.problems import InvalidInput

TRACES = Path(os.environ.get("AIDC_TRACES", Path(__file__).parents[5] / "shared" / "traces")) / "raw"
needs_trace = pytest.mark.skipif(not TRACES.is_dir(), reason="the traces are not here; AIDC_TRACES names their folder")


@needs_trace
def test_the_trace_is_what_was_published() -> None:
    nodes = read_nodes(TRACES)
    assert len(nodes) == 1523
    assert sum(node.gpus for node in nodes) == 6212
    assert sum(node.gpus > 0 for node in nodes) == 1213
    jobs = read_jobs(TRACES)
    assert len(jobs) == 8152
    assert sum(job.shape.gpu_demand for job in jobs) == 6_086_800
    assert all(not job.shape.gpu_models for job in jobs)
    picky = read_jobs(TRACES, "gpuspec33")
    assert sum(bool(job.shape.gpu_models) for job in picky) == 8152 - 5764
    assert len(read_jobs(TRACES, "multigpu50")) == 9061


@needs_trace
def test_samples_are_valid_and_repeatable() -> None:
    nodes, jobs = read_nodes(TRACES), read_jobs(TRACES, "gpuspec33")
    one = sample(nodes, jobs, node_count=8, load=1.1, seed=3)
    assert one == sample(nodes, jobs, node_count=8, load=1.1, seed=3)
    assert one != sample(nodes, jobs, node_count=8, load=1.1, seed=4)
    asked = sum(job.pods * job.shape.gpu_demand for job in one.jobs)
    assert 1.1 * one.gpu_milli <= asked < 1.1 * one.gpu_milli + 32_000
    assert any(job.pods > 1 for job in one.jobs)
    assert {job.topology for job in one.jobs} == {Topology.PREFERRED}
    found = greedy(one, "fragmentation-descent")
    assert violations(one, found) == []
    assert score(one, found).weight > one.gpu_milli / 2


def test_files_that_are_not_the_trace_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_nodes(tmp_path)
    (tmp_path / "openb_pod_list_default.csv").write_text("name,cpu_milli\n")
    with pytest.raises(InvalidInput, match="has no column memory_mib, num_gpu, gpu_milli"):
        read_jobs(tmp_path)
