"""The environments on AWS: complete, the same everywhere, without anything of the machine, and careful with data."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.graph import UNKNOWN
from aidc.evaluation.project import load_project
from aidc.evaluation.testing import assert_protected

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "staging", "prod")
UPPER_LAYERS = ("prod-platform", "prod")

KEEPS_DATA = (
    "aws:s3/bucket:Bucket",
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:kms/key:Key",
    "aws:backup/vault:Vault",
    "aws:eks/cluster:Cluster",
    "aws:ecr/repository:Repository",
    "aws:cloudtrail/trail:Trail",
    "aws:secretsmanager/secret:Secret",
    "kubernetes:core/v1:PersistentVolume",
    "kubernetes:core/v1:PersistentVolumeClaim",
)
"""Types whose deletion loses what no second update brings back."""

ALONE = """
import hashlib, os, sys
from pathlib import Path

def refused(event, details):
    # The event loop has a pair of sockets of its own, which lead nowhere.
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise PermissionError(f"{event} {details}")

sys.addaudithook(refused)
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project

try:
    import socket
    socket.create_connection(("192.0.2.1", 443))
except PermissionError:
    print("no network")
for environment in sys.argv[2:]:
    graph = joined(evaluate_layers(load_project(Path(sys.argv[1])), environment))
    print(environment, hashlib.sha256(graph.to_json().encode()).hexdigest())
"""


def values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside a value, with its path."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from values(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from values(item, f"{path}[{index}]")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_input_of_an_aws_resource_is_empty(environment: str, evaluate_stack: Callable[..., ResourceGraph]) -> None:
    graph = evaluate_stack(ROOT, environment)
    resources = [r for r in graph if r.package == "aws"]
    assert len(resources) > 100
    wrong = [
        f"{r!r}: {path}: {value!r}"
        for r in resources
        for path, value in values(dict(r.inputs))
        # Rules of buckets are for all objects by an empty prefix.
        if value is None or value is UNKNOWN or (value == "" and not path.endswith(".prefix"))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_output_is_written_into_a_text(environment: str, evaluate_stack: Callable[..., ResourceGraph]) -> None:
    graph = evaluate_stack(ROOT, environment)
    odd = re.compile(r"Calling __str__|<pulumi\.|<Output|\bobject at 0x|\[unknown\]|\barn:aws:[^\"]*None")
    texts = [f"{r!r}: {path}: {v}" for r in graph for path, v in values(dict(r.inputs)) if isinstance(v, str)]
    assert texts
    assert not [text for text in texts if odd.search(text)]


def test_any_process_without_credentials_or_network_gives_the_same_bytes(
    evaluate_stack: Callable[..., ResourceGraph], tmp_path: Path
) -> None:
    alone = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "KUBE", "PULUMI_"))}
    alone |= {"HOME": str(tmp_path), "PYTHONHASHSEED": "4711", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(ROOT), *ENVIRONMENTS],
        env=alone,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    digests = {name: hashlib.sha256(evaluate_stack(ROOT, name).to_json().encode()).hexdigest() for name in ENVIRONMENTS}
    assert done.stdout.splitlines() == ["no network", *(f"{name} {digest}" for name, digest in digests.items())]


@pytest.mark.parametrize("layer", UPPER_LAYERS)
def test_the_first_preview_of_a_layer_ends_well_with_nothing_known_beneath(
    layer: str, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    project = load_project(ROOT)
    first = evaluate(project, layer, preview=True)
    known = evaluate_stack(ROOT, layer)
    own = {urn for urn in known.resources if urn.split(":")[2] == layer}
    assert set(first.resources) == own
    provider = first.named("data-center-cluster")
    # A provider that knows nothing yet must not fall back to the kubeconfig of whoever runs the preview.
    assert layer == "prod-platform" or provider.inputs["kubeconfig"] is UNKNOWN


def test_production_has_all_that_keeps_data(evaluate_stack: Callable[..., ResourceGraph]) -> None:
    graph = evaluate_stack(ROOT, "prod")
    assert not [type for type in KEEPS_DATA if not graph.of_type(type)]
    assert_protected(graph, [type for type in KEEPS_DATA if not type.startswith("kubernetes:")])


# These are buckets that are mounted: their claims and volumes keep nothing themselves.
CORPUS = {"PersistentVolume corpus-volume", "PersistentVolumeClaim corpus"}
MODELS = {"PersistentVolume models-volume", "PersistentVolumeClaim models"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("dev", {"aws:eks/cluster:Cluster dev", *CORPUS, *MODELS}), ("staging", MODELS), ("prod", MODELS)],
)
def test_what_is_left_unprotected(
    environment: str, expected: set[str], evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    graph = evaluate_stack(ROOT, environment)
    free = {
        f"{type.removeprefix('kubernetes:core/v1:')} {r.name}"
        for type in KEEPS_DATA
        for r in graph.of_type(type)
        if not (r.protect or r.retain_on_delete)
    }
    assert free == expected


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_there_is_no_secret_in_the_graph(environment: str, evaluate_stack: Callable[..., ResourceGraph]) -> None:
    graph = evaluate_stack(ROOT, environment)
    assert [r for r in graph if r.secrets or r.secret_outputs] == []
    shown = json.dumps(graph.to_dict())
    # Access keys of AWS, private keys, and tokens of the services whose charts are installed.
    found = re.findall(r"A(?:KIA|SIA)[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{20,}\.[\w-]{20,}", shown)
    assert not found
    named = [
        f"{r!r}: {path}"
        for r in graph
        for path, value in values(dict(r.inputs))
        if isinstance(value, str) and re.search(r"(?i)(password|secretkey|accesskey|apikey|authtoken)$", path)
    ]
    assert not named, "\n".join(named)
    assert not graph.of_type("kubernetes:core/v1:Secret")
    assert not graph.of_type("aws:secretsmanager/secretVersion:SecretVersion")
