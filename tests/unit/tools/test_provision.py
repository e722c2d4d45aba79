"""Each tool comes by the first way that works, and only once."""

import os
import platform
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aidc.infra import versions
from aidc.problems import InvalidInput
from aidc.tools import How, ToolError, provide
from aidc.tools.recipes import made_here, recipes


def test_builds_every_tool_with_the_exact_flags_and_its_manifests(go: Any, told: Any) -> None:
    tools = provide(report=told, environment=go.environment)

    here = made_here(platform.system())
    assert list(tools) == list(here)
    assert {tool.how for tool in tools.values()} == {How.BUILT}
    modules = Path(provide.__code__.co_filename).resolve().parent / "modules"
    kubernetes = "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3"
    kubernetes += " -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"
    built = {Path(call[2].split()[-2]).name: call for call in go.builds()}
    assert set(built) == {name for name in here if recipes()[name].has_program}
    for name, folder, flags, package in (
        ("etcd", modules, "-s -w", "go.etcd.io/etcd/server/v3"),
        ("kube-apiserver", modules, kubernetes, "k8s.io/kubernetes/cmd/kube-apiserver"),
        ("kwokctl", modules, "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0", "sigs.k8s.io/kwok/cmd/kwokctl"),
        ("karpenter-kwok", go.module(recipes()["karpenter-kwok"]), "-s -w", "./kwok"),
        ("keda-adapter", go.module(recipes()["keda-adapter"]), "-s -w", "./cmd/adapter"),
    ):
        where, settings, arguments = built[name]
        assert (where, settings) == (str(folder), "0 off -mod=readonly -buildvcs=false")
        assert arguments.startswith(f"build -v -trimpath -ldflags {flags} -o ")
        assert arguments.endswith(f"/{name} {package}")
    for name in here:
        recipe = recipes()[name]
        folders = {folder.target for folder in recipe.manifests}
        assert all((tools[name].manifests / folder / "a.yaml").is_file() for folder in folders)
        assert not recipe.has_program or os.access(tools[name].path, os.X_OK)
    assert sum(" built in " in line for line in told.lines) == len(built)
    assert any(line.startswith("gateway-api: v1.6.0 manifests copied in ") for line in told.lines)


def test_build_tags_reach_go_and_make_another_tool(go: Any) -> None:
    (call,) = (provide(["ctr"], environment=go.environment), go.builds())[1]
    assert " -tags no_btrfs,no_devmapper,no_zfs " in call[2]
    assert replace(recipes()["ctr"], tags=()).identity != recipes()["ctr"].identity
    assert '"tags"' not in recipes()["etcd"].identity


def test_what_runs_on_linux_alone_is_not_made_elsewhere() -> None:
    assert set(recipes()) - set(made_here("Darwin")) >= {"kubelet", "containerd", "coredns"}
    assert list(made_here("Linux")) == list(recipes())


def test_what_is_there_is_not_made_again(go: Any, told: Any) -> None:
    first = provide(["etcd", "jobset"], environment=go.environment)
    calls = len(go.calls())

    second = provide(["etcd", "jobset"], told, environment=go.environment)

    assert len(go.calls()) == calls
    assert second["etcd"].how is How.THERE
    assert second["etcd"].path == first["etcd"].path
    assert told.lines[0] == f"etcd: v3.6.8 is there: {first['etcd'].path}"


@pytest.mark.parametrize("damage", ["stamp", "shorter", "gone", "manifest", "identity"])
def test_what_is_damaged_or_made_otherwise_is_made_again(go: Any, damage: str) -> None:
    tool = provide(["jobset"], environment=go.environment)["jobset"]
    match damage:
        case "stamp":
            (tool.folder / "stamp.json").write_text("{")
        case "shorter":
            tool.path.write_text("")
        case "gone":
            tool.path.unlink()
        case "manifest":
            (tool.manifests / "crds" / "a.yaml").unlink()
        case _:
            stamp = tool.folder / "stamp.json"
            stamp.write_text(stamp.read_text().replace("-s -w", "-s"))

    again = provide(["jobset"], environment=go.environment)["jobset"]

    assert again.how is How.BUILT
    assert again.path.stat().st_size > 0
    assert sorted(path.name for path in tool.folder.parent.iterdir()) == [".lock", "v0.8.2"]


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ("Kubernetes v1.36.3", True),
        ("Kubernetes v1.36.2", False),
        ("Kubernetes v1.36.3-eks-1a2b", False),
        ("Kubernetes v1.36.30", False),
    ],
)
def test_a_program_on_path_counts_only_with_the_exact_version(go: Any, says: str, found: bool) -> None:
    program = go.put_on_path("kube-scheduler", f"echo '{says}'")

    tool = provide(["kube-scheduler"], environment=go.environment)["kube-scheduler"]

    assert (tool.path == program) is found
    assert (tool.how is How.THERE) is found
    assert bool(go.builds()) is not found


def test_a_program_that_cannot_say_its_version_is_not_taken_from_path(go: Any) -> None:
    go.put_on_path("metrics-server", "echo v0.9.0")

    assert provide(["metrics-server"], environment=go.environment)["metrics-server"].how is How.BUILT


def test_downloads_before_it_builds(go: Any, released_kwok: Any, told: Any) -> None:
    releases, path = released_kwok
    del go.environment["AIDC_DOWNLOADS"]

    tool = provide(["kwok"], told, environment=go.environment)["kwok"]

    assert (tool.how, releases.asked, go.calls()) == (How.DOWNLOADED, [path], [])
    assert told.lines[-1].startswith("kwok: v0.8.0 downloaded in ")
    assert provide(["kwok"], environment=go.environment)["kwok"].how is How.THERE


def test_another_server_stands_in_for_the_hosts(go: Any, released_kwok: Any) -> None:
    releases, path = released_kwok
    host = releases.address.removeprefix("http://")
    releases.answers[f"/mirror/{host}{path}"] = releases.answers.pop(path)
    go.environment["AIDC_DOWNLOADS"] = f"{releases.address}/mirror/"

    assert provide(["kwok"], environment=go.environment)["kwok"].how is How.DOWNLOADED


@pytest.mark.parametrize("reason", ["has the wrong checksum", "broke off", "answered 404", "does not start"])
def test_a_download_that_fails_is_built_with_one_line(
    go: Any, released_kwok: Any, told: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases, path = released_kwok
    del go.environment["AIDC_DOWNLOADS"]
    match reason:
        case "has the wrong checksum":
            releases.serve(path, b"something else")
        case "broke off":
            releases.serve(path, b"x" * 1000, cut=10)
        case "answered 404":
            del releases.answers[path]
        case _:
            releases.serve(path, b"not a program")
            (platform,) = versions.ARTIFACTS["kwok"]
            pinned = {platform: releases.artifact(path, b"not a program")}
            monkeypatch.setitem(versions.ARTIFACTS, "kwok", pinned)

    tool = provide(["kwok"], told, environment=go.environment)["kwok"]

    assert tool.how is How.BUILT
    (line,) = [line for line in told.lines if "not downloaded" in line]
    assert reason in line
    assert line.endswith("; it will be built")
    assert [path.name for path in tool.folder.iterdir() if path.name != "stamp.json"] == ["kwok"]


def test_every_unknown_name_is_listed_with_close_matches(go: Any) -> None:
    with pytest.raises(InvalidInput) as raised:
        provide(["kwok", "kube-apisrver", "zzz"], environment=go.environment)

    assert str(raised.value).splitlines() == [
        "tools: 2 problems",
        "  - names: 'kube-apisrver' is no tool; did you mean 'kube-apiserver' or 'kube-score' or 'kube-proxy'?",
        f"  - names: 'zzz' is no tool; there are {', '.join(recipes())}",
    ]
    assert not Path(go.environment["AIDC_TOOLS"]).exists()


@pytest.mark.parametrize("value", ["mirror.example.com", "ftp://mirror", "http://"])
def test_a_wrong_address_of_downloads_is_refused(go: Any, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"AIDC_DOWNLOADS: '{value}' is no address"):
        provide(["kwok"], environment={**go.environment, "AIDC_DOWNLOADS": value})


def test_two_at_once_make_a_tool_once(go: Any, told: Any) -> None:
    go.install(before_build="sleep 0.3")
    results: list[How] = []

    def one() -> None:
        results.append(provide(["kwok"], told, environment=go.environment)["kwok"].how)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [How.BUILT, How.THERE, How.THERE]
    assert len(go.builds()) == 1
    (line, *_) = [line for line in told.lines if line.endswith(" is making it; waiting for that")]
    # The other one may not have written its number yet.
    assert line.split(" is ")[0] in (f"kwok: process {os.getpid()}", "kwok: another process")


def test_a_program_that_was_built_but_does_not_start_is_an_error(go: Any) -> None:
    go.install(before_build="while [ \"$1\" != -o ]; do shift; done; echo 'exit 1' > $2; exit 0")

    with pytest.raises(ToolError, match=r"kwok was built, but does not start, or is not v0\.8\.0"):
        provide(["kwok"], environment=go.environment)
    assert not (Path(go.environment["AIDC_TOOLS"]) / "kwok" / "v0.8.0").exists()


def test_manifests_and_programs_that_a_tool_has_not_are_said_to_be_missing(go: Any) -> None:
    tools = provide(["etcd", "gateway-api"], environment=go.environment)

    with pytest.raises(ValueError, match="etcd comes without manifests"):
        _ = tools["etcd"].manifests
    with pytest.raises(ValueError, match="gateway-api has no program"):
        _ = tools["gateway-api"].path
