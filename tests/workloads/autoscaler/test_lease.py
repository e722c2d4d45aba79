"""The lease: whatever the order of events, at no moment two hold it."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.workloads.autoscaler.cluster import ApiFailure
from aidc.workloads.autoscaler.lease import Lease
from aidc.workloads.autoscaler.settings import ElectionSettings

DURATION = 10
SETTINGS = ElectionSettings(name="chat", namespace="ai", duration_seconds=DURATION, renew_seconds=2)


class Register:
    """One object with a version, as an API server keeps it: a write that names another version is refused."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] = {"metadata": {"resourceVersion": "1"}}
        self.is_down = False
        self.before_write: list[Any] = []

    def get(self, path: str) -> Any:
        if self.is_down:
            raise ApiFailure(0, "no answer")
        return copy.deepcopy(self.lease)

    def merge(self, path: str, patch: Any, *, seconds: float | None = None) -> Any:
        if self.before_write:
            self.before_write.pop()()
        if self.is_down:
            raise ApiFailure(0, "no answer")
        if patch["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
            raise ApiFailure(409, "the object has been modified")
        version = int(self.lease["metadata"]["resourceVersion"]) + 1
        spec = {**self.lease.get("spec", {}), **patch["spec"]}
        self.lease = {"metadata": {"resourceVersion": str(version)}, "spec": spec}
        return self.lease


class Time:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def contenders(register: Register, time: Time, count: int = 2) -> list[Lease]:
    return [Lease(register, SETTINGS, clock=time) for _ in range(count)]  # type: ignore[arg-type]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(["contend", "down", "up", "race"]), st.integers(0, 2), st.floats(0, 15))))
def test_at_no_moment_two_hold_it(events: list[tuple[str, int, float]]) -> None:
    register, time = Register(), Time()
    all_of_them = contenders(register, time, 3)
    for event, index, seconds in events:
        time.seconds += seconds
        if event == "contend":
            all_of_them[index].contend()
        elif event == "race":
            # Another one gets between reading and writing, or time goes by there.
            other = all_of_them[(index + 1) % 3]

            def between(other: Lease = other, seconds: float = seconds) -> None:
                time.seconds += seconds
                other.contend()

            register.before_write = [between]
            all_of_them[index].contend()
            register.before_write = []
        else:
            register.is_down = event == "down"
        assert sum(each.remaining > 0 for each in all_of_them) <= 1


def test_it_is_taken_at_once_kept_by_renewals_and_lost_without() -> None:
    register, time = Register(), Time()
    first, second = contenders(register, time)
    first.contend()
    assert first.remaining == DURATION
    for _ in range(10):
        time.seconds += 2
        second.contend()
        first.contend()
        assert (first.remaining, second.remaining) == (DURATION, 0)
    time.seconds += DURATION - 0.1
    second.contend()
    assert second.remaining == 0, "not before it has ended"
    time.seconds += 0.2
    assert first.remaining == 0
    # It was last seen renewed 2 seconds before, at the renewal that the second saw only now.
    second.contend()
    time.seconds += DURATION
    second.contend()
    assert second.remaining == DURATION
    assert register.lease["spec"]["leaseTransitions"] == 2
    first.contend()
    assert first.remaining == 0


def test_what_is_given_up_is_taken_at_once() -> None:
    register, time = Register(), Time()
    first, second = contenders(register, time)
    first.contend()
    first.stop()
    assert first.remaining == 0
    second.contend()
    assert second.remaining == DURATION


def test_while_the_api_server_is_gone_it_ends_when_it_must() -> None:
    register, time = Register(), Time()
    (only,) = contenders(register, time, 1)
    only.contend()
    register.is_down = True
    time.seconds += 4
    only.contend()
    assert only.remaining == pytest.approx(DURATION - 4)
    time.seconds += 7
    only.contend()
    assert only.remaining == 0
    register.is_down = False
    only.contend()
    assert only.remaining == DURATION
