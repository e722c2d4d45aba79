"""What our own environments ask of an account, as far as it can be judged without one."""

from functools import cache
from pathlib import Path

import pytest

from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project
from aidc.planning.catalog import quota_of
from aidc.preflight import AccountDemands, Status, account_demands
from aidc.preflight.subnet_room import check_subnet_room

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "staging", "prod")


@cache
def demands_of(environment: str) -> AccountDemands:
    return account_demands(joined(evaluate_layers(load_project(ROOT), environment)))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_asked_for_is_read_whole(environment: str) -> None:
    demands = demands_of(environment)
    assert demands.uses_aws
    assert demands.region
    assert len(demands.clusters) == 1
    assert all(demands.clusters.values())
    assert demands.machines
    for machine in demands.machines:
        assert len(machine.known_types) == len(machine.instance_types), machine.pool
        assert machine.most is not None, f"{machine.pool} has no bound"
        assert set(machine.zones) <= set(demands.zones)
        assert ("reserved" in machine.capacity_types) == bool(machine.reservations), machine.pool
    assert all(addon.version and addon.kubernetes for addon in demands.addons)
    assert all(zone.startswith(demands.region) for zone in demands.zones)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_machine_counts_against_a_quota_that_is_known(environment: str) -> None:
    for machine in demands_of(environment).machines:
        for name in machine.instance_types:
            for kind in set(machine.capacity_types) - {"reserved"}:
                assert quota_of(name, kind) is not None, f"{machine.pool}: {name} {kind}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_subnets_have_room_for_everything(environment: str) -> None:
    findings = list(check_subnet_room(None, demands_of(environment)))
    assert {finding.status for finding in findings} == {Status.PASSED}, findings
