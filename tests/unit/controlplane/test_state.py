import os
import subprocess
import sys

import pytest

from aidc.controlplane.failure import ClusterBusy
from aidc.controlplane.state import (
    Record,
    State,
    check_name,
    existing_clusters,
    require_existing,
    state_home,
    write_atomically,
)
from aidc.problems import InvalidInput


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AIDC_STATE", str(tmp_path))
    return tmp_path


def test_state_home_follows_the_environment(monkeypatch, tmp_path):
    assert state_home() == tmp_path / "clusters"
    monkeypatch.delenv("AIDC_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_home() == tmp_path / "xdg" / "aidc" / "clusters"
    # A relative path is to be ignored.
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_home() == tmp_path / ".local" / "state" / "aidc" / "clusters"


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "../x", "a/b", "x" * 41, "a b"])
def test_names_that_are_no_names(name):
    with pytest.raises(InvalidInput, match="cluster name"):
        check_name(name)


def test_an_unknown_cluster_is_refused_with_close_matches():
    State("local").create()
    assert existing_clusters() == ["local"]
    require_existing("local")
    with pytest.raises(InvalidInput, match="did you mean 'local'"):
        require_existing("lokal")
    with pytest.raises(InvalidInput, match="there are: local"):
        require_existing("entirely-different")


def test_a_folder_that_cannot_be_written_is_bad_input(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AIDC_STATE", str(tmp_path / "file"))
    with pytest.raises(InvalidInput, match="AIDC_STATE"):
        State("local").create()


def test_the_lock_is_exclusive_and_goes_with_its_process(tmp_path):
    state = State("local")
    program = "import sys, time\nfrom aidc.controlplane.state import State\nwith State('local').locked():\n"
    program += "    print('locked', flush=True)\n    time.sleep(60)\n"
    other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(ClusterBusy, match=f"process {other.pid}"), state.locked():
            pass
    finally:
        other.kill()
        other.communicate()
    with state.locked():
        assert (state.folder / "lock").read_text() == str(os.getpid())


def test_a_record_survives_and_a_broken_one_counts_as_none():
    state = State("local")
    state.create()
    assert state.read() == Record()
    record = Record({"api-server": 20001}, ["karpenter"], "local")
    state.write(record)
    assert State("local").read() == record
    (state.folder / "cluster.json").write_text('{"ports": 1')
    assert state.read() == Record()


def test_files_are_written_whole_and_for_their_owner_alone(tmp_path):
    path = tmp_path / "secret"
    write_atomically(path, "one")
    write_atomically(path, b"two")
    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_remove_leaves_neither_the_folder_nor_what_a_killed_removal_left(tmp_path):
    state = State("local")
    state.create()
    rest = state.folder.with_name(".local.1.gone")
    rest.mkdir()
    (rest / "file").write_text("")
    state.remove()
    assert list(tmp_path.iterdir()) == []


def test_remove_leaves_other_clusters_alone(tmp_path):
    State("one").create()
    State("one-more").create()
    State("one").remove()
    assert existing_clusters() == ["one-more"]


def test_a_removal_that_was_killed_is_finished_by_the_next_command(tmp_path):
    rest = tmp_path / "clusters" / ".local.1.gone"
    rest.mkdir(parents=True)
    (rest / "file").write_text("")
    with pytest.raises(InvalidInput, match="there is none"):
        require_existing("local")
    assert list(tmp_path.iterdir()) == []
