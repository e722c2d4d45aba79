"""Every row of the catalog's data is complete, consistent, and says what its source says."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from aidc.planning import catalog
from aidc.planning.catalog import accelerators, all_instance_types, instance_type, regions, sources

ISO_DATE = re.compile(r"20\d\d-[01]\d(-[0-3]\d)?")
TYPES = list(all_instance_types().values())
PRICES = [(each.name, price) for each in TYPES for price in each.prices]


def test_the_catalog_holds_all_accelerated_types_and_cpu_types_of_both_architectures():
    accelerated = [each for each in TYPES if each.accelerator]
    assert len(accelerated) == 71
    assert {each.architecture for each in TYPES if not each.accelerator} == {"amd64", "arm64"}
    assert len(TYPES) == 147


@pytest.mark.parametrize("each", TYPES, ids=lambda each: each.name)
def test_an_instance_type_is_complete(each):
    assert re.fullmatch(r"[a-z0-9-]+\.(\d*xlarge|large|medium|metal)", each.name)
    assert each.vcpus > 0
    assert 0 < each.allocatable_cpu_millis < each.vcpus * 1000
    assert 0 < each.allocatable_memory_mib < each.memory_mib
    assert 0 < each.pods < 2000
    assert each.network_mbps > 0
    assert each.ebs_mbps > 0
    assert min(each.local_nvme_gb, each.efa_interfaces, each.neuron_cores, each.accelerator_count) >= 0
    assert each.architecture in ("amd64", "arm64")
    assert (each.cpu_manufacturer == "aws") == (each.architecture == "arm64")


@pytest.mark.parametrize("each", TYPES, ids=lambda each: each.name)
def test_count_memory_and_cores_of_the_accelerators_agree_with_their_model(each):
    if each.accelerator is None:
        assert (each.accelerator_count, each.accelerator_memory_mib, each.neuron_cores) == (0, 0, 0)
    elif each.is_accelerator_fraction:
        assert 0 < each.accelerator_memory_mib <= each.accelerator.memory_mib / 2
        assert each.accelerator.resource_name not in each.extended_resources
    else:
        assert each.accelerator_count in (1, 2, 4, 6, 8, 12, 16)
        assert each.accelerator_memory_mib == each.accelerator.memory_mib
        assert each.neuron_cores == each.accelerator_count * each.accelerator.neuron_cores
        assert each.extended_resources[each.accelerator.resource_name] == each.accelerator_count


def test_within_a_family_more_of_everything_costs_more():
    families: dict[str, list] = {}
    for each in TYPES:
        families.setdefault(each.family, []).append(each)
    for members in families.values():
        priced = [(each, price.amount) for each in members if (price := each.price("us-east-1"))]
        for one, cost in priced:
            for other, more in priced:
                bigger = other.vcpus > one.vcpus and other.accelerator_count >= one.accelerator_count
                assert not bigger or more > cost, (one.name, other.name)


@pytest.mark.parametrize(("name", "price"), PRICES)
def test_a_price_is_positive_and_has_its_region_currency_option_source_and_date(name, price):
    assert 0 < price.lowest <= price.amount < 1000
    assert price.currency == "USD"
    assert price.purchase_option in ("on-demand", "spot")
    assert re.fullmatch(r"[a-z]{2}-[a-z]+-\d", price.region)
    assert price.region in regions()
    assert price.date == sources()[price.source].date
    if price.region == "us-east-1" and price.purchase_option == "on-demand":
        assert price.date == "2026-07-20"


def test_what_is_not_sold_on_demand_has_no_price_rather_than_zero():
    unpriced = {each.name for each in TYPES if each.price("us-east-1") is None}
    assert unpriced == {"p5e.48xlarge", "trn2.48xlarge"}
    assert all("Capacity Blocks" in instance_type(name).notes[0] for name in unpriced)


def test_no_price_names_an_unknown_type():
    data = importlib.import_module("aidc.planning.catalog.prices")
    assert set(data.prices()) <= set(all_instance_types())


@pytest.mark.parametrize("each", sources().values(), ids=lambda each: each.name)
def test_a_source_says_what_where_and_when(each):
    assert each.title
    assert each.url is None or each.url.startswith("https://")
    assert each.date is None or ISO_DATE.fullmatch(each.date)
    assert ISO_DATE.fullmatch(each.read)
    assert each.date is not None or each.note


@pytest.mark.parametrize("each", accelerators().values(), ids=lambda each: each.name)
def test_an_accelerator_is_complete_and_every_known_figure_names_its_source(each):
    assert each.vendor in ("nvidia", "aws")
    assert each.memory_mib >= 8192
    assert 50 <= each.memory_bandwidth_gb_per_second <= 10_000
    assert each.dense_bf16_tflops is None or 50 <= each.dense_bf16_tflops <= 5000
    assert each.tdp_watts is None or 50 <= each.tdp_watts <= 1400
    named = dict(each.figure_sources)
    for figure in ("memory_mib", "memory_bandwidth_gb_per_second", "dense_bf16_tflops", "tdp_watts"):
        assert (figure in named) == (getattr(each, figure) is not None)
    assert ("mig_profiles" in named) == bool(each.mig_profiles)
    assert set(named.values()) <= set(sources())
    assert (each.resource_name == "aws.amazon.com/neuron") == (each.neuron_cores > 0)


def test_every_accelerator_is_carried_by_some_type():
    assert {each.accelerator.name for each in TYPES if each.accelerator} == set(accelerators())


# type, accelerator, count, MiB each, vCPU, GiB, NVMe GB, Gbps, EBS Mbps, EFA, us-east-1 $/h; as its source prints
SOURCE_TABLE = """
g4dn.xlarge t4 1 16384 4 16 125 5 3500 0 0.526
g5.48xlarge a10g 8 22888 192 768 7600 100 19000 1 16.288
g6.12xlarge l4 4 22888 48 192 3760 40 20000 1 4.6016
g6e.24xlarge l40s 4 45776 96 768 3800 200 30000 2 15.06559
g6f.2xlarge l4 0 5722 8 32 200 5 5000 0 0.475
g7.12xlarge rtx-pro-4500 2 32768 48 192 1900 175 20000 1 7.12832
g7e.48xlarge rtx-pro-6000 8 98304 192 2048 15200 1600 100000 4 33.14432
gr6f.4xlarge l4 0 11444 16 128 450 10 8000 0 1.066
inf1.6xlarge inferentia 4 8192 24 48 0 25 4750 0 1.18
inf2.48xlarge inferentia2 12 32768 192 768 0 100 60000 0 12.98127
p3dn.24xlarge v100 8 32768 96 768 1800 100 19000 1 31.212
p4d.24xlarge a100-40gb 8 40960 96 1152 8000 400 19000 4 21.957642
p4de.24xlarge a100-80gb 8 81920 96 1152 8000 400 19000 4 27.44705
p5.4xlarge h100 1 81920 16 256 3800 100 10000 1 6.88
p5.48xlarge h100 8 81920 192 2048 30400 3200 80000 32 55.04
p5e.48xlarge h200 8 144384 192 2048 30400 3200 80000 32 -
p5en.48xlarge h200 8 144384 192 2048 30400 3200 100000 16 63.296
p6-b200.48xlarge b200 8 183359 192 2048 30400 3200 100000 8 113.9328
p6-b300.48xlarge b300 8 275040 192 4096 30400 6400 100000 16 142.416
trn1n.32xlarge trainium 16 32768 128 512 7600 1600 80000 16 24.78
trn2.48xlarge trainium2 16 98304 192 2048 7600 3200 80000 16 -
m7i.large - 0 0 2 8 0 0.781 10000 0 0.1008
m7g.16xlarge - 0 0 64 256 0 30 20000 1 2.6112
"""


@pytest.mark.parametrize("line", SOURCE_TABLE.strip().splitlines(), ids=lambda line: line.split()[0])
def test_rows_agree_with_the_source_table(line):
    name, model, count, memory, vcpus, ram, nvme, network, ebs, efa, price = line.split()
    each = instance_type(name)
    assert (each.accelerator.name if each.accelerator else "-") == model
    assert (each.accelerator_count, each.accelerator_memory_mib) == (int(count), int(memory))
    assert (each.vcpus, each.memory_mib) == (int(vcpus), int(ram) * 1024)
    assert (each.local_nvme_gb, each.ebs_mbps, each.efa_interfaces) == (int(nvme), int(ebs), int(efa))
    assert each.network_mbps == round(float(network) * 1000)
    found = each.price("us-east-1")
    assert (str(found.amount) if found else "-") == price


@pytest.mark.parametrize(
    ("name", "region", "amount"),
    [
        ("p4d.24xlarge", "eu-central-1", 27.43298),
        ("p5.48xlarge", "ap-northeast-1", 68.8),
        ("p5en.48xlarge", "eu-south-2", 68.35968),
        ("trn1.32xlarge", "us-west-2", 21.5),
        ("p5.48xlarge", "eu-central-1", None),
        ("m7i.large", "eu-central-1", None),
    ],
)
def test_regional_prices_agree_with_the_source(name, region, amount):
    found = instance_type(name).price(region)
    assert (found.amount if found else None) == amount


def test_spot_prices_are_ranges_and_exist_only_where_seen():
    spot = instance_type("p5.48xlarge").price("us-east-2", "spot")
    assert spot is not None
    assert (spot.lowest, spot.amount) == (11.25, 11.99)
    assert instance_type("g5.xlarge").price("us-east-1", "spot") is None


def test_exported_names_are_sorted_and_exist():
    constants = [name for name in catalog.__all__ if name.isupper()]
    classes = [name for name in catalog.__all__ if name[0].isupper() and not name.isupper()]
    functions = [name for name in catalog.__all__ if name.islower()]
    assert catalog.__all__ == sorted(constants) + sorted(classes) + sorted(functions)
    assert all(hasattr(catalog, name) for name in catalog.__all__)


def test_the_room_imports_neither_pulumi_nor_the_network():
    for file in Path(catalog.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            heavy = {name.split(".")[0] for name in names} & {"pulumi", "httpx", "yaml", "pydantic", "socket"}
            assert not heavy, (file, heavy)
