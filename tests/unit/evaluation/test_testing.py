"""The assertions for people's own tests: each fails where it must, and says what differs."""

import json
from base64 import b64encode

import pulumi
import pulumi_kubernetes as k8s
import pytest

from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.testing import assert_nowhere_in_plain, assert_protected

KEY = '-----BEGIN KEY-----\nab"c\u00e9\n-----END KEY-----'


def holding(value: str, key: str = "key") -> ResourceGraph:
    return evaluate(lambda: k8s.core.v1.ConfigMap("settings", data={key: value}) and None)


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(KEY, id="as it is"),
        pytest.param(f"before {KEY} after", id="inside"),
        pytest.param(json.dumps({"key": KEY}), id="in JSON"),
        pytest.param(b64encode(KEY.encode()).decode(), id="in base64"),
    ],
)
def test_a_secret_of_several_lines_is_found_in_every_form(shown: str) -> None:
    with pytest.raises(AssertionError, match=r"ConfigMap::settings.inputs.data.key"):
        assert_nowhere_in_plain(holding(shown), KEY)


def test_a_secret_is_found_as_a_key() -> None:
    with pytest.raises(AssertionError, match=r"ConfigMap::settings.inputs.data"):
        assert_nowhere_in_plain(holding("x", key="hunter2"), "hunter2")


def test_a_secret_that_is_wrapped_shows_nowhere() -> None:
    graph = evaluate(lambda: k8s.core.v1.ConfigMap("settings", data={"key": pulumi.Output.secret(KEY)}) and None)
    assert graph.named("settings").inputs["data"]["key"] == KEY
    assert_nowhere_in_plain(graph, KEY)


def test_an_empty_secret_proves_nothing() -> None:
    with pytest.raises(AssertionError, match="empty"):
        assert_nowhere_in_plain(holding("x"), "")


def kept(transformed: bool, child: bool | None = None) -> ResourceGraph:
    def program() -> None:
        def unchanged(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
            return pulumi.ResourceTransformResult(props=args.props, opts=args.opts)

        whole = k8s.core.v1.Namespace("whole")
        options = pulumi.ResourceOptions(retain_on_delete=True, deleted_with=whole)
        if transformed:
            options.transforms = [unchanged]
        group = pulumi.ComponentResource("mine:index:Group", "group", {}, options)
        k8s.core.v1.ConfigMap("settings", opts=pulumi.ResourceOptions(parent=group, retain_on_delete=child))

    return evaluate(program)


@pytest.mark.parametrize("transformed", [False, True])
def test_what_a_component_keeps_is_kept_inside_of_it(transformed: bool) -> None:
    graph = kept(transformed)
    assert_protected(graph, ["kubernetes:core/v1:ConfigMap"])
    assert graph.named("settings").deleted_with == graph.named("whole").urn


def test_what_says_that_it_is_not_kept_is_not_kept() -> None:
    with pytest.raises(AssertionError, match="settings"):
        assert_protected(kept(transformed=False, child=False), ["kubernetes:core/v1:ConfigMap"])
