"""The evaluator against real Pulumi programs: what it records, marks, answers and refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from aidc.evaluation import UNKNOWN, EvaluationError, ResourceGraph, evaluate
from aidc.evaluation.manifests import ordered_manifests
from aidc.problems import InvalidInput


class Pair(pulumi.ComponentResource):
    """Two config maps, the second named after the first."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Pair", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        first = k8s.core.v1.ConfigMap(f"{name}-first", metadata={"name": name}, opts=child)
        k8s.core.v1.ConfigMap(
            f"{name}-second",
            metadata={
                "name": first.metadata.apply(lambda metadata: f"{metadata.name}-2"),
                "annotations": {"first": first.id},
            },
            opts=child,
        )
        self.register_outputs({"first": first.metadata.name})


def test_urns_parents_and_dependencies_are_the_engines() -> None:
    graph = evaluate(lambda: Pair("a"), "dev", project="p")
    second = graph.named("a-second")
    assert second.urn == "urn:pulumi:dev::p::test:index:Pair$kubernetes:core/v1:ConfigMap::a-second"
    assert graph[second.parent].type == "test:index:Pair"
    assert second.dependencies == (graph.named("a-first").urn,)
    assert second.property_dependencies["metadata"] == second.dependencies
    assert second.inputs["metadata"]["name"] == "a-2"
    assert graph.component_of(second) == graph.named("a")


def test_two_components_and_a_stack_transform() -> None:
    def label(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if not args.type_.startswith("kubernetes:"):
            return None
        props: dict[str, Any] = dict(args.props)
        props["metadata"] = {**props["metadata"], "labels": {"by": "transform"}}
        return pulumi.ResourceTransformResult(props, args.opts)

    def program() -> None:
        pulumi.runtime.register_resource_transform(label)
        Pair("a")
        Pair("b")

    graph = evaluate(program)
    labelled = graph.of_type("kubernetes:core/v1:ConfigMap")
    assert len(labelled) == 4
    assert all(resource.inputs["metadata"]["labels"] == {"by": "transform"} for resource in labelled)


def test_a_transform_of_one_component_reaches_its_children_only() -> None:
    def protect(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
        return pulumi.ResourceTransformResult(
            args.props, pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
        )

    def program() -> None:
        Pair("a", pulumi.ResourceOptions(transforms=[protect]))
        Pair("b")

    graph = evaluate(program)
    assert {r.name for r in graph if r.protect} == {"a", "a-first", "a-second"}


def test_preview_knows_nothing_that_only_a_provider_can_tell() -> None:
    graph = evaluate(lambda: Pair("a"), preview=True)
    second = graph.named("a-second")
    assert second.inputs["metadata"]["annotations"] == {"first": UNKNOWN}
    assert "metadata.annotations.first" in second.unknowns
    assert json.loads(graph.to_json())["resources"]


def test_secrets_are_marked_and_never_shown() -> None:
    def program() -> None:
        word = pulumi.Output.secret("open sesame")
        k8s.core.v1.Secret("s", metadata={"name": "s"}, string_data={"word": word})
        pulumi.export("word", word)

    graph = evaluate(program)
    secret = graph.named("s")
    assert secret.inputs["stringData"]["word"] == "open sesame"
    assert any(path.startswith("stringData") for path in secret.secrets)
    assert "open sesame" not in graph.to_json()


def test_the_address_of_a_load_balancer_can_be_used() -> None:
    def program() -> None:
        service = k8s.core.v1.Service("s", metadata={"name": "s"}, spec={"type": "LoadBalancer"})
        address = service.status.apply(lambda status: status.load_balancer.ingress[0].ip)
        k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, data={"address": address})

    assert evaluate(program).named("c").inputs["data"] == {"address": "198.51.100.1"}


def test_provider_functions_answer_what_the_test_says() -> None:
    token = "aws:index/getCallerIdentity:getCallerIdentity"

    def program() -> None:
        found = pulumi.runtime.invoke(token, {})
        pulumi.export("account", found.value["accountId"] if found.value else None)

    graph = evaluate(program, calls={token: {"accountId": "123456789012"}})
    assert graph.outputs == {"account": "123456789012"}
    assert graph.calls == (token,)


def test_outputs_of_another_stack() -> None:
    def program() -> None:
        reference = pulumi.StackReference("acme/network/prod")
        k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, data={"vpc": reference.get_output("vpc")})

    known = evaluate(program, stack_outputs={"prod": {"vpc": "vpc-1"}})
    assert known.named("c").inputs["data"] == {"vpc": "vpc-1"}
    unknown = evaluate(program, preview=True)
    assert unknown.named("c").inputs["data"]["vpc"] is UNKNOWN


def test_the_same_name_twice_is_refused_as_by_the_engine() -> None:
    def program() -> None:
        k8s.core.v1.ConfigMap("c", metadata={"name": "c"})
        k8s.core.v1.ConfigMap("c", metadata={"name": "d"})

    with pytest.raises(EvaluationError, match="two resources named 'c'"):
        evaluate(program)


def test_a_failing_program_says_where() -> None:
    def program() -> None:
        raise KeyError("nodes")

    with pytest.raises(EvaluationError, match=r"KeyError: 'nodes' \(.*test_evaluator.py:\d+\)"):
        evaluate(program)


def test_evaluations_do_not_see_each_other() -> None:
    def count(graph: ResourceGraph) -> int:
        return len(graph)

    assert count(evaluate(lambda: Pair("a"))) == count(evaluate(lambda: Pair("b"))) == 4


async def run_inside_a_loop() -> ResourceGraph:
    return evaluate(lambda: Pair("a"))


def test_evaluation_inside_a_running_event_loop() -> None:
    import asyncio

    assert len(asyncio.run(run_inside_a_loop())) == 4


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    def make(program: str, config: str = "config: {}", declared: str = "") -> Path:
        (tmp_path / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\n{declared}")
        (tmp_path / "Pulumi.dev.yaml").write_text(config)
        (tmp_path / "__main__.py").write_text(program)
        return tmp_path

    return make


PROGRAM = """
import pulumi, pulumi_kubernetes as k8s
import names
config = pulumi.Config()
k8s.core.v1.ConfigMap("c", metadata={"name": names.NAME}, data={"size": str(config.require_int("size")), \
"zones": ",".join(config.require_object("zones")), "word": config.get_secret("word")})
"""


def test_a_strangers_project_with_modules_configuration_and_secrets(project: Callable[..., Path]) -> None:
    folder = project(
        PROGRAM,
        "config:\n  shop:zones: [a, b]\n  shop:word: {secure: AAABBB}\n",
        "config:\n  size: {type: integer, default: 3}\n",
    )
    (folder / "names.py").write_text("NAME = 'from-a-module'\n")
    found = evaluate(folder, "dev").named("c")
    assert found.inputs["metadata"]["name"] == "from-a-module"
    assert found.shown_inputs()["data"] == {"size": "3", "zones": "a,b", "word": "[secret]"}


@pytest.mark.parametrize(("type", "text"), [("integer", '"16"'), ("integer", '"-1"'), ("boolean", '"true"')])
def test_scalars_as_pulumi_config_set_writes_them(project: Callable[..., Path], type: str, text: str) -> None:
    declared = f"config:\n  size: {{type: {type}}}\n"
    assert len(evaluate(project("", f"config:\n  shop:size: {text}\n", declared), "dev")) == 1


def test_metadata_that_the_server_fills_in() -> None:
    def program() -> None:
        first = k8s.core.v1.ConfigMap("a", metadata={"name": "a"})
        k8s.core.v1.ConfigMap("b", metadata={"name": "b"}, data={"uid": first.metadata.uid})

    assert len(evaluate(program).named("b").inputs["data"]["uid"]) == 36


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("", "the file is empty"),
        ("- a", "must be a mapping"),
        ("config: [1", "not YAML"),
        ("config:\n  a: 1\n  a: 2\n", "line 3: key 'a' is there twice"),
        ("config:\n  shop:size: many\n", "size: 'many' is not of type integer"),
    ],
)
def test_a_broken_stack_file_is_named(project: Callable[..., Path], config: str, words: str) -> None:
    folder = project("", config, "config:\n  size: {type: integer}\n")
    with pytest.raises(InvalidInput) as caught:
        evaluate(folder, "dev")
    assert "Pulumi.dev.yaml" in str(caught.value)
    assert words in str(caught.value)


def test_a_bomb_is_refused_at_once(project: Callable[..., Path]) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(InvalidInput, match="once aliases are followed"):
        evaluate(project("", "\n".join(lines)), "dev")


def test_a_missing_stack_lists_those_that_exist(project: Callable[..., Path]) -> None:
    with pytest.raises(InvalidInput, match=r"no stack 'dv'.*did you mean 'dev'"):
        evaluate(project(""), "dv")


@pytest.mark.parametrize("runtime", ["nodejs", "{name: yaml}"])
def test_another_language_is_refused(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: p\nruntime: {runtime}\n")
    with pytest.raises(InvalidInput, match="only python programs"):
        evaluate(tmp_path, "dev")


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no Pulumi\.yaml"):
        evaluate(tmp_path, "dev")
    with pytest.raises(InvalidInput, match="no such folder"):
        evaluate(tmp_path / "nowhere", "dev")


@pytest.mark.parametrize("preview", [False, True])
def test_a_secret_inside_of_what_a_server_adds_to_stays_a_secret(preview: bool) -> None:
    def program() -> None:
        notes: Any = {"annotations": {"token": pulumi.Output.secret("hush")}}
        settings = k8s.core.v1.ConfigMap("settings", metadata=notes)
        pulumi.export("notes", settings.metadata.annotations)

    graph = evaluate(program, preview=preview)
    assert "hush" not in graph.to_json()
    assert "notes" in graph.root.secret_outputs


def test_a_preview_does_not_know_the_name_and_the_address_that_nobody_gave() -> None:
    def program() -> None:
        space = k8s.core.v1.Namespace("shop", metadata={"labels": {"team": "shop"}})
        web = k8s.core.v1.Service("web", metadata={"name": "web"}, spec={"ports": [{"port": 80}]})
        pulumi.export("host", pulumi.Output.concat(web.metadata.name, ".", web.metadata.namespace))
        pulumi.export("address", pulumi.Output.concat("http://", web.spec.cluster_ip))
        pulumi.export("space", pulumi.Output.concat("space ", space.metadata.name))

    known = evaluate(program).outputs
    assert known == {"host": "web.default", "address": "http://192.0.2.1", "space": "space shop"}
    assert evaluate(program, preview=True).outputs == {"host": "web.default", "address": UNKNOWN, "space": UNKNOWN}


@pytest.mark.parametrize("by_stack", [False, True])
def test_objects_without_a_namespace_are_in_that_of_their_provider(by_stack: bool) -> None:
    def program() -> None:
        provider = None if by_stack else k8s.Provider("shop", namespace="shop")
        options = pulumi.ResourceOptions(provider=provider)
        k8s.core.v1.ConfigMap("own", opts=options)
        k8s.core.v1.ConfigMap("other", metadata={"namespace": "other"}, opts=options)
        k8s.core.v1.Namespace("whole", opts=options)

    graph = evaluate(program, config={"kubernetes:namespace": "shop"} if by_stack else {})
    namespaces = {manifest.name: manifest.namespace for manifest in ordered_manifests(graph)}
    assert namespaces == {"own": "shop", "other": "other", "whole": ""}
