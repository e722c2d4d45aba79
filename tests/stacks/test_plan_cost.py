"""What production costs, against a sum by hand over the same price list, written out resource by resource."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aidc.evaluation import ResourceGraph
from aidc.planning.plan.assumptions import read_plan_assumptions
from aidc.planning.plan.document import plan_document
from aidc.planning.plan.summary import PlanSummary, summarise

ROOT = Path(__file__).parents[2]
DATA = ROOT / "planning/catalog/data"
HOURS = 730

# Instances an hour, on demand, in us-east-1: nodes at least, nodes at most, type.
# 6 pods of chat with a GPU each need 2 nodes of 4; 3 pods of digits with a slice each need 1 of 56.
# A reservation costs the same used or not. Jobs end, so that `general` may be empty.
NODES = {
    "h100-training": (16, "p5.48xlarge", 16, "p5.48xlarge"),
    "l40s-serving": (2, "g6e.12xlarge", 8, "g6e.24xlarge"),
    "a100-shared": (1, "p4d.24xlarge", 2, "p4d.24xlarge"),
    "general": (0, "m7a.8xlarge", 12, "r7i.48xlarge"),
    "prod-system": (3, "m7i.xlarge", 6, "m7i.xlarge"),
}
# GiB of gp3 on each node, for the same nodes; a reservation that nobody uses has no disks.
DISKS = {"h100-training": 504, "l40s-serving": 204, "a100-shared": 204, "general": 204, "prod-system": 104}

# What is always there, and what is assumed: component, units a month, price.
SERVICES = [
    # foundation: a VPC over three zones
    ("Network", 3 * HOURS, "nat-gateway"),
    ("Network", 3 * 1000, "nat-gateway-data"),
    ("Network", 3 * HOURS, "public-ipv4"),
    ("Network", 2 * 1000, "transfer-between-zones"),
    ("Network", 1000, "transfer-to-internet"),
    ("Network", 50, "logs-ingested"),
    ("Network", 50 * 365 * 24 / HOURS, "logs-stored"),
    # eleven keys, two of them in us-west-2, where requests have no known price
    ("EncryptionKey", 11, "kms-key"),
    ("EncryptionKey", 9 * 10, "kms-requests"),
    ("ContainerRegistry", 3 * 50, "registry-storage"),
    ("AuditTrail", 1000, "s3-standard"),
    ("AuditTrail", 100, "s3-write"),
    ("AuditTrail", 1000, "s3-read"),
    ("AuditTrail", 50, "logs-ingested"),
    ("AuditTrail", 50 * 90 * 24 / HOURS, "logs-stored"),
    ("AccessLogBucket", 1000, "s3-standard"),
    ("AccessLogBucket", 100, "s3-write"),
    ("AccessLogBucket", 1000, "s3-read"),
    ("ThreatDetection", 10, "guardduty-management-events"),
    ("ThreatDetection", 100, "guardduty-flow-logs"),
    ("ThreatDetection", 10, "guardduty-s3-data-events"),
    ("ThreatDetection", 10, "guardduty-eks-audit-logs"),
    ("ThreatDetection", 100, "guardduty-malware-scans"),
    ("ThreatDetection", 1, "topic-requests"),
    ("BackupPlan", 1000, "ebs-snapshot"),
    # platform
    ("EksCluster", HOURS, "eks-cluster"),
    ("EksCluster", 50, "logs-ingested"),
    ("EksCluster", 50 * 365 * 24 / HOURS, "logs-stored"),
    ("KarpenterController", 1, "queue-requests"),
    # workloads: three buckets, a replication, two file systems, a secret, a firewall of four rules, two balancers
    ("ObjectStore", 3 * 1000, "s3-standard"),
    ("ObjectStore", 3 * 100, "s3-write"),
    ("ObjectStore", 3 * 1000, "s3-read"),
    ("BucketReplication", 100, "transfer-between-regions"),
    ("SharedFilesystem", 38400, "fsx-lustre-persistent-2-ssd-500"),
    ("SharedFilesystem", 1000, "efs-standard"),
    ("SharedFilesystem", 1000, "efs-elastic-read"),
    ("SharedFilesystem", 100, "efs-elastic-write"),
    ("SharedFilesystem", 50, "logs-ingested"),
    ("SharedFilesystem", 50 * 90 * 24 / HOURS, "logs-stored"),
    ("SecretStore", 1, "secret"),
    ("SecretStore", 1, "secret-requests"),
    ("WebFirewall", 1, "web-acl"),
    ("WebFirewall", 4, "web-acl-rule"),
    ("WebFirewall", 100, "web-acl-requests"),
    ("WebFirewall", 50, "logs-ingested"),
    ("WebFirewall", 50 * 365 * 24 / HOURS, "logs-stored"),
    ("ApplicationLoadBalancer", HOURS, "application-load-balancer"),
    ("ApplicationLoadBalancer", HOURS, "application-load-balancer-capacity"),
    ("LoadBalancer", HOURS, "network-load-balancer"),
    ("LoadBalancer", HOURS, "network-load-balancer-capacity"),
]

# Virtual CPUs that runtime monitoring looks at: 2 g6e.12xlarge, 1 p4d.24xlarge and 3 m7i.xlarge at least; at most those
# of each pool's largest nodes.
WATCHED = (2 * 48 + 96 + 3 * 4, 16 * 192 + 8 * 96 + 2 * 96 + 12 * 192 + 6 * 4)


def watched(vcpus: int, prices: dict[str, float]) -> float:
    """The first 500 at one price, all others at half of it."""
    first = min(vcpus, 500)
    return (
        first * prices["guardduty-runtime-monitoring"] + (vcpus - first) * prices["guardduty-runtime-monitoring-more"]
    )


@pytest.fixture(scope="module")
def prices() -> dict[str, float]:
    """The price list of us-east-1, read from the files without the code that a plan reads them with."""
    services = json.loads((DATA / "service_prices.json").read_text())
    found = {
        row["name"]: row["amounts"].get("us-east-1", row["amounts"].get("everywhere")) for row in services["prices"]
    }
    for feed in json.loads((DATA / "prices.json").read_text())["feeds"]:
        if (feed["region"], feed["purchase_option"]) == ("us-east-1", "on-demand"):
            found |= feed["prices"]
    return found


@pytest.fixture
def prod(evaluate_stack: Callable[..., ResourceGraph]) -> PlanSummary:
    return summarise(evaluate_stack(ROOT, "prod"))


def test_the_plan_of_production_agrees_with_a_sum_by_hand(prod: PlanSummary, prices: dict[str, float]) -> None:
    least, most = [], []
    for pool, (fewest, cheapest, largest, dearest) in NODES.items():
        least.append(fewest * prices[cheapest] * HOURS)
        most.append(largest * prices[dearest] * HOURS)
        disks_of_fewest = 0 if pool == "h100-training" else fewest
        least.append(disks_of_fewest * DISKS[pool] * prices["ebs-gp3"])
        most.append(largest * DISKS[pool] * prices["ebs-gp3"])
    least.append(watched(WATCHED[0], prices))
    most.append(watched(WATCHED[1], prices))
    services = [units * prices[name] for _, units, name in SERVICES]
    assert prod.cost.monthly.least == pytest.approx(math.fsum(least + services), rel=1e-12)
    assert prod.cost.monthly.most == pytest.approx(math.fsum(most + services), rel=1e-12)
    assert prod.cost.hourly.most * HOURS == pytest.approx(prod.cost.monthly.most)


def test_each_component_of_production_agrees_with_its_part_of_that_sum(
    prod: PlanSummary, prices: dict[str, float]
) -> None:
    for kind in {component for component, _, _ in SERVICES}:
        by_hand = math.fsum(units * prices[name] for component, units, name in SERVICES if component == kind)
        by_hand += watched(WATCHED[1], prices) if kind == "ThreatDetection" else 0.0
        lines = [each for each in prod.cost.lines if each.owner.component.startswith(f"{kind} ")]
        found = math.fsum(each.monthly.most for each in lines if not each.owner.pool)
        assert found == pytest.approx(by_hand, rel=1e-12), kind
    assert {each.owner.component.partition(" ")[0] for each in prod.cost.lines if not each.owner.pool} == {
        component for component, _, _ in SERVICES
    }


def test_what_production_has_without_a_price_is_named_and_in_no_sum(prod: PlanSummary) -> None:
    found = sorted((each.owner.name, each.reason) for each in prod.cost.unpriced)
    assert ("data", "no price is known in us-east-1") in found
    assert [name for name, reason in found if reason.endswith("us-west-2")] == [
        "prod-recovery-backup",
        "prod-recovery-checkpoints",
        "prod-recovery-checkpoints",
        "prod-recovery-checkpoints",
        "prod-recovery-storage",
    ]
    assert len(found) == 7
    assert not [line for line in prod.cost.lines if line.owner.name == "data" and "no snapshots" in line.title]
    assert all(line.monthly.most > 0 for line in prod.cost.lines)


def test_a_price_of_ones_own_closes_the_gap(evaluate_stack: Callable[..., ResourceGraph], prod: PlanSummary) -> None:
    own: dict[str, Any] = {"cost": {"prices": {"backup-other": 0.06, "p5.48xlarge": 40}}}
    found = summarise(evaluate_stack(ROOT, "prod"), read_plan_assumptions(own)).cost
    more = 1000 * 0.06 - 16 * (55.04 - 40) * HOURS
    assert found.monthly.most - prod.cost.monthly.most == pytest.approx(more)
    assert len(found.unpriced) == 6
    assert {line.source for line in found.lines if line.price.startswith("backup")} == {""}


def test_every_line_says_where_its_price_is_from_and_what_was_assumed(prod: PlanSummary) -> None:
    from aidc.planning.catalog import sources

    for line in prod.cost.lines:
        assert line.source in sources()
        assert line.currency == "USD"
        assert line.quantity.most > 0
        assert line.owner.environment == "prod"
        assert line.owner.stack in prod.stacks
    assumed = {line.assumption for line in prod.cost.lines} - {""}
    assert {"nat_gateway_gb", "bucket_gb", "log_gb", "load_balancer_units", "file_system_gb"} <= assumed
    assert 0 < prod.cost.assumed.most < prod.cost.monthly.least
    by_stack = prod.cost.by_stack
    assert set(by_stack) == set(prod.stacks)
    assert math.fsum(span.most for span in by_stack.values()) == pytest.approx(prod.cost.monthly.most)


def test_production_takes_power_and_emits_what_its_grid_emits(prod: PlanSummary) -> None:
    pools = {each.pool: each for each in prod.power.pools}
    h100 = pools["h100-training"]
    # 8 x 700 W at 80 %, idle at 11.6 %; 192 processors at half load; 2,048 GiB; 16 % more for the rest of a node.
    gpus = 8 * (700 * 0.116 + 0.8 * (700 - 700 * 0.116))
    node = (gpus + 192 * (0.74 + 0.5 * (3.5 - 0.74)) + 2048 * 2**30 / 1e9 * 0.392) * 1.16
    assert h100.kilowatts.most == pytest.approx(16 * node / 1000)
    assert h100.energy_kwh.most == pytest.approx(16 * node / 1000 * 1.15 * HOURS)
    carbon = h100.carbon_kg
    assert carbon is not None
    assert carbon.most == pytest.approx(h100.energy_kwh.most * 0.39625)
    assert math.fsum(each.kilowatts.most for each in pools.values()) == pytest.approx(prod.power.kilowatts.most)
    assert (prod.power.unknown, prod.power.without_carbon) == ((), ())


def test_production_installs_what_its_pools_have(prod: PlanSummary) -> None:
    totals = prod.capacity.totals
    assert totals["accelerators"].most == 16 * 8 + 8 * 4 + 2 * 8
    assert totals["accelerators"].least == 2 * 4 + 1 * 8
    assert totals["dense_pflops"].most == pytest.approx((128 * 989 + 32 * 362 + 16 * 312) / 1000)
    assert prod.capacity.nodes.most == 16 + 8 + 2 + 12 + 6
    assert prod.capacity.storage_gib == 38400
    scratch = next(each for each in prod.capacity.storage if each.kind == "FSx for Lustre")
    assert scratch.megabytes_per_second == 37.5 * 500
    assert {each.quota.code: (each.least, each.most) for each in prod.quotas} == {
        "L-1216C47A": (12, 6 * 4 + 2304),
        "L-417A185B": (0, 2 * 96),
        "L-DB2E81BA": (0, 8 * 96),
    }
    # What the first node of each needs is data too: with less no node ever comes.
    written = {each["code"]: each["smallestNode"] for each in plan_document(prod)["quotas"]}
    assert written == {"L-1216C47A": 32, "L-417A185B": 96, "L-DB2E81BA": 48}


def test_a_plan_differs_from_itself_by_nothing_and_environments_by_their_pools(
    evaluate_stack: Callable[..., ResourceGraph], prod: PlanSummary
) -> None:
    from aidc.planning.plan.difference import compare_plans

    written = json.loads(json.dumps(plan_document(prod)))
    assert compare_plans(written, plan_document(prod)).is_empty
    found = compare_plans(plan_document(summarise(evaluate_stack(ROOT, "dev"))), written)
    assert {"h100-training", "l40s-serving", "a100-shared"} <= set(found.pools_added)
    assert "GpuNodePool h100-training" in {each.name for each in found.costs}
    # The cluster is the same thing in both, whatever it is called.
    assert ("aws:eks/cluster:Cluster", "ENV") not in {*found.added, *found.removed}
    total = next(each for each in found.totals if each.name == "US dollars a month")
    assert total.after is not None
    assert total.after.most == pytest.approx(prod.cost.monthly.most)
    assert math.fsum(each.difference.most for each in found.costs) == pytest.approx(total.difference.most)
