"""The policy pack as Pulumi runs it: a process of its own that answers over gRPC, asked as the engine asks it."""

import runpy
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_THE_WIRE

from aidc.evaluation.graph import STACK_TYPE, UNKNOWN, Resource, ResourceGraph
from aidc.infra.policies import RULES, ResourceRule, StackRule, findings

_PACK = Path(__file__).parents[3] / "infra/policies"
_FIXTURES = runpy.run_path(str(Path(__file__).with_name("fixtures.py")))


def leaves(value: Any) -> list[Any]:
    """Return all plain values of some resources."""
    if isinstance(value, Resource):
        return leaves(value.inputs)
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]


_PROGRAMS: list[list[Resource]] = [program for programs in _FIXTURES["BROKEN"].values() for program in programs]
_PROGRAMS += [program for programs in _FIXTURES["KEPT"].values() for program in programs if UNKNOWN in leaves(program)]
_ROOT = Resource(urn="urn:pulumi:test::fixtures::pulumi:pulumi:Stack::test", type=STACK_TYPE, name="test")


class Engine:
    """What Pulumi's engine does with a pack: starts it, asks who it is, and shows it resources."""

    def __init__(self, exceptions: Path) -> None:
        # sdk/python/cmd/pulumi-language-python starts a pack by this module, with the engine's address and the program.
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(_PACK)],
            cwd=_PACK,
            env={"AIDC_POLICY_EXCEPTIONS": str(exceptions), "PATH": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        assert port.isdigit(), self._process.communicate()[1]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.pack: Any = analyzer_pb2_grpc.AnalyzerStub(self._channel)

    def __call__(
        self, graph: ResourceGraph, outputs: Mapping[str, dict[str, Any]] | None = None
    ) -> set[tuple[str, str, str]]:
        """Return what the pack reports: rule, URN, message. Outputs are the inputs, but for those given by URN."""
        found: set[tuple[str, str, str]] = set()
        shown = [each for each in graph if not each.read]
        for resource in shown:
            if resource.type != STACK_TYPE:
                request = analyzer_pb2.AnalyzeRequest(**on_the_wire(resource))
                found |= told(self.pack.Analyze(request, timeout=60).diagnostics, resource.urn)
        resources = [
            analyzer_pb2.AnalyzerResource(
                **on_the_wire(replace(each, inputs=(outputs or {}).get(each.urn, each.inputs))),
                parent=each.parent,
                dependencies=each.dependencies,
                propertyDependencies={
                    key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for key, urns in each.property_dependencies.items()
                },
            )
            for each in shown
        ]
        answer = self.pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), timeout=120)
        return found | told(answer.diagnostics, "")

    def stop(self) -> None:
        self._channel.close()
        self._process.kill()
        self._process.communicate()


def on_the_wire(resource: Resource) -> dict[str, Any]:
    properties = json_format.ParseDict(sent(resource.inputs), struct_pb2.Struct())
    return {"type": resource.type, "urn": resource.urn, "name": resource.name, "properties": properties}


def sent(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_ON_THE_WIRE
    if isinstance(value, dict):
        return {key: sent(item) for key, item in value.items()}
    return [sent(item) for item in value] if isinstance(value, list) else value


def told(diagnostics: Iterable[Any], urn: str) -> set[tuple[str, str, str]]:
    rules = {rule.name: rule for rule in RULES}
    found: set[tuple[str, str, str]] = set()
    for each in diagnostics:
        rule = rules[each.policyName]
        title, _, message = each.message.partition("\n")
        assert title == each.description == rule.title
        assert analyzer_pb2.EnforcementLevel.Name(each.enforcementLevel).lower() == rule.level
        found.add((each.policyName, each.urn or urn, message))
    return found


def expected(graph: ResourceGraph) -> set[tuple[str, str, str]]:
    # Numbers have no other kind than floating point on the wire, so those in messages may differ in their form.
    return {(each.rule.name, each.resource.urn, f"{each.message}; {each.rule.way_out}") for each in findings(graph)}


def without_numbers(found: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    return {(name, urn, message.replace(".0 ", " ")) for name, urn, message in found}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    none = tmp_path_factory.mktemp("pack") / "none.yaml"
    none.write_text("exceptions: []")
    engine = Engine(none)
    yield engine
    engine.stop()


def test_the_pack_says_who_it_is(engine: Engine) -> None:
    information = engine.pack.GetAnalyzerInfo(empty_pb2.Empty(), timeout=60)
    assert information.name == "aidc"
    kinds = {
        each.name: (analyzer_pb2.PolicyType.Name(each.policy_type), list(each.tags)) for each in information.policies
    }
    assert kinds == {
        rule.name: (
            "POLICY_TYPE_RESOURCE" if isinstance(rule, ResourceRule) else "POLICY_TYPE_STACK",
            list(rule.published),
        )
        for rule in RULES
    }
    assert any(isinstance(rule, StackRule) for rule in RULES)
    assert engine.pack.GetPluginInfo(empty_pb2.Empty(), timeout=60).version


def test_the_pack_finds_what_is_found_offline(engine: Engine) -> None:
    found = 0
    for number, program in enumerate(_PROGRAMS):
        resources = {each.urn: each for each in (_ROOT, *program)}
        graph = ResourceGraph(project="fixtures", stack="test", preview=False, resources=resources)
        offline = expected(graph)
        found += len(offline)
        assert without_numbers(engine(graph)) == without_numbers(offline), f"program {number}: {program}"
    assert found > len(RULES)


def test_what_a_server_filled_in_is_no_finding(engine: Engine) -> None:
    kept, broken = _FIXTURES["KEPT"]["one-owner-of-replicas"][0], _FIXTURES["BROKEN"]["one-owner-of-replicas"][0]
    graph, other = (
        ResourceGraph(
            project="p", stack="test", preview=False, resources={each.urn: each for each in (_ROOT, *program)}
        )
        for program in (kept, broken)
    )
    outputs = {each.urn: each.inputs for each in broken}
    assert set(graph.resources) == set(other.resources)
    assert "one-owner-of-replicas" not in {rule for rule, _, _ in engine(graph, outputs)}
    assert "one-owner-of-replicas" in {rule for rule, _, _ in engine(other, outputs)}
    assert "one-owner-of-replicas" not in {rule for rule, _, _ in engine(graph, outputs)}


def test_a_whole_environment_is_the_same_in_both(engine: Engine, evaluate_stack: Any) -> None:
    for preview in (False, True):
        graph = evaluate_stack(_PACK.parents[1], "local", preview=preview)
        assert without_numbers(engine(graph)) == without_numbers(expected(graph))


def test_the_pack_leaves_out_what_stays_for_a_reason(tmp_path: Path) -> None:
    (program,) = _FIXTURES["BROKEN"]["pod-host-path"]
    entry = {"rule": "pod-host-path", "resources": ["it"], "reason": "a driver"}
    path = tmp_path / "policies.yaml"
    path.write_text(yaml.safe_dump({"exceptions": [entry]}))
    graph = ResourceGraph(
        project="p", stack="test", preview=False, resources={each.urn: each for each in (_ROOT, *program)}
    )
    engine = Engine(path)
    try:
        assert {rule for rule, _, _ in engine(graph)} == {rule for rule, _, _ in expected(graph)} - {"pod-host-path"}
    finally:
        engine.stop()


def test_a_pack_with_a_broken_file_of_exceptions_does_not_start(tmp_path: Path) -> None:
    path = tmp_path / "policies.yaml"
    path.write_text("exceptions: [{rule: pod-host-paths, resources: [it], reason: x}]")
    with pytest.raises(AssertionError, match="did you mean 'pod-host-path'"):
        Engine(path)


def test_the_project_file_is_one_that_pulumi_reads() -> None:
    project = yaml.safe_load((_PACK / "PulumiPolicy.yaml").read_text())
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "uv"}}
    assert (_PACK / "__main__.py").is_file()


def test_no_module_of_the_pack_hides_one_that_others_import() -> None:
    # Python puts the folder of the program first on its path.
    ours = {path.stem for path in _PACK.glob("*.py")} - {"__init__", "__main__"}
    assert not ours & set(sys.stdlib_module_names)
    loaded = "import sys, pulumi_policy, pulumi, grpc; print(*{name.partition('.')[0] for name in sys.modules})"
    found = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout.split()
    assert not ours & set(found)
