"""What the proofs of the AWS environments share: terraform, the graphs, and where exceptions are written."""

import runpy
from pathlib import Path

import pytest
import yaml
from terraforming.terraform import Missing, Terraform

from aidc.components.provider import public_names
from aidc.evaluation import evaluate
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def aws_environments():
    """The environments whose settings say that they are on AWS: dev, staging, prod."""
    found = []
    for name in ("dev", "staging", "prod"):
        settings = yaml.safe_load((ROOT / f"stacks/Pulumi.{name}.yaml").read_text())
        if settings["config"].get("aidc:platform") == "aws":
            found.append(name)
    return found


def environment_graph(name, **options):
    """An environment with the stacks that it stands on."""
    return joined(evaluate_layers(load_project(ROOT), name, **options))


def examples():
    """Every example of the contract, as `(component, number, inputs)`."""
    known = {}
    for path in sorted(HERE.parent.glob("contract/examples*.py")):
        known |= runpy.run_path(str(path))["EXAMPLES"]
    return [(component, number, args) for component in sorted(known) for number, args in enumerate(known[component])]


def example_graph(component, number, args, **options):
    return evaluate(lambda: public_names()[component](f"example-{number}", args), **options)


def pytest_generate_tests(metafunc):
    if "environment" in metafunc.fixturenames:
        metafunc.parametrize("environment", aws_environments())


@pytest.fixture(scope="session")
def terraform(tmp_path_factory):
    """Terraform with its AWS provider; without it these tests are skipped."""
    try:
        return Terraform(tmp_path_factory.mktemp("terraform"))
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def environments():
    """The names of the environments that are on AWS."""
    return aws_environments()


@pytest.fixture(scope="session")
def moto_limits():
    """What moto does not do: see the file."""
    return yaml.safe_load((HERE / "moto.yaml").read_text())


@pytest.fixture(scope="session")
def graphs():
    """Return the graph of an environment with answers of its own, and of every example: the same functions for all."""
    return {"environment": environment_graph, "example": example_graph, "examples": examples}
