"""A load of one's own: what its column counts decides by how much the service is loaded."""

from pathlib import Path

import numpy as np
import pytest

from aidc.planning.autoscaling.load_file import read_load_file
from aidc.problems import InvalidInput


def written(folder: Path, text: str) -> Path:
    path = folder / "load.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["qps", "RPS", "rate", "requests_per_second"])
def test_requests_a_second_are_not_taken_for_requests_of_a_step(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, f"time,{name}\n0,2\n60,3\n120,4\n")
    load = read_load_file(path)
    np.testing.assert_array_equal(load.trace.series.values, [120, 180, 240])
    assert "requests a second" in load.note
    # Rows of a longer step are readings of one rate: 2, 3 and then 4 a second for two minutes each.
    np.testing.assert_array_equal(read_load_file(path, step=120).trace.series.values, [300, 480])
    np.testing.assert_array_equal(read_load_file(path, counting="requests").trace.series.values, [2, 3, 4])


def test_requests_of_rows_are_added_up_in_a_longer_step(tmp_path: Path) -> None:
    path = written(tmp_path, "time,calls,tokens\n0,2,10\n60,3,20\n120,4,30\n180,5,40\n")
    load = read_load_file(path, value="calls", size="tokens", step=120)
    np.testing.assert_array_equal(load.trace.series.values, [5, 9])
    assert load.sizes is not None
    np.testing.assert_array_equal(load.sizes.values, [30, 70])
    assert load.note == "'calls' is taken to be the requests of each step of 120 s; --load says otherwise"
    with pytest.raises(InvalidInput, match="step: 10 s is shorter than the 60 s that the requests of a row are of"):
        read_load_file(path, value="calls", step=10)


def test_each_row_is_a_request_with_its_size(tmp_path: Path) -> None:
    path = written(tmp_path, "TIMESTAMP,In,Out\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50,3,6\n")
    load = read_load_file(path, counting="rows", size="Out", step=2)
    np.testing.assert_array_equal(load.trace.series.values, [1, 1])
    assert load.sizes is not None
    np.testing.assert_array_equal(load.sizes.values, [44, 6])
    assert load.note == "each row is one request; a step has 2 s"


def test_sizes_of_requests_are_of_the_step_that_they_came_in(tmp_path: Path) -> None:
    """Rows that come a minute after another on the whole, as steps do, are requests and no steps of their own."""
    path = written(tmp_path, "time,tokens\n0,1\n60,2\n120,4\n180,8\n240,16\n299.5,32\n")
    load = read_load_file(path, counting="rows", size="tokens")
    np.testing.assert_array_equal(load.trace.series.values, [1, 1, 1, 1, 2])
    assert load.sizes is not None
    np.testing.assert_array_equal(load.sizes.values, [1, 2, 4, 8, 48])


def test_a_counter_gives_its_growth(tmp_path: Path) -> None:
    load = read_load_file(written(tmp_path, "t,requests_total\n0,100\n60,160\n120,10\n"), counting="counter")
    np.testing.assert_array_equal(load.trace.series.values, [np.nan, 60, 10])


def test_an_unknown_way_of_counting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'rats' is not one of requests, rate, rows, counter; did you mean 'rate'"):
        read_load_file(written(tmp_path, "t,v\n0,1\n60,1\n"), counting="rats")  # pyright: ignore[reportArgumentType]
