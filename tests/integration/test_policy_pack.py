"""The policy pack under `pulumi` itself: what it finds is what `aidc plan` finds, and a mandatory finding stops."""

import json
import shutil
import subprocess
from collections import Counter

import pytest
from pulumi_stack import PROGRAM, ROOT, Stack, cluster_of, present, what_is_missing

from aidc.infra.policies import RULES, ResourceRule, StackRule

MISSING = what_is_missing()
pytestmark = [pytest.mark.skipif(bool(MISSING), reason=MISSING), pytest.mark.timeout(900)]

PACK = "infra/policies"
# Beside the environment: a namespace that enforces nothing, and a server in it that breaks rules about one resource
# and rules about several.
CARELESS = """
import pulumi_kubernetes as k8s
from aidc.controlplane.state import State

provider = k8s.Provider("careless", kubeconfig=str(State(pulumi.get_stack()).kubeconfig))
cluster = pulumi.ResourceOptions(provider=provider)
namespace = k8s.core.v1.Namespace("careless", metadata={"name": "careless"}, opts=cluster)
labels = {"app": "careless"}
container = {"name": "main", "image": "program:latest", "security_context": {"privileged": True}}
k8s.apps.v1.Deployment(
    "careless",
    metadata={"name": "careless", "namespace": "careless"},
    spec={
        "replicas": 2,
        "selector": {"match_labels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"host_network": True, "containers": [container]}},
    },
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[namespace]),
)
"""


@pytest.fixture(scope="module")
def cluster_of_stack(state):
    with cluster_of("local") as client:
        yield client


@pytest.fixture(scope="module")
def stack(tmp_path_factory, cluster_of_stack):
    """The environment `local`, with the pack in its project as in a checkout; nothing is deployed."""
    stack = Stack(tmp_path_factory.mktemp("policies"), "local")
    shutil.copytree(ROOT / PACK, stack.project / PACK, ignore=shutil.ignore_patterns("__pycache__"))
    stack.environment["PULUMI_DEBUG_COMMANDS"] = "true"
    stack.environment["AIDC_POLICY_EXCEPTIONS"] = str(ROOT / "stacks/policies.yaml")
    stack.run("stack", "init")
    return stack


@pytest.fixture
def no_exceptions(stack, monkeypatch):
    path = stack.project / "none.yaml"
    path.write_text("exceptions: []")
    monkeypatch.setitem(stack.environment, "AIDC_POLICY_EXCEPTIONS", str(path))


@pytest.fixture
def careless(stack):
    """The program with what breaks the rules."""
    path = stack.project / PROGRAM
    original = path.read_text()
    path.write_text(original + CARELESS)
    yield
    path.write_text(original)


def with_pack(stack, *arguments):
    """Run a command with the pack; return its exit code, what it says, and its findings."""
    log = stack.project / "events.json"
    log.unlink(missing_ok=True)
    code, said = stack.end(*arguments, "--policy-pack", PACK, "--event-log", str(log))
    assert log.is_file(), said
    events = [json.loads(line) for line in log.read_text().splitlines()]
    found = [each["policyEvent"] for each in events if "policyEvent" in each]
    assert {each["policyPackName"] for each in found} <= {"aidc"}
    # The engine has each message after the title of its rule.
    told = [
        (each["policyName"], each["enforcementLevel"], each["resourceUrn"], each["message"].partition("\n")[2].strip())
        for each in found
    ]
    return code, said, Counter(told)


def offline(stack, command):
    """What `aidc plan` finds in the same program with the same exceptions."""
    ended = subprocess.run(
        command("plan", stack.name, "--project", stack.project, "--json", "-"),
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return Counter(
        (each["rule"], each["level"], each["urn"], f"{each['message']}; {each['wayOut']}")
        for each in json.loads(ended.stdout)["policies"]["findings"]
        if each["reason"] is None
    )


def test_the_environment_passes_with_its_exceptions(stack):
    code, said, found = with_pack(stack, "preview")
    assert (code, found) == (0, Counter()), said
    assert "aidc" in said.partition("Policies:")[2], said


def test_an_advisory_finding_is_said_and_no_more(stack, no_exceptions, command):
    code, said, found = with_pack(stack, "preview")
    assert code == 0, said
    assert found == offline(stack, command)
    assert {level for _, level, _, _ in found} == {"advisory"}


def test_a_mandatory_finding_fails_the_preview(stack, careless, no_exceptions, command):
    code, said, found = with_pack(stack, "preview")
    assert code != 0, said
    assert found == offline(stack, command)
    assert {level for _, level, _, _ in found} == {"advisory", "mandatory"}
    broken = {rule for rule, _, _, _ in found}
    for kind in (ResourceRule, StackRule):
        assert broken & {rule.name for rule in RULES if isinstance(rule, kind)}


def test_a_mandatory_finding_stops_an_update_before_anything_is_made(stack, careless, cluster_of_stack):
    before = present(cluster_of_stack)
    code, said, found = with_pack(stack, "up", "--yes")
    assert code != 0, said
    assert "mandatory" in {level for _, level, _, _ in found}
    assert present(cluster_of_stack) == before


def test_without_a_preview_what_breaks_a_rule_is_not_made(stack, careless, cluster_of_stack):
    code, said, found = with_pack(stack, "up", "--yes", "--skip-preview")
    assert code != 0, said
    assert "mandatory" in {level for _, level, _, _ in found}
    assert "careless" not in {name for _, _, name in present(cluster_of_stack)}


def test_what_is_deployed_passes_as_its_preview_did(stack, cluster_of_stack):
    code, said, found = with_pack(stack, "up", "--yes", "--skip-preview")
    assert (code, found) == (0, Counter()), said
    code, said, found = with_pack(stack, "preview", "--expect-no-changes")
    assert (code, found) == (0, Counter()), said
    stack.run("destroy", "--yes", "--skip-preview")
