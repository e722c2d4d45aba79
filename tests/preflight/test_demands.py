"""What an environment asks of an account, read from its graph."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from aidc.evaluation import evaluate
from aidc.preflight import AccountDemands, account_demands
from aidc.preflight.machines import Reservation
from aidc.preflight.vcpu_quotas import quota_demands

ROLE = "arn:aws:iam::123456789012:role/x"


def read(program: Callable[[], Any], **given: Any) -> AccountDemands:
    return account_demands(evaluate(program), **given)


def test_a_program_without_aws() -> None:
    demands = read(lambda: None)
    assert (demands.uses_aws, demands.region, demands.machines, demands.zones) == (False, "", [], [])


def test_the_default_provider_has_the_region_of_the_configuration() -> None:
    def program() -> None:
        from pulumi_aws import s3

        s3.Bucket("data", bucket="corpus")

    demands = read(program, default_region="eu-west-1")
    assert (demands.uses_aws, demands.region, demands.buckets) == (True, "eu-west-1", ["corpus"])


def test_what_is_made_in_another_region_is_not_asked_of_this_one() -> None:
    def program() -> None:
        import pulumi_aws as aws

        here = pulumi.ResourceOptions(provider=aws.Provider("here", region="us-east-1", allowed_account_ids=["1"]))
        again = pulumi.ResourceOptions(provider=aws.Provider("again", region="us-east-1"))
        there = pulumi.ResourceOptions(provider=aws.Provider("there", region="us-west-2"))
        aws.eks.Cluster("prod", name="prod", version="1.36", role_arn=ROLE, vpc_config={"subnet_ids": []}, opts=here)
        aws.s3.Bucket("data", bucket="data", opts=again)
        aws.s3.Bucket("far", bucket="far", region="us-west-2", opts=again)
        for number in range(5):
            aws.s3.Bucket(f"copy-{number}", bucket=f"copy-{number}", opts=there)

    demands = read(program)
    assert (demands.region, demands.clusters, demands.buckets) == ("us-east-1", {"prod": "1.36"}, ["data"])
    assert demands.allowed_accounts == {"1"}


def test_managed_node_groups_with_launch_templates_and_subnets(aws: Any) -> None:
    def program() -> None:
        from pulumi_aws import ec2, eks

        options = aws.provider()
        subnet = ec2.Subnet("a", vpc_id="v", cidr_block="10.0.0.0/24", availability_zone="us-east-1a", opts=options)
        template = ec2.LaunchTemplate(
            "block",
            instance_type="p5.48xlarge",
            capacity_reservation_specification={
                "capacity_reservation_target": {"capacity_reservation_id": "cr-1"},
            },
            opts=options,
        )
        common: dict[str, Any] = {
            "cluster_name": "prod",
            "node_role_arn": ROLE,
            "subnet_ids": [subnet.id],
            "opts": options,
        }
        eks.NodeGroup(
            "system",
            node_group_name="system",
            instance_types=["m7i.2xlarge"],
            scaling_config={"min_size": 2, "max_size": 4, "desired_size": 2},
            **common,
        )
        eks.NodeGroup(
            "block",
            capacity_type="CAPACITY_BLOCK",
            launch_template={"id": template.id, "version": "1"},
            scaling_config={"min_size": 0, "max_size": 8, "desired_size": 0},
            **common,
        )

    block, system = read(program).machines
    assert (system.pool, system.instance_types, system.zones) == ("system", ["m7i.2xlarge"], ["us-east-1a"])
    assert (system.capacity_types, system.least, system.most) == (["on-demand"], 2, 4)
    assert (block.pool, block.instance_types, block.capacity_types) == ("block", ["p5.48xlarge"], ["reserved"])
    assert (block.least, block.most, block.reservations) == (0, 8, [Reservation(id="cr-1")])


def test_pools_of_karpenter(aws: Any) -> None:
    def program() -> None:
        aws.node_class("reserved", capacityReservationSelectorTerms=[{"id": "cr-1"}, {"tags": {"team": "ml"}}])
        aws.node_pool("b", ["p5.48xlarge"], zones=["us-east-1b", "us-east-1a"], replicas=3, node_class="reserved")
        aws.node_pool("a", ["g6e.12xlarge"], limits={"cpu": 100}, capacity=["spot", "on-demand"])
        aws.node_pool("c", ["m7i.2xlarge"])

    first, second, third = read(program, default_region="us-east-1").machines
    # 48 vCPUs a node: two fit below 100.
    assert (first.pool, first.least, first.most, first.capacity_types) == ("a", 0, 2, ["on-demand", "spot"])
    assert (second.zones, second.least, second.most) == (["us-east-1a", "us-east-1b"], 3, 3)
    assert [str(each) for each in second.reservations] == ["cr-1", "with the tags team=ml"]
    assert (third.most, list(third.reservations)) == (None, [])


def test_pools_of_simulated_nodes_ask_for_no_machines(aws: Any) -> None:
    from aidc.infra.kubernetes import KubernetesObject

    def program() -> None:
        reference = {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}
        spec = {"template": {"spec": {"requirements": [], "nodeClassRef": reference}}}
        metadata = {"name": "p"}
        KubernetesObject("p", {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": metadata, "spec": spec})

    demands = read(program)
    assert (demands.uses_aws, demands.machines) == (False, [])


def test_a_pool_without_a_bound_is_named_and_counts_one_node(aws: Any) -> None:
    def program() -> None:
        aws.node_class()
        aws.node_pool("c", ["m7i.2xlarge", "m7i.4xlarge"])

    (demand,) = quota_demands(read(program).machines)
    assert (demand.quota.code, demand.most, demand.smallest, demand.unbounded) == ("L-1216C47A", 0, 8, ["c"])


def test_nothing_is_known_in_a_first_preview(aws: Any) -> None:
    def program() -> None:
        from pulumi_aws import ec2, eks

        options = aws.provider()
        vpc = ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=options)
        subnet = ec2.Subnet("a", vpc_id=vpc.id, cidr_block=vpc.cidr_block, availability_zone="us-east-1a", opts=options)
        eks.NodeGroup(
            "system",
            cluster_name=vpc.id,
            node_role_arn=ROLE,
            subnet_ids=[subnet.id],
            instance_types=["m7i.2xlarge"],
            scaling_config={"min_size": 1, "max_size": 2, "desired_size": 1},
            opts=options,
        )

    demands = account_demands(evaluate(program, preview=True))
    assert [machine.pool for machine in demands.machines] == ["system"]
    assert demands.counts["aws:ec2/vpc:Vpc"] == 1


def test_the_limit_of_a_pool_bounds_what_its_largest_type_would_take(aws: Any) -> None:
    def program() -> None:
        aws.node_class()
        aws.node_pool("c", ["m7i.2xlarge", "m7i.48xlarge"], limits={"cpu": "400"})

    (demand,) = quota_demands(read(program).machines)
    assert (demand.most, demand.pools) == (400, ["c: its limit of 400"])


@pytest.mark.parametrize("text", ["not json", '{"a": 1}'])
def test_what_is_no_list_counts_as_none(text: str) -> None:
    from aidc.preflight.demands import _items

    assert _items(text) == []
