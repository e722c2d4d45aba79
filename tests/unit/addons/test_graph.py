"""Add-ons are put into an order in which each comes after what it needs, whoever asks for which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.infra.addons import ADDONS
from aidc.infra.addons.addon import Addon
from aidc.infra.addons.graph import resolve_addons
from aidc.problems import Problems


def resolved(wanted, addons=ADDONS):
    problems = Problems()
    result = resolve_addons(problems, "addons", wanted, addons)
    return result, [str(problem) for problem in problems]


def listed(**needs):
    return {name: Addon(name=name, purpose="", needs=tuple(of.split())) for name, of in needs.items()}


def graphs():
    """Graphs without circles: each add-on needs, and follows, only those before it."""
    names = [f"a{number}" for number in range(8)]

    def linked(chosen):
        return {
            name: Addon(name=name, purpose="", needs=tuple(sorted(needs)), after=tuple(sorted(after)))
            for name, (needs, after) in chosen.items()
        }

    def links(number):
        before = names[:number]
        some = st.sets(st.sampled_from(before)) if before else st.just(set())
        return st.tuples(some, some)

    return st.fixed_dictionaries({name: links(number) for number, name in enumerate(names)}).map(linked)


@given(graphs(), st.data())
def test_what_an_addon_needs_or_follows_comes_before_it(addons, data):
    wanted = data.draw(st.lists(st.sampled_from(sorted(addons)), unique=True))
    result, problems = resolved(wanted, addons)
    assert not problems
    order = [addon.name for addon in result.order]
    assert len(order) == len(set(order))
    assert set(wanted) <= set(order)
    assert set(order) - set(wanted) == set(result.added)
    for place, addon in enumerate(result.order):
        assert set(addon.needs) <= set(order[:place])
        assert set(addon.after) & set(order) <= set(order[:place])
        assert set(result.before(addon)) == {*addon.needs, *(set(addon.after) & set(order))}


@given(graphs(), st.data())
def test_the_order_in_which_one_asks_has_no_meaning(addons, data):
    wanted = data.draw(st.lists(st.sampled_from(sorted(addons)), unique=True))
    again = data.draw(st.permutations(wanted))
    assert resolved(wanted, addons) == resolved(again, addons)


@given(st.sets(st.sampled_from(sorted(ADDONS))))
def test_any_choice_of_ours_has_an_order_or_a_reason(wanted):
    result, problems = resolved(wanted)
    order = [addon.name for addon in result.order]
    clash = any(other in order for addon in result.order for other in addon.conflicts)
    assert bool(problems) is clash
    for place, addon in enumerate(result.order):
        assert set(addon.needs) <= set(order[:place])


def test_needs_of_needs_come_along_and_say_who_needs_them():
    result, _ = resolved({"c", "d"}, listed(a="", b="a", c="b", d="b"))
    assert [addon.name for addon in result.order] == ["a", "b", "c", "d"]
    assert result.added == {"a": ("b",), "b": ("c", "d")}


def test_what_was_asked_for_does_not_come_along():
    result, _ = resolved(["kubeflow-trainer", "jobset"])
    assert result.added == {}


def test_circles_are_found():
    with pytest.raises(AssertionError, match=r"in a circle: .*a.*b"):
        resolved({"a"}, listed(a="b", b="a"))


def test_an_unknown_name_is_refused_with_what_is_like_it():
    assert resolved(["gpu-operater"])[1] == ["addons.gpu-operater: no such add-on; did you mean 'gpu-operator'?"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpu-operator", "nvidia-device-plugin"),
        ("gpu-operator", "dcgm-exporter"),
        ("gpu-operator", "dra-driver-nvidia-gpu"),
        ("dra-driver-nvidia-gpu", "nvidia-device-plugin"),
    ],
)
def test_two_that_cannot_be_together_are_refused_by_name_with_the_way_out(one, other):
    (problem,) = resolved([one, other])[1]
    path, _, reason = problem.partition(": ")
    assert path in (f"addons.{one}", f"addons.{other}")
    assert one in problem
    assert other in problem
    assert "leave one of them out" in reason or "gpuSoftware says" in reason
