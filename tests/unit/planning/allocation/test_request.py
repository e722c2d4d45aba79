"""Requests as people write them, good and bad: all problems at once, each with its path and the way out."""

from typing import Any

import pytest

from aidc.planning.allocation.offers import Reservation, market
from aidc.planning.allocation.request import read_request
from aidc.planning.catalog import all_instance_types
from aidc.problems import InvalidInput, Problems

TRAIN = {"model": "7B", "tokens": "300B", "days": 14}
SERVE = {"model": "8B", "requestsPerSecond": 200, "timeToFirstToken": "200ms"}


def serve(**change: Any) -> dict[str, Any]:
    return {"demands": {"d": {"serve": {**SERVE, **change}}}}


def request(**document: Any):
    return read_request({"demands": {"d": {"train": TRAIN}}, **document}, "request")


def problems_of(**document: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        request(**document)
    return {problem.path: problem.reason for problem in caught.value.problems}


def test_the_two_sentences_of_the_task():
    read = read_request({"demands": {"training": {"train": TRAIN}, "serving": {"serve": SERVE}}}, "request")
    training, serving = read.problem.demands
    assert training.together
    assert training.needs[0].amount == 1.0
    layout = read.layouts["training"]["p5.48xlarge"]
    assert layout.days <= 14
    assert serving.needs[0].amount == 200
    assert read.serving["serving"]["p5.48xlarge"].replica.time_to_first_token <= 0.2
    assert read.market.zones == ("us-east-1a", "us-east-1b", "us-east-1c")


def test_amounts_are_what_one_node_gives():
    needs = {"cpu": 500, "memory": "2Ti", "storage": "10T", "network": "1k"}
    (demand,) = read_request({"demands": {"d": {"needs": needs}}}, "request").problem.demands
    given = {need.name: (need.amount, need.per_node.get("m7i.large", 0)) for need in demand.needs}
    node = all_instance_types()["m7i.large"]
    assert given["cpu"] == (500, node.allocatable_cpu_millis / 1000)
    assert given["memory"] == (2048, node.allocatable_memory_mib / 1024)
    assert given["storage"] == (10_000, 0)
    assert given["network"] == (1000, node.network_mbps / 1000)
    assert all(all_instance_types()[name].accelerator is None for name in demand.instance_types)
    assert all(all_instance_types()[name].local_nvme_gb for name in demand.instance_types)


def test_accelerators_by_model_memory_and_vendor():
    def types(**demand: Any) -> set[str]:
        (found,) = read_request({"demands": {"d": demand}}, "request").problem.demands
        return set(found.instance_types)

    needs = {"needs": {"accelerators": 16}}
    assert types(**needs, accelerator="h100") == {"p5.48xlarge", "p5.4xlarge"}
    assert "trn1.32xlarge" not in types(**needs)
    assert "trn1.32xlarge" in types(**needs, vendor="any")
    assert "trn1.32xlarge" in types(**needs, accelerator="trainium")
    assert types(**needs, instanceTypes=["p5.48xlarge", "m7i.large"]) == {"p5.48xlarge"}
    big = types(needs={"accelerators": 16, "acceleratorMemory": "100Gi"})
    assert big
    assert all(all_instance_types()[name].accelerator_memory_mib >= 102_400 for name in big)


def test_quotas_by_code_and_by_class():
    read = request(
        limits={"quotas": {"p": "768", "g/spot": 256, "L-1216C47A": 64}, "budgetPerHour": 100, "maximumNodes": 9}
    )
    assert read.problem.limits.quotas == {"L-417A185B": 768, "L-3819A6DF": 256, "L-1216C47A": 64}
    assert (read.problem.limits.budget_per_hour, read.problem.limits.maximum_nodes) == (100, 9)


def test_what_has_no_price_is_left_out_and_told_and_never_costs_nothing():
    read = request(region="us-east-1")
    assert read.market.unpriced == ("p5e.48xlarge", "trn2.48xlarge")
    assert all(offer.price > 0 for offer in read.market.offers)
    own = request(prices={"p5e.48xlarge": {"on-demand": 60}})
    assert own.market.unpriced == ("trn2.48xlarge",)
    prices = {offer.price for offer in own.market.offers if offer.instance_type == "p5e.48xlarge"}
    assert prices == {60}


def test_reservations_are_paid_for_whatever_is_used():
    given = {"id": "cr-1", "instanceType": "p5.48xlarge", "zone": "us-east-1a", "nodes": 4}
    read = request(reservations=[given])
    assert read.market.reserved_per_hour == pytest.approx(4 * 55.04)
    (offer,) = [offer for offer in read.market.offers if offer.reservation]
    assert (offer.maximum_nodes, offer.quota, offer.price) == (4, "", 0)
    assert request(reservations=[{**given, "pricePerHour": 30}]).market.reserved_per_hour == 120


def test_a_bound_on_what_a_zone_has():
    read = request(available={"p5.48xlarge": 2})
    bounds = {offer.maximum_nodes for offer in read.market.offers if offer.instance_type == "p5.48xlarge"}
    assert bounds == {2}


@pytest.mark.parametrize(
    ("document", "path", "told"),
    [
        ({"region": "us-east"}, "region", "or 'us-east-1'"),
        ({"zones": ["eu-west-1a"]}, "zones[0]", "'eu-west-1a' is not a zone of us-east-1; write it like us-east-1a"),
        ({"zones": ["us-east-1a", "us-east-1a"]}, "zones[1]", "given twice"),
        ({"zones": "us-east-1a"}, "zones", "is no list"),
        ({"zonse": []}, "zonse", "unknown key; did you mean 'zones'"),
        ({"demands": {}}, "demands", "nothing is asked for"),
        ({"demands": []}, "demands", "is no mapping"),
        ({"demands": {"d": 3}}, "demands.d", "is no demand; give one of train, serve, needs"),
        ({"demands": {"d": {}}}, "demands.d", "give exactly one of train, serve, needs"),
        ({"demands": {"d": {"train": TRAIN, "serve": SERVE}}}, "demands.d", "train and serve"),
        ({"demands": {"d": {"train": {"model": "7B"}}}}, "demands.d.train.tokens", "is missing"),
        ({"demands": {"d": {"train": {**TRAIN, "tokens": "-3B"}}}}, "demands.d.train.tokens", "is not a number"),
        ({"demands": {"d": {"train": {**TRAIN, "tokens": -3}}}}, "demands.d.train.tokens", "give more than 0"),
        ({"demands": {"d": {"train": {**TRAIN, "days": "x"}}}}, "demands.d.train.days", "is not a time"),
        ({"demands": {"d": {"train": {**TRAIN, "model": "lama-3-8b"}}}}, "demands.d.train.model", "did you mean"),
        (serve(timeToFirstToken=200), "demands.d.serve.timeToFirstToken", "like 200ms"),
        (serve(requestsPerSecond=-1), "demands.d.serve.requestsPerSecond", "more than 0"),
        ({"demands": {"d": {"needs": {"cpu": -5}}}}, "demands.d.cpu", "-5 cores cannot be needed; give 0 or more"),
        ({"demands": {"d": {"needs": {"memory": "2 Tx"}}}}, "demands.d.needs.memory", "write it like 512Gi"),
        ({"demands": {"d": {"needs": {}}}}, "demands.d.needs", "nothing is asked for"),
        ({"demands": {"d": {"needs": {"cpus": 5}}}}, "demands.d.needs.cpus", "unknown key; did you mean 'cpu'"),
        ({"demands": {"d": {"train": TRAIN, "spotShare": 2}}}, "demands.d.spotShare", "is not a share"),
        ({"demands": {"d": {"train": TRAIN, "zoneShare": 0.5}}}, "demands.d.together", "cannot outlive it"),
        ({"demands": {"d": {"train": TRAIN, "maximumNodes": 1.5}}}, "demands.d.maximumNodes", "whole number"),
        ({"demands": {"d": {"train": TRAIN, "accelerator": "h1000"}}}, "demands.d.accelerator", "did you mean"),
        ({"demands": {"d": {"train": TRAIN, "survivesZoneLoss": "yes"}}}, "demands.d.survivesZoneLoss", "neither"),
        ({"demands": {"D_1": {"train": TRAIN}}}, "demands.D_1", "cannot name pools"),
        ({"limits": {"quotas": {"p7": 3}}}, "limits.quotas.p7", "'p7' is no quota"),
        ({"limits": {"quotas": {"p": -3}}}, "limits.quotas.L-417A185B", "-3 vCPU is no quota"),
        ({"limits": {"budgetPerHour": -3}}, "limits.budgetPerHour", "no budget"),
        ({"limits": {"maximumNodes": -3}}, "limits.maximumNodes", "too little"),
        ({"prices": {"p5.48xlarge": {"on-demand": 0}}}, "prices.p5.48xlarge.on-demand", "no price; give more than 0"),
        ({"prices": {"p5.48xlarg": {"on-demand": 1}}}, "prices.p5.48xlarg", "is not a known instance type"),
        ({"instanceTypes": ["p5"]}, "instanceTypes[0]", "is not a known instance type"),
        ({"available": {"p5.48xlarge": -1}}, "available.p5.48xlarge", "too little"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_path(document, path, told):
    found = problems_of(**document)
    assert path in found, found
    assert told in found[path]


def test_a_reservation_without_a_known_price_must_say_it():
    problems = Problems()
    given = [Reservation(id="cr-1", instance_type="p5e.48xlarge", zone="us-east-1a", nodes=1)]
    assert market("us-east-1", [], problems, reservations=given) is None
    assert [str(each) for each in problems] == [
        "reservations[0].price: p5e.48xlarge has no on-demand price in us-east-1; say what it costs an hour"
    ]


def test_everything_wrong_is_told_at_once():
    found = problems_of(
        region="mars", zones=["x"], demands={"d": {"train": {**TRAIN, "days": -1}}}, limits={"quotas": 3}
    )
    assert {"region", "zones[0]", "demands.d.train.days", "limits.quotas"} <= found.keys()
