"""Which inputs make a resource anew: what `aidc.evaluation.replacements` says, beside what AWS's provider plans."""

import copy
import json
import re

import pytest
from conftest import aws_environments, environment_graph
from terraforming.references import References
from terraforming.translation import Translator

from aidc.evaluation.replacements import replacing_paths

SETTINGS = {
    "access_key": "none",
    "secret_key": "none",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": True,
}

# The provider cannot read a part of them from a state, or takes no other value that can be made up.
UNREADABLE = {
    "aws_cloudtrail: insight_selector",
    "aws_ec2_instance_metadata_defaults: http_endpoint",
    "aws_ec2_instance_metadata_defaults: http_tokens",
    "aws_secretsmanager_secret: replica",
}

# What Terraform replaces only where the number gets smaller, which is another rule here.
SMALLER = {"aws_fsx_lustre_file_system: storage_capacity"}


def leaves(value, path=()):
    """The paths of all plain values; of a list of blocks, those of the first."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from leaves(value[0], (*path, 0))
    else:
        yield path


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [other(item) for item in value] or ["other"]
    if value.startswith("{"):
        return "{}"
    if value.isdigit():
        return str(int(value) + 1)
    return value[:-1] + ("1" if value.endswith("0") else "0")


def labelled(references):
    def answer(*resource):
        references(*resource)

    return answer


@pytest.mark.timeout(1500)
def test_the_provider_replaces_on_the_same_inputs(terraform, tmp_path):
    schemas = json.loads((terraform.folder / "schema.json").read_text())["provider_schemas"]
    versions = next(iter(schemas.values()))["resource_schemas"]
    own, bodies = {}, {}
    for environment in aws_environments():
        references = References(terraform.provider)
        # They are asked for the labels alone: references would not be known in a plan without a real state.
        translator = Translator(terraform.provider, references)
        graph = environment_graph(environment, answers=[labelled(references)])
        translator.add(graph)
        for address, urn in translator.configuration.urns.items():
            type, _, label = address.partition(".")
            resource = graph[urn]
            own[type] = {plain(path) for path in replacing_paths(resource)}
            for path in leaves(translator.configuration.resources[type][label]):
                name = ".".join(step for step in path if isinstance(step, str))
                if not name.startswith(("tags", "provider", "depends_on", "lifecycle", "region")):
                    bodies.setdefault(f"{type}: {name}", (path, translator.configuration.resources[type][label]))
    resources, state, inputs = {}, [], {}
    for index, (name, (path, body)) in enumerate(bodies.items()):
        if name in UNREADABLE:
            continue
        type, label = name.partition(":")[0], f"x{index}"
        body = {key: value for key, value in body.items() if key not in ("provider", "depends_on", "lifecycle")}
        before = copy.deepcopy(body)
        here = before
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = other(here[path[-1]])
        resources.setdefault(type, {})[label] = body
        attributes = {"id": "x", **before}
        instance = {"schema_version": versions[type]["version"], "attributes": attributes}
        source = 'provider["registry.terraform.io/hashicorp/aws"]'
        state.append({"mode": "managed", "type": type, "name": label, "provider": source, "instances": [instance]})
        inputs[f"{type}.{label}"] = name
    provider = {"aws": [{**SETTINGS, "region": "us-east-1"}]}
    required = {"required_providers": {"aws": {"source": "hashicorp/aws"}}}
    document = {"terraform": required, "provider": provider, "resource": resources}
    folder = terraform.workspace("replacements", document)
    whole = {"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "x", "resources": state}
    (folder / "terraform.tfstate").write_text(json.dumps(whole))
    done = terraform.run(folder, "plan", "-refresh=false", "-input=false", "-no-color", "-json", "-out=plan")
    assert done.errors() == []
    planned = json.loads(terraform.run(folder, "show", "-json", "plan").output)
    replaced = set()
    for change in planned["resource_changes"]:
        name = inputs[change["address"]]
        top = name.partition(": ")[2].partition(".")[0]
        if any(path[0] == top for path in change["change"].get("replace_paths", [])):
            replaced.add(name)
    assert len(replaced) > 80
    said = {
        name
        for name in inputs.values()
        for type, _, path in [name.partition(": ")]
        if any(plain(path) == mine or plain(path).startswith(f"{mine}.") for mine in own[type])
    }
    assert replaced - said - SMALLER == set(), "the provider makes these anew, and nothing here says so"
    assert said - replaced == set(), "these are said to make it anew, and the provider does not"


def plain(path):
    """A path without what differs between Pulumi's names and Terraform's: capitals, underscores, plurals."""
    return re.sub(r"s(?=\.|$)", "", path.replace("_", "").lower())
