import pytest

from aidc.controlplane.failure import ControlPlaneFailure
from aidc.controlplane.outside import outside_files, remove_outside


@pytest.fixture
def wanted(tmp_path):
    return tmp_path / "elsewhere" / "certs" / "tls.crt"


def test_files_outside_are_there_inside_the_block_alone(tmp_path, wanted):
    with outside_files(tmp_path, [wanted]) as keep:
        assert wanted.exists()
        # Another cluster may end at this moment.
        wanted.unlink()
        keep()
        assert wanted.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed(tmp_path, wanted):
    block = outside_files(tmp_path, [wanted])
    block.__enter__()
    assert wanted.exists()
    remove_outside(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_before_stays(tmp_path, wanted):
    wanted.parent.mkdir(parents=True)
    wanted.write_text("somebody's certificate")
    with outside_files(tmp_path, [wanted]):
        pass
    assert wanted.read_text() == "somebody's certificate"
    wanted.unlink()
    neighbour = wanted.with_name("other")
    neighbour.write_text("")
    with outside_files(tmp_path, [wanted]):
        pass
    assert neighbour.exists()
    assert not wanted.exists()


def test_a_file_that_was_written_to_in_between_stays(tmp_path, wanted):
    with outside_files(tmp_path, [wanted]):
        wanted.write_text("a certificate by now")
    assert wanted.read_text() == "a certificate by now"


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ControlPlaneFailure, match="insists on"), outside_files(tmp_path, [tmp_path / "file" / "x"]):
        pass
