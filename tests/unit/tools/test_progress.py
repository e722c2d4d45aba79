"""Lines where a log is kept, a live display on a terminal."""

import io

import pytest

from aidc.tools import shown_on


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_each_thing_is_a_line() -> None:
    stream = io.StringIO()
    with shown_on(stream) as report:
        report.begin("kwok", "building")
        for count in range(100):
            report.detail("kwok", f"{count} packages")
        report.line("kwok", "built in 1.0 s")

    assert stream.getvalue().splitlines() == ["kwok: building", "kwok: built in 1.0 s"]


def test_a_long_build_gives_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with shown_on(stream) as report:
        report.begin("kwok", "building")
        for _ in range(70):
            now[0] += 1
            report.detail("kwok", "7 packages")

    assert stream.getvalue().splitlines()[1:] == ["kwok: 7 packages, 30 s", "kwok: 7 packages, 60 s"]


def test_on_a_terminal_the_present_tool_is_shown_and_finished_ones_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    stream = Terminal()
    with shown_on(stream) as report:
        report.begin("kwok", "building [from] source")
        report.detail("kwok", "7 packages")
        report.line("kwok", "v0.8.0 [built] in 1.0 s")
        report.begin("etcd", "building")

    assert "v0.8.0 [built] in 1.0 s" in stream.getvalue()
    assert "etcd" in stream.getvalue()
