"""`aidc simulate`, as people call it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_without_arguments_it_replays_an_hour_of_real_requests(main: Callable[..., Any]) -> None:
    ended = main("simulate")
    assert ended.code == 0, ended.err
    assert "requests in 1.0 h" in ended.out
    for policy in ("static", "horizontal", "event-driven", "predictive", "oracle"):
        assert f"\n{policy} " in ended.out
    assert ended.err == ""


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Half an hour in steps of a minute, with a value that is missing and one that is empty."""
    path = tmp_path / "load.csv"
    rows = [f"{60 * minute},{1200 + 600 * (minute % 10)},{50 * minute + 10}" for minute in range(30) if minute != 7]
    path.write_text("\n".join(["seconds,requests,tokens", *rows, "1800,,"]) + "\n")
    return path


def test_a_file_of_ones_own_is_taken_as_it_is(main: Callable[..., Any], trace: Path) -> None:
    ended = main("simulate", trace, "--time-column", "seconds", "--policy", "horizontal", "--json", "-")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)["usual"]
    assert found["requests"] == pytest.approx(30 * 3900, rel=0.1)
    (policy,) = found["policies"]
    (setting,) = policy["settings"]
    assert setting["setting"] == "rate at 70%, 300 s down"
    assert 0 <= setting["lateShare"] <= 1
    assert setting["replicaHours"] > 0


def test_a_sweep_compares_with_the_tuned_autoscaler(main: Callable[..., Any], trace: Path, tmp_path: Path) -> None:
    policies = ["--policy", "horizontal", "--policy", "predictive", "--policy", "last-value"]
    columns = ["--column", "requests", "--size-column", "tokens"]
    ended = main("simulate", trace, *columns, *policies, "--sweep", "--json", tmp_path / "all.json")
    assert ended.code == 0, ended.err
    assert "fewer late at equal hours" in ended.out
    assert "1 of 31 steps have no known value" in ended.out or "steps have no known value" in ended.out
    swept = json.loads((tmp_path / "all.json").read_text())["swept"]
    by_name = {each["name"]: each for each in swept["policies"]}
    assert len(by_name["horizontal"]["settings"]) > 100
    assert "besideTunedHorizontal" in by_name["predictive"]
    assert "besideTunedHorizontal" not in by_name["horizontal"]


@pytest.mark.parametrize("suffix", ["svg", "html"])
def test_a_plot_needs_no_network(main: Callable[..., Any], trace: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"plot.{suffix}"
    ended = main("simulate", trace, "--column", "requests", "--policy", "horizontal", "--plot", path)
    assert ended.code == 0, ended.err
    drawn = path.read_text()
    assert "time (hours)" in drawn
    assert "replicas" in drawn
    assert "https://cdn" not in drawn


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--service-time", "0"], ["serviceTime: 0 seconds is not possible; give more than 0 seconds"]),
        (["--start-up-delay", "-5"], ["startupDelay: -5 seconds is not possible; give 0 seconds or more"]),
        (["--latency-bound", "0.2"], ["latencyBound: 0.2 seconds is less than"]),
        (["--concurrency", "0"], ["concurrency: 0 requests is too little"]),
        (["--price", "-1"], ["price: -1 an hour is not possible"]),
        (["--mean-replicas", "0"], ["--mean-replicas: 0 replicas is not possible"]),
        (["--minimum", "5", "--maximum", "4"], ["maxReplicas: 4 replicas is too little"]),
        (["--policy", "horizontl"], ["'horizontl' is not one of", "did you mean 'horizontal'"]),
        (["--plot", "a.png"], ["'a.png' is neither .html nor .svg"]),
        (["--seed", "-1"], ["--seed: -1 is too little; give 0 or more"]),
        (["--give-up", "inf"], ["giveUp: inf seconds is not possible"]),
        (
            ["--start-up-delay", "1e9"],
            ["startupDelay: 1,000,000,000.0 seconds is too much; give 86,400 seconds or less"],
        ),
        (["--step", "60"], ["--step: the trace azure-conversation is read as it is known"]),
        (
            ["nasa", "--column", "bytes", "--size-column", "bytes"],
            ["--column: the trace nasa is read as it is known; leave it out", "--size-column: the trace nasa"],
        ),
        (["twiter"], ["no trace is called 'twiter'", "did you mean 'twitter'"]),
        (["unlike-any"], ["no trace is called 'unlike-any'; give a CSV file, or one of azure-code"]),
        (["none.csv"], ["none.csv", "cannot be read"]),
    ],
)
def test_what_makes_no_sense_is_refused(
    main: Callable[..., Any], refused: Callable[..., None], arguments: list[str], words: list[str]
) -> None:
    refused(main("simulate", *arguments), 2, *words)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("0,5\n60,-4\n", ["value: row 2", "is negative"]),
        ("0,5\n60,inf\n", ["is not finite"]),
        ("60,5\n0,4\n", ["time runs backwards in row 2"]),
        ("0,0\n60,0\n120,0\n", ["no value above 0"]),
        ("0,a\n60,3\n", ["is not a number"]),
        ("", ["no rows"]),
        ("0,1e300\n60,1\n", ["requests a second are too many; give 1e+12 or less"]),
        ("0,1\n1,1\n2,1\n", ["the load lasts 3 seconds; give 15 to 31,622,400 seconds"]),
        ("0,1\n100000,1\n40000000,1\n", ["the load lasts 40,100,000 seconds", "give 15 to 31,622,400 seconds"]),
    ],
)
def test_a_trace_that_is_none_is_refused(
    main: Callable[..., Any], refused: Callable[..., None], tmp_path: Path, rows: str, words: list[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("timestamp_s,value\n" + rows)
    refused(main("simulate", path), 2, *words)


def test_a_log_of_requests_is_counted(main: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [f"2023-11-16 18:{minute:02}:{second:02}.5,{100 + second}" for minute in range(10) for second in range(60)]
    path.write_text("\n".join(["TIMESTAMP,GeneratedTokens", *rows]) + "\n")
    options = ["--load", "rows", "--step", "10", "--size-column", "GeneratedTokens", "--policy", "horizontal"]
    ended = main("simulate", path, *options)
    assert ended.code == 0, ended.err
    assert "each row is one request; a step has 10 s" in ended.out
    ended = main("simulate", path, *options, "--json", "-")
    assert json.loads(ended.out)["usual"]["requests"] == pytest.approx(600, rel=0.15)


def test_what_options_of_reading_say_is_checked(
    main: Callable[..., Any], refused: Callable[..., None], trace: Path
) -> None:
    wrong = ["--load", "raws", "--time-unit", "min"]
    refused(main("simulate", trace, *wrong), 2, "--load: 'raws' is not one of", "--time-unit: 'min' is not one of")
    wrong = ["--load", "rows", "--column", "tokens"]
    refused(main("simulate", trace, *wrong), 2, "--column: 'tokens' is not read with --load rows")


def test_a_wait_that_is_rounded_is_said(main: Callable[..., Any], trace: Path) -> None:
    options = ["--column", "requests", "--service-time", "0.5", "--latency-bound", "0.9", "--policy", "horizontal"]
    ended = main("simulate", trace, *options)
    assert "a request may wait 0.4 s, which are counted as 0 s: the replay goes by whole seconds" in ended.out
