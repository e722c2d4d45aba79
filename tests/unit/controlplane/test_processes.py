import json
import os
import signal
import socket
import sys
import time

import psutil
import pytest

from aidc.controlplane.ports import choose_ports, is_free, ports_of_others
from aidc.controlplane.processes import ProcessTable, Program


@pytest.fixture
def table(tmp_path):
    table = ProcessTable(tmp_path)
    yield table
    table.stop_all()


def program(code="import time; time.sleep(60)", name="sleeper", **more):
    return Program(name=name, command=[sys.executable, "-c", code], **more)


def wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_program_is_started_once_and_found_by_another_table(table, tmp_path):
    assert table.ensure(program())
    assert not table.ensure(program())
    again = ProcessTable(tmp_path)
    assert not again.ensure(program())
    process = again.running("sleeper")
    assert process is not None
    assert os.getsid(process.pid) == process.pid, "it must not share our session"
    assert again.names() == ["sleeper"]


def test_a_changed_command_environment_or_input_starts_it_anew(table, tmp_path):
    source = tmp_path / "input"
    source.write_text("1")
    table.ensure(program(inputs=[source]))
    first = table.running("sleeper")
    source.write_text("2")
    assert table.ensure(program(inputs=[source]))
    second = table.running("sleeper")
    assert first != second
    assert not first.is_running()
    assert table.ensure(program(inputs=[source], environment={"A": "1"}))
    assert table.ensure(program("import time; time.sleep(61)"))


def test_a_program_that_ended_is_not_running_and_its_log_tells(table):
    table.ensure(program("import sys; print('all is well'); sys.exit('fatal: no luck')"))
    wait_for(lambda: table.running("sleeper") is None)
    wait_for(lambda: "no luck" in table.last_words("sleeper"))
    assert table.last_words("sleeper") == "fatal: no luck"


def test_a_recycled_process_id_is_never_touched(table, tmp_path):
    table.ensure(program())
    mine = table.running("sleeper")
    # The same id with another start time: some other process by now.
    record = tmp_path / "processes" / "sleeper.json"
    data = json.loads(record.read_text())
    victim = psutil.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        record.write_text(json.dumps({**data, "pid": victim.pid}))
        assert table.running("sleeper") is None
        table.stop("sleeper")
        table.stop_all()
        assert victim.is_running()
        assert victim.poll() is None
        assert not mine.is_running(), "found by its mark, though its record is gone"
    finally:
        victim.kill()
        victim.wait()


def test_a_process_that_was_not_recorded_is_found_by_its_mark(table, tmp_path):
    table.ensure(program())
    table.ensure(program(name="kept"))
    stray = table.running("sleeper")
    (tmp_path / "processes" / "sleeper.json").unlink()
    table.end_strays()
    assert not stray.is_running()
    assert table.running("kept") is not None


def test_tables_of_other_folders_are_left_alone(tmp_path):
    one, other = ProcessTable(tmp_path / "a"), ProcessTable(tmp_path / "ab")
    try:
        one.ensure(program())
        other.ensure(program())
        assert one.stop_all() == 1
        assert other.running("sleeper") is not None
    finally:
        other.stop_all()


def test_a_program_that_ignores_signals_is_ended_all_the_same(table):
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('error', flush=True)"
    table.ensure(program(f"{code}; time.sleep(60)"))
    wait_for(lambda: table.last_words("sleeper") == "error")
    process = table.running("sleeper")
    table.stop("sleeper")
    assert not process.is_running()
    assert table.names() == []


def test_killed_children_count_as_ended_at_once(table):
    table.ensure(program())
    process = table.running("sleeper")
    process.send_signal(signal.SIGKILL)
    wait_for(lambda: table.running("sleeper") is None)


def test_only_what_a_program_needs_is_in_its_environment(table, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    table.ensure(program("import os; print('error', sorted(os.environ), os.environ['TMPDIR'])", environment={"X": "1"}))
    wait_for(lambda: "error" in table.last_words("sleeper"))
    text = table.last_words("sleeper")
    assert "AWS_SECRET_ACCESS_KEY" not in text
    assert "'X'" in text
    assert str(tmp_path / "home" / "sleeper" / "tmp") in text


def test_ports_are_free_and_different(table):
    ports = choose_ports(["a", "b", "c"], [])
    assert len(set(ports.values())) == 3
    assert all(is_free(port) for port in ports.values())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports["a"]))
        taken.listen()
        assert not is_free(ports["a"])


def test_the_ports_that_a_program_listens_on_are_known(table):
    port = choose_ports(["a"], [])["a"]
    code = f"import socket, time; s = socket.socket(); s.bind(('127.0.0.1', {port})); s.listen(); time.sleep(60)"
    table.ensure(program(code))
    wait_for(lambda: table.listening() == {port})


def test_ports_of_other_clusters_are_left_to_them(tmp_path):
    for name, port in (("one", 20001), ("two", 20002)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cluster.json").write_text(json.dumps({"ports": {"etcd": port}}))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cluster.json").write_text("{")
    assert ports_of_others(tmp_path, "one") == {20002}
    everything = set(range(20_000, 32_000)) - {25_000}
    assert choose_ports(["a"], everything) == {"a": 25_000}
    with pytest.raises(OSError, match="no free port"):
        choose_ports(["a", "b"], everything)
