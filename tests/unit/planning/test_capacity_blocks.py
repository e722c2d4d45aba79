"""Capacity blocks: how long their nodes can be used."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.planning.catalog import usable_time, usable_until

END = datetime(2026, 12, 1, 11, 30, tzinfo=UTC)


def test_nodes_are_drained_before_ec2_terminates_them():
    assert usable_until(END) == datetime(2026, 12, 1, 10, 50, tzinfo=UTC)
    assert usable_until(END, is_ultra_server=True) == datetime(2026, 12, 1, 10, 20, tzinfo=UTC)
    assert usable_time(timedelta(days=1)) == timedelta(hours=23, minutes=20)
    assert usable_time(timedelta(minutes=30)) == timedelta()


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="2026-12-01T11:30:00 has no time zone"):
        usable_until(END.replace(tzinfo=None))


@given(st.datetimes(datetime(2024, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()), st.booleans())
def test_what_is_lost_does_not_depend_on_when(end, ultra):
    lost = timedelta(minutes=70 if ultra else 40)
    assert usable_until(end, is_ultra_server=ultra) == end.astimezone(UTC) - lost
    assert usable_time(timedelta(days=2), is_ultra_server=ultra) == timedelta(days=2) - lost
