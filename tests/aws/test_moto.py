"""Every environment made by a real AWS provider in an AWS that is moto, made again, and taken down."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from terraforming.inventory import inventory
from terraforming.limits import Limits
from terraforming.moto_server import moto
from terraforming.references import References
from terraforming.terraform import Result
from terraforming.translation import Translator

pytestmark = pytest.mark.timeout(1500)

# Requests at a time: the provider mostly waits for what it made to become visible.
_PARALLEL = "-parallelism=40"


@dataclass(frozen=True)
class Life:
    """What became of one environment."""

    wanted: int
    created: int
    applied: Result
    planned: Result
    destroyed: Result
    left: set[str]


def live(terraform, name, configuration, limits):
    with moto() as server:
        regions = [each["region"] for each in configuration.providers.values()]
        before = inventory(server, regions)
        document = configuration.document(server.settings(terraform.provider.services))
        folder = terraform.workspace(f"moto-{name}", document)
        applied = terraform.run(folder, "apply", "-auto-approve", "-json", _PARALLEL)
        created = terraform.run(folder, "state", "list").output.split()
        planned = terraform.run(folder, "plan", "-detailed-exitcode", "-json", _PARALLEL)
        destroyed = terraform.run(folder, "destroy", "-auto-approve", "-json", "-refresh=false", _PARALLEL)
        left = limits.left(inventory(server, regions) - before)
    return Life(len(configuration), len(created), applied, planned, destroyed, left)


@pytest.fixture(scope="module")
def limits(moto_limits):
    return Limits(moto_limits)


@pytest.fixture(scope="module")
def lives(terraform, graphs, limits, environments):
    """Each environment with a server of its own, all at once: most of the time is the provider's waiting."""
    configurations = {}
    for name in environments:
        references = References(terraform.provider, is_left_out=limits.is_left_out)
        translator = Translator(terraform.provider, references)
        translator.add(graphs["environment"](name, answers=[references]))
        configurations[name] = limits.applied(translator.configuration)
    with ThreadPoolExecutor(max_workers=len(environments) or 1) as pool:
        running = {name: pool.submit(live, terraform, name, each, limits) for name, each in configurations.items()}
        return {name: each.result() for name, each in running.items()}


def test_everything_that_moto_knows_is_made(environment, lives):
    life = lives[environment]
    assert not life.applied.errors()
    assert life.applied.code == 0, life.applied.output[-2000:]
    assert life.created == life.wanted > 50


def test_a_second_plan_is_empty(environment, lives):
    planned = lives[environment].planned
    assert planned.code == 0, "\n".join(planned.changes() or planned.errors())


def test_nothing_is_left_after_a_destroy(environment, lives):
    life = lives[environment]
    assert life.destroyed.code == 0, "\n".join(life.destroyed.errors())
    assert not life.left


def test_every_limit_is_one_that_the_environments_meet(environments, lives, limits):
    if not environments:
        pytest.skip("no environment is on AWS")
    assert not limits.unmet()
