"""Reading traces: every kind of bad input, every combination of rows, bounded memory."""

import gzip
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aidc.planning.forecasting.known_traces import KnownTrace, known_trace, known_traces, traces_folder
from aidc.planning.forecasting.trace_columns import pd
from aidc.planning.forecasting.traces import CHUNK_ROWS, masked, read_trace
from aidc.problems import InvalidInput

needs_traces = pytest.mark.skipif(
    not traces_folder().is_dir(), reason="no folder of traces; name it in the environment variable AIDC_TRACES"
)


def written(folder: Path, text: str) -> Path:
    path = folder / "trace.csv"
    path.write_text(text)
    return path


def test_a_plain_trace(tmp_path: Path) -> None:
    trace = read_trace(written(tmp_path, "timestamp_s,requests,tokens\n0,5,1\n60,7,2\n120,0,3\n"))
    assert (trace.series.start, trace.series.step) == (0, 60)
    np.testing.assert_array_equal(trace.series.values, [5, 7, 0])
    assert trace.notes() == ()


def test_dates_are_seconds_since_1970_with_and_without_an_offset(tmp_path: Path) -> None:
    text = "time,load\n1970-01-02 00:00:00,1\n1970-01-02T01:05:00+01:00,2\n1970-01-02T00:10:00.5000000Z,3\n"
    trace = read_trace(written(tmp_path, text))
    assert trace.series.start == 86400
    np.testing.assert_array_equal(trace.series.values, [1, 2, 3])


def test_gaps_and_empty_values_are_unknown_and_said(tmp_path: Path) -> None:
    trace = read_trace(written(tmp_path, "timestamp,value\n0,1\n60,\n120,3\n180,NaN\n360,4\n420,4\n"))
    np.testing.assert_array_equal(trace.series.values, [1, np.nan, 3, np.nan, np.nan, np.nan, 4, 4])
    assert trace.missing_values == 2
    assert trace.notes() == (
        "2 of 6 rows have no value and count as not measured",
        "4 of 8 steps have no known value",
    )


def test_late_rows_stay_in_their_own_step(tmp_path: Path) -> None:
    trace = read_trace(written(tmp_path, "timestamp,value\n0,1\n60,2\n119,3\n181,4\n240,5\n300,6\n"))
    np.testing.assert_array_equal(trace.series.values, [1, 2, 3, 4, 5, 6])


def test_rows_of_one_step_are_combined_as_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "t,v\n0,2\n30,4\n30,6\n60,8\n200,1\n")
    read = {how: read_trace(path, step=60, combine=how).series.values for how in ("mean", "sum", "count")}
    np.testing.assert_array_equal(read["mean"], [4, 8, np.nan, 1])
    np.testing.assert_array_equal(read["sum"], [12, 8, np.nan, 1])
    np.testing.assert_array_equal(read["count"], [3, 1, 0, 1])
    assert read_trace(path, step=60).repeated_times == 1


def test_a_counter_that_restarts_never_shows_a_negative_load(tmp_path: Path) -> None:
    path = written(tmp_path, "t,v\n0,100\n60,110\n120,125\n180,4\n240,\n300,10\n")
    values = read_trace(path, combine="counter").series.values
    np.testing.assert_array_equal(values, [np.nan, 10, 15, 4, np.nan, 6])


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("", {}, "the file is empty"),
        ("t,v\n", {}, "a header but no rows"),
        ("t,v\n0,1\n", {}, "give the step"),
        ("t,requests\n0,1\n60,2\n", {"value": "request"}, "no column 'request' in the file; did you mean 'requests'"),
        ("a,b\n0,1\n60,2\n", {"time": "moment"}, "it has a, b"),
        ("t,a,b\n0,1,2\n60,2,3\n", {}, "which column holds the load is not clear"),
        ("t,v\n0,1\n60,many\n", {}, "row 2: 'many' is not a number"),
        ("t,v\n0,1\n60,-3\n", {}, "row 2: '-3.0' is negative"),
        ("t,v\n0,1\n60,inf\n", {}, "row 2: 'inf' is not finite"),
        ("t,v\n0,1\n60,2\n30,2\n", {}, "time runs backwards in row 3: 30 s after 60 s"),
        ("t,v\nnoon,1\n60,2\n", {}, "row 1: 'noon' is neither seconds nor an ISO 8601 date"),
        ("t,v\n0,1\n,2\n", {}, "row 2: 'nan' is no time"),
        ("t,v\n0,1\n1e12,2\n", {"step": 60.0}, "20,000,000 are the most"),
        ("t,v\n0,1\n60,2\n", {"step": 0.0}, "give more than 0 seconds"),
        ("0,20\n60,21\n120,22\n", {}, "the first row begins with '0', no name of a column; give a header"),
        ("2026-11-30T12:00:00Z,20\n2026-11-30T12:01:00Z,21\n", {}, "no name of a column; give a header"),
        ("t;v\n0;1\n60;2\n", {}, "separate columns by commas, not by ';'"),
        ("t,v\n0,1\n60,2\nyesterday,3\n", {}, "row 3: 'yesterday' is no number, as the times before it are"),
        ("t,v\n5,1\n5,2\n", {}, "one moment alone shows no distance in time"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_trace(written(tmp_path, text), **arguments)  # pyright: ignore[reportArgumentType] a table of keywords
    assert words in str(caught.value)


def test_columns_that_are_called_by_numbers_are_read_where_they_are_named(tmp_path: Path) -> None:
    trace = read_trace(written(tmp_path, "0,1\n0,20\n60,21\n"), time="0", value="1")
    np.testing.assert_array_equal(trace.series.values, [20, 21])


def test_dates_are_not_tried_as_numbers_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It doubled the time that a file takes."""
    tried: list[int] = []

    def to_numeric(column: Any, *, errors: str) -> Any:
        tried.append(len(column))
        return numbers(column, errors=errors)

    numbers = pd.to_numeric
    monkeypatch.setattr(pd, "to_numeric", to_numeric)
    rows = "".join(f"2026-11-30T12:{minute:02}:00Z,{minute}\n" for minute in range(60))
    assert len(read_trace(written(tmp_path, "t,v\n" + rows)).series) == 60
    assert sum(tried) <= 1


def test_a_missing_file_and_a_file_of_bytes_are_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        read_trace(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(bytes(range(128, 256)) * 10)
    with pytest.raises(InvalidInput, match="is not a CSV file"):
        read_trace(tmp_path / "bytes.csv")


@pytest.mark.parametrize(("unit", "parts"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_times_since_1970_are_known_by_their_size(tmp_path: Path, unit: str, parts: int) -> None:
    rows = "".join(f"{(1_700_000_000 + 60 * minute) * parts},{minute}\n" for minute in range(3))
    trace = read_trace(written(tmp_path, "t,v\n" + rows))
    assert (trace.series.start, trace.series.step, trace.time_unit) == (1_700_000_000, 60, unit)
    np.testing.assert_array_equal(trace.series.values, [0, 1, 2])
    assert any("times are" in note for note in trace.notes()) == (unit != "s")


def test_a_unit_that_is_told_counts(tmp_path: Path) -> None:
    trace = read_trace(written(tmp_path, "t,v\n0,1\n60000,2\n120000,3\n"), unit="ms")
    assert (trace.series.step, len(trace.series)) == (60, 3)


@pytest.mark.parametrize("share", [0.45, 0.15])
def test_a_grid_of_which_most_rows_are_missing_keeps_its_step(tmp_path: Path, share: float) -> None:
    """The median of their distances is two steps and more, and a load of half as many requests a second."""
    times = np.flatnonzero(np.random.default_rng(0).random(2_000) < share) * 60
    trace = read_trace(written(tmp_path, "t,v\n" + "".join(f"{time},60\n" for time in times)))
    assert (trace.series.step, trace.is_irregular) == (60, False)
    assert np.nansum(trace.series.values) == 60 * len(times)


def test_rows_at_no_regular_distance_keep_their_sum(tmp_path: Path) -> None:
    """The commonest distance of times that are all different is any of them, and a load of five times as many steps."""
    times = np.arange(200) * 60 + np.random.default_rng(0).uniform(0, 50, 200).round(2)
    trace = read_trace(written(tmp_path, "t,v\n" + "".join(f"{time},10\n" for time in times)))
    assert trace.is_irregular
    assert trace.series.step == pytest.approx(60, rel=0.1)
    assert len(trace.series) * 10 == pytest.approx(2000, rel=0.1)
    assert "rows are at no regular distance" in " ".join(trace.notes())


def test_compressed_files_are_read_and_damaged_ones_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"t,v\n0,1\n60,2\n")
    (tmp_path / "a.csv.gz").write_bytes(packed)
    np.testing.assert_array_equal(read_trace(tmp_path / "a.csv.gz").series.values, [1, 2])
    (tmp_path / "half.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InvalidInput, match="is not a CSV file: Compressed file ended"):
        read_trace(tmp_path / "half.csv.gz")
    (tmp_path / "plain.csv.gz").write_text("t,v\n0,1\n60,2\n")
    with pytest.raises(InvalidInput, match="cannot be read: Not a gzipped file"):
        read_trace(tmp_path / "plain.csv.gz")
    whole = bytearray(gzip.compress(b"t,v\n" + b"".join(b"%d,1\n" % at for at in range(100_000))))
    whole[-8] ^= 1
    (tmp_path / "sum.csv.gz").write_bytes(whole)
    with pytest.raises(InvalidInput, match="cannot be read: CRC check failed"):
        read_trace(tmp_path / "sum.csv.gz")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "t,v\n")
        archive.writestr("b.csv", "t,v\n")
    with pytest.raises(InvalidInput, match="cannot be unpacked: Multiple files"):
        read_trace(tmp_path / "two.zip")


def test_chunks_make_no_difference(tmp_path: Path) -> None:
    rows = 2 * CHUNK_ROWS + 17
    path = tmp_path / "long.csv"
    path.write_text("t,v\n" + "".join(f"{at / 100},{at % 7}\n" for at in range(rows)))
    series = read_trace(path, step=10.0, combine="sum").series
    expected = np.add.reduceat(np.arange(rows) % 7, np.arange(0, rows, 1000))
    np.testing.assert_array_equal(series.values, expected)


def test_an_error_far_down_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("t,v\n" + "".join(f"{at},1\n" for at in range(CHUNK_ROWS + 5)) + "9999999,oops\n")
    with pytest.raises(InvalidInput, match=f"row {CHUNK_ROWS + 6:,}: 'oops'"):
        read_trace(path)


MEMORY = """
import sys
from aidc.planning.forecasting.traces import read_trace

def most():
    # What getrusage says includes the parent's memory from before exec.
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

before = most()
trace = read_trace(sys.argv[1], step=60, combine="count")
print(trace.rows, most() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Ten million rows are read by benchmarks/forecasting.py; here the growth from 0.4 to 1.6 million is bounded."""
    used: list[float] = []
    for millions in (0.4, 1.6):
        path = tmp_path / f"{millions}.csv"
        count = int(millions * 1_000_000)
        with path.open("w") as file:
            file.write("t,v\n")
            file.writelines(f"{at / 10},1\n" for at in range(count))
        done = subprocess.run([sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True)
        rows, kilobytes = map(int, done.stdout.split())
        assert rows == count
        used.append(kilobytes / 1024)
    # The rows themselves would be 1.2 million times 24 bytes: 28 MiB.
    assert used[1] - used[0] < 15


def test_masked_holes_and_zeros(tmp_path: Path) -> None:
    trace = read_trace(written(tmp_path, "t,v\n0,1\n60,0\n120,3\n180,4\n240,5\n"))
    np.testing.assert_array_equal(
        masked(trace, holes=((120, 200),), zeros=True).series.values, [1, np.nan, np.nan, np.nan, 5]
    )


def test_an_unknown_name_of_a_trace_has_close_matches() -> None:
    with pytest.raises(InvalidInput, match="did you mean 'servegen-m-mid'"):
        known_trace("servegen-mid")
    names = [trace.name for trace in known_traces()]
    assert len(names) == len(set(names))


@needs_traces
@pytest.mark.parametrize("trace", known_traces(), ids=lambda trace: trace.name)
def test_every_known_trace_can_be_read(trace: KnownTrace) -> None:
    read = trace.read()
    assert len(read.series) >= 18
    assert read.series.step == trace.step
    assert read.empty_steps == np.isnan(read.series.values).sum()


@needs_traces
def test_known_traces_have_the_means_that_their_source_states() -> None:
    assert known_trace("azure-code-10s").read().series.values.mean() == pytest.approx(25.64, abs=0.01)
    large = known_trace("servegen-m-large").read()
    assert len(large.series) == 2016
    assert large.series.values.mean() == pytest.approx(117_506.36, abs=0.01)
    middle = known_trace("servegen-m-mid").read().series
    # 4.2 % of zeros are holes; the stated mean counts them as zeros.
    assert np.nansum(middle.values) / 2016 == pytest.approx(1_074_034.71, abs=0.01)
    assert np.isnan(middle.values).mean() == pytest.approx(0.042, abs=0.001)
    requests = known_trace("mooncake-conversation-10s").read()
    assert requests.rows == requests.series.values.sum() == 12_031


@needs_traces
def test_the_nasa_log_is_on_the_clock_again_after_its_seam() -> None:
    series = known_trace("nasa").read().series
    august = 31 * 1440
    assert np.isnan(series.values[august - 4948 : august]).all()
    assert not np.isnan(series.values[august - 4949])
    assert len(series) == 84_333 + 4948
    assert not np.isnan(series.values[august])
    # The outage began on 1 August at 14:52.
    assert np.isnan(series.values[august + 15 * 60])
