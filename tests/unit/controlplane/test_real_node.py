"""The parts of a real node that need no root: names, addresses, placement, images, what a machine lacks."""

import io
import json
import os
import platform
import tarfile
from pathlib import Path

import pytest

from aidc.controlplane.failure import ControlPlaneFailure
from aidc.controlplane.nodes import SimulatedNode
from aidc.controlplane.real_node import images, layout, requirements
from aidc.controlplane.real_node.admission import placement
from aidc.controlplane.real_node.layout import Layout, choose_number
from aidc.controlplane.real_node.node import stands_for, without_stand_ins
from aidc.controlplane.real_node.volumes import host_paths
from aidc.controlplane.state import Record, State, node_networks
from aidc.infra.labels import NODE_POOL_LABEL
from aidc.problems import InvalidInput
from aidc.tools import packages


def test_each_cluster_has_addresses_and_names_of_its_own(tmp_path: Path) -> None:
    first, second = Layout(tmp_path / "a", 3), Layout(tmp_path / "b", 4)
    assert (first.host, first.address, first.pods) == ("10.98.3.1", "10.98.3.2", "10.99.3.0/24")
    assert (second.host, second.address, second.pods) == ("10.98.4.1", "10.98.4.2", "10.99.4.0/24")
    assert first.link != second.link
    assert first.cgroup != second.cgroup
    # The kernel's bound for the name of an interface.
    assert len(first.link) <= 15


def test_networks_of_others_are_left_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout.psutil, "net_if_addrs", dict)
    assert choose_number({0, 1, 3}) == 2
    with pytest.raises(ControlPlaneFailure, match="256 networks"):
        choose_number(range(256))


def test_the_network_survives_between_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIDC_STATE", str(tmp_path))
    for name, number in (("with", 7), ("without", None)):
        state = State(name)
        state.create()
        state.write(Record(node_network=number))
        assert state.read().node_network == number
    assert node_networks(tmp_path / "clusters") == {7}


def test_a_record_of_before_there_were_real_nodes_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIDC_STATE", str(tmp_path))
    state = State("old")
    state.create()
    (state.folder / "cluster.json").write_text('{"ports": {"etcd": 1}, "controllers": ["keda"], "environment": "e"}')
    assert state.read() == Record({"etcd": 1}, ["keda"], "e", None)


def test_pods_that_select_the_pool_are_meant_by_its_label() -> None:
    policy, binding = placement()
    (condition,) = policy["spec"]["matchConditions"]
    assert f'object.spec.nodeSelector["{NODE_POOL_LABEL}"] == "real"' in condition["expression"]
    assert binding["spec"]["policyName"] == policy["metadata"]["name"]


def test_the_pool_that_it_is_has_no_simulated_nodes() -> None:
    pools = [{"kind": "NodePool", "metadata": {"name": name}} for name in ("real", "other")]
    service = {"kind": "Service", "metadata": {"name": "real"}}
    assert without_stand_ins([*pools, service]) == [pools[1], service]
    nodes = [
        SimulatedNode(name=pool, instance_type="x", zone="z", resources={}, labels={NODE_POOL_LABEL: pool})
        for pool in ("real", "other")
    ]
    assert [node.name for node in nodes if stands_for(node)] == ["real"]


def test_directories_of_volumes_are_named_once() -> None:
    def volume(**source: object) -> dict[str, object]:
        return {"kind": "PersistentVolume", "spec": {"capacity": {}, **source}}

    data = volume(hostPath={"path": "/mnt/data"})
    pod = {"kind": "Pod", "spec": {"hostPath": {"path": "/no"}}}
    assert host_paths([data, volume(nfs={"path": "/no"}), pod, data, volume(hostPath={"path": "/a"})]) == [
        "/a",
        "/mnt/data",
    ]


def test_an_image_of_one_program_is_the_same_each_time(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"\x7fELF")
    content = images.single_program(program, "aidc.dev/pause:1")
    assert content == images.single_program(program, "aidc.dev/pause:1")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:

        def read(name: str) -> bytes:
            member = archive.extractfile(name)
            assert member is not None
            return member.read()

        (named,) = json.loads(read("index.json"))["manifests"]
        assert named["annotations"]["io.containerd.image.name"] == "aidc.dev/pause:1"
        manifest = json.loads(read(f"blobs/sha256/{named['digest'].removeprefix('sha256:')}"))
        (layer,) = manifest["layers"]
        with tarfile.open(fileobj=io.BytesIO(read(f"blobs/sha256/{layer['digest'].removeprefix('sha256:')}"))) as inner:
            assert [(entry.name, entry.mode) for entry in inner] == [("pause", 0o755)]


def test_archives_are_found_and_all_that_are_not_are_named(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    for name in ("b.tar", "a.tar", "readme.md"):
        (tmp_path / "two" / name).touch()
    single = tmp_path / "image.oci"
    single.touch()
    assert [path.name for path in images.find_archives([single, tmp_path / "two"])] == ["image.oci", "a.tar", "b.tar"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput) as refused:
        images.find_archives([tmp_path / "empty", tmp_path / "none"])
    assert [problem.path for problem in refused.value.problems] == ["images", "images"]


def test_what_a_machine_lacks_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert ["needs Linux" in reason for reason in requirements.lacking()] == [True]
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(requirements, "missing_packages", lambda: ["iptables", "runc"])
    with pytest.raises(InvalidInput) as refused:
        requirements.require_machine()
    text = str(refused.value)
    assert "needs root" in text
    assert "apt-get install --no-install-recommends iptables runc" in text
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(requirements, "missing_packages", list)
    requirements.require_machine()


def test_packages_are_installed_only_as_root_and_with_apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[str] = []
    monkeypatch.setattr(packages, "missing_packages", lambda: ["runc"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    packages.install(told.append)
    assert told == ["real node: runc missing; to have it, as root: apt-get install --no-install-recommends runc"]

    # An apt that fails until its lists are there.
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\ncd {tmp_path}\necho "$@" >> log\n[ $1 = update ] && touch lists\n[ -e lists ]\n')
    apt.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "system_program", lambda name: apt)
    packages.install(told.append)
    assert told[-1] == "real node: installing runc"
    assert (tmp_path / "log").read_text().splitlines() == [
        "install -y -qq --no-install-recommends runc",
        "update -qq",
        "install -y -qq --no-install-recommends runc",
    ]
    (tmp_path / "lists").unlink()
    apt.write_text("#!/bin/sh\necho 'no such package' >&2\nexit 100\n")
    assert packages.main() == 1
