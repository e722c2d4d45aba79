"""Updates of the environments on AWS: nothing that keeps state is made anew, and an addition changes nothing else."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pulumi
import pytest
import yaml

from aidc.evaluation import ResourceGraph, evaluate
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project
from aidc.evaluation.replacements import REPLACING, STATEFUL, replacements
from aidc.evaluation.testing import assert_keeps_state

ROOT = Path(__file__).parents[2]


class Edit(NamedTuple):
    """An edit of an environment's settings, and all that it may do: see edits.yaml."""

    environment: str
    stack: str
    path: str
    value: Any
    new: Sequence[str] = ()
    changed: Sequence[str] = ()
    anew: Sequence[str] = ()
    before: Any = None


EDITS = {
    name: Edit(**edit) for name, edit in yaml.safe_load((Path(__file__).parent / "edits.yaml").read_text()).items()
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_does_what_it_says_and_keeps_all_state(
    name: str, tmp_path: Path, evaluate_stack: Callable[..., ResourceGraph]
) -> None:
    edit = EDITS[name]
    before = evaluate_stack(ROOT, edit.environment)
    if edit.before is not None:
        before = evaluated(edit, edit.before, tmp_path / "before")
    after = evaluated(edit, edit.value, tmp_path / "after")
    assert_keeps_state(before, after)
    assert [short(each.resource) for each in replacements(before, after)] == list(edit.anew)
    assert sorted(changes(before, after)) == sorted(edit.changed)
    assert sorted(additions(before, after)) == sorted(edit.new)


def evaluated(edit: Edit, value: Any, folder: Path) -> ResourceGraph:
    """The environment with one setting changed."""
    (folder / "stacks").mkdir(parents=True)
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    for file in [*(ROOT / "stacks").glob("Pulumi.*.yaml"), ROOT / "stacks/__main__.py"]:
        shutil.copy(file, folder / "stacks")
    file = folder / f"stacks/Pulumi.{edit.stack}.yaml"
    document = yaml.safe_load(file.read_text())
    here = document["config"]
    *above, last = f"aidc:{edit.path}".split("/")
    for key in above:
        here = here.setdefault(key, {})
    assert here.get(last) != value
    here[last] = value
    file.write_text(yaml.safe_dump(document))
    return joined(evaluate_layers(load_project(folder), edit.environment))


def changes(before: ResourceGraph, after: ResourceGraph) -> Iterator[str]:
    """Every changed input of what providers make, as `Kind name: path`."""
    for resource in before:
        now = after.resources.get(resource.urn)
        if now is not None and (resource.custom or resource.is_provider):
            yield from (f"{short(resource)}: {path}" for path in differences(dict(resource.inputs), dict(now.inputs)))
            options = {"inputs": {}, "property_dependencies": {}, "dependencies": ()}
            assert replace(now, **options) == replace(resource, **options)


def additions(before: ResourceGraph, after: ResourceGraph) -> Iterator[str]:
    """The topmost of what is new."""
    for resource in after:
        if resource.urn not in before.resources and resource.parent in before.resources:
            yield short(resource)


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif before != after:
        yield path


def short(resource: Any) -> str:
    return f"{resource.type.rpartition(':')[2]} {resource.name}"


# What follows shows that the proof above can fail.


@pytest.mark.parametrize(
    ("environment", "stack", "path", "value", "lost"),
    [
        ("dev", "dev", "network/cidr", "10.99.0.0/16", {"Vpc dev", "Subnet dev-private-us-east-1a"}),
        (
            "prod",
            "prod",
            "sharedFilesystems/scratch/fsx/subnetId",
            "us-east-1b",
            {"LustreFileSystem scratch", "PersistentVolume scratch-volume"},
        ),
        ("prod", "prod", "sharedFilesystems/scratch/size", "19200Gi", {"LustreFileSystem scratch"}),
        ("prod", "prod-platform", "environment", "live", {"Cluster prod"}),
    ],
)
def test_a_dangerous_edit_is_found(
    environment: str,
    stack: str,
    path: str,
    value: Any,
    lost: set[str],
    tmp_path: Path,
    evaluate_stack: Callable[..., ResourceGraph],
) -> None:
    before = evaluate_stack(ROOT, environment)
    after = evaluated(Edit(environment, stack, path, value), value, tmp_path)
    assert lost <= {short(each.resource) for each in replacements(before, after) if each.is_stateful}
    with pytest.raises(AssertionError, match="the update loses"):
        assert_keeps_state(before, after)


def network(zone: str = "a", *, name: str = "data", alias: str | None = None, region: str = "us-east-1") -> Any:
    from pulumi_aws import Provider, ec2, fsx

    def program() -> None:
        provider = Provider("aws", region=region)
        opts = pulumi.ResourceOptions(provider=provider, aliases=[pulumi.Alias(name=alias)] if alias else None)
        subnet = ec2.Subnet(
            "files", vpc_id="vpc-0", cidr_block="10.0.0.0/24", availability_zone=f"us-east-1{zone}", opts=opts
        )
        fsx.LustreFileSystem(
            name, subnet_ids=subnet.id, storage_capacity=1200, deployment_type="PERSISTENT_2", opts=opts
        )

    return evaluate(program)


def test_what_takes_the_id_of_something_new_is_new_as_well() -> None:
    found = replacements(network("a"), network("b"))
    assert [short(each.resource) for each in found] == ["Subnet files", "LustreFileSystem data"]
    assert "availabilityZone: us-east-1a -> us-east-1b" in str(found[0])
    assert "subnetIds, which comes from" in str(found[1])


def test_a_new_provider_makes_all_anew() -> None:
    found = replacements(network(), network(region="us-west-2"))
    assert [short(each.resource) for each in found] == ["aws aws", "Subnet files", "LustreFileSystem data"]


def test_a_new_name_loses_the_old_resource_but_not_with_an_alias() -> None:
    before = network()
    assert [each.reason for each in replacements(before, network(name="files"))] == ["gone"]
    old = next(r for r in before if r.name == "data")
    assert replacements(before, network(name="files", alias="data")) == ()
    assert old.urn not in network(name="files", alias="data").resources


def test_stateful_types_have_replacing_inputs() -> None:
    silent = {type for type in STATEFUL if type not in REPLACING and not type.startswith("kubernetes:")}
    assert silent == set()
