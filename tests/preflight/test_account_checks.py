"""Checks against an account: what is too little, not there, not allowed; each one clear line."""

import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aidc.preflight import Status
from aidc.problems import InvalidInput

GPU = "L-417A185B"


def instances(*found: dict[str, Any]) -> str:
    """What DescribeInstances answers."""

    def tags(given: dict[str, str]) -> str:
        return "".join(f"<item><key>{key}</key><value>{value}</value></item>" for key, value in given.items())

    items = "".join(
        f"<item><instanceId>i-{number}</instanceId><instanceType>{each['type']}</instanceType>"
        + (f"<instanceLifecycle>{each['lifecycle']}</instanceLifecycle>" if "lifecycle" in each else "")
        + f"<tagSet>{tags(each.get('tags', {}))}</tagSet></item>"
        for number, each in enumerate(found)
    )
    reservations = f"<reservationSet><item><instancesSet>{items}</instancesSet></item></reservationSet>"
    return f"<DescribeInstancesResponse><requestId>1</requestId>{reservations}</DescribeInstancesResponse>"


def test_all_is_well(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        from pulumi_aws import ec2

        options = aws.provider(allowed_account_ids=[aws.account])
        ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=options)
        aws.node_class()
        aws.node_pool("h100", ["p5.48xlarge"], zones=["us-east-1a"], limits={"nodes": 4})

    report = checked(program)
    statuses = {result.check: {finding.status for finding in result.findings} for result in report.results}
    assert statuses == {
        "credentials": {Status.PASSED},
        "account": {Status.PASSED},
        "region": {Status.PASSED},
        "zones": {Status.PASSED},
        "vcpu-quotas": {Status.PASSED},
        "resource-quotas": {Status.PASSED},
        "instance-types": {Status.PASSED},
        "reservations": set(),
        "kubernetes-versions": set(),
        "addon-versions": set(),
        "subnet-room": set(),
        "linked-roles": set(),
        "names": set(),
    }
    assert report.one("account").found == aws.account
    assert report.one("vcpu-quotas").wanted == "768 vCPUs (h100: 4 x p5.48xlarge)"


def gpu_pool(aws: Any, **given: Any) -> Callable[[], None]:
    def program() -> None:
        aws.provider()
        aws.node_class()
        aws.node_pool("h100", ["p5.48xlarge"], **{"limits": {"nodes": 4}, **given})

    return program


@pytest.mark.parametrize(
    ("value", "replicas", "status", "words"),
    [
        (0, None, Status.ERROR, "0, 0 in use by others: not even one node starts"),
        (191, None, Status.ERROR, "not even one node starts"),
        (192, None, Status.WARNING, "192, 0 in use by others: pools cannot grow to their largest"),
        (767, None, Status.WARNING, "pools cannot grow"),
        (768, None, Status.PASSED, "768, 0 in use by others"),
        (384, 3, Status.ERROR, "not all nodes that shall always be there start"),
    ],
)
def test_a_quota_that_is_too_low(
    value: float,
    replicas: int | None,
    status: Status,
    words: str,
    front: Any,
    checked: Callable[..., Any],
    aws: Any,
) -> None:
    front.quotas(L_417A185B=value)
    found = checked(gpu_pool(aws, replicas=replicas)).one("vcpu-quotas")
    assert found.status is status
    assert words in found.found
    assert found.subject == f"Running On-Demand P instances ({GPU})"
    if status is not Status.PASSED:
        wanted = 576 if replicas else 768
        assert f"--service-code ec2 --quota-code {GPU} --desired-value {wanted}" in found.way_out
        assert f"https://us-east-1.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/{GPU}" in found.way_out


def test_what_others_run_counts_and_what_the_environment_runs_does_not(
    front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    def program() -> None:
        from pulumi_aws import eks

        eks.Cluster(
            "prod",
            name="prod",
            role_arn="arn:aws:iam::123456789012:role/x",
            vpc_config={"subnet_ids": []},
            opts=aws.provider(),
        )
        aws.node_class()
        aws.node_pool("h100", ["p5.48xlarge"], limits={"nodes": 4})

    front.quotas(L_417A185B=960)
    running = [
        {"type": "p5.48xlarge", "tags": {"eks:cluster-name": "prod"}},
        {"type": "p5.48xlarge", "tags": {"kubernetes.io/cluster/prod": "owned"}},
        {"type": "p5.48xlarge", "lifecycle": "spot"},
        {"type": "m7i.2xlarge"},
        {"type": "p4d.24xlarge", "tags": {"eks:cluster-name": "other"}},
    ]
    front.answers["DescribeInstances"] = aws.Answer(instances(*running), kind="text/xml")
    found = checked(program).one("vcpu-quotas")
    assert (found.status, found.found) == (Status.PASSED, "960, 96 in use by others")
    front.answers["DescribeInstances"] = aws.Answer(instances(*running, *running), kind="text/xml")
    found = checked(program).one("vcpu-quotas")
    assert found.found == "960, 192 in use by others"
    front.quotas(L_417A185B=959)
    found = checked(program).one("vcpu-quotas")
    assert found.status is Status.WARNING
    assert "--desired-value 960" in found.way_out


def test_reserved_capacity_counts_against_no_quota(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    front.quotas(L_417A185B=0)
    report = checked(gpu_pool(aws, capacity=["reserved"]))
    assert report.of("vcpu-quotas") == []


def test_pools_of_one_family_share_a_quota(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        aws.provider()
        aws.node_class()
        aws.node_pool("h100", ["p5.48xlarge"], limits={"nodes": 1})
        aws.node_pool("a100", ["p4d.24xlarge"], limits={"nodes": 2})
        aws.node_pool("loaders", ["m7i.2xlarge"], limits={"nodes": 3}, capacity=["spot", "on-demand"])

    front.quotas(L_417A185B=300, L_34B43A08=8)
    report = checked(program)
    found = report.one("vcpu-quotas", GPU)
    assert (found.status, found.wanted) == (
        Status.WARNING,
        "384 vCPUs (a100: 2 x p4d.24xlarge, h100: 1 x p5.48xlarge)",
    )
    # Where spot is too little, on-demand is left: no error, even below one node.
    assert report.one("vcpu-quotas", "L-34B43A08").status is Status.WARNING
    assert report.one("vcpu-quotas", "L-1216C47A").status is Status.PASSED


def test_the_default_of_a_quota_counts_where_the_account_has_none(
    front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    front.answers["GetServiceQuota"] = aws.json_refusal("NoSuchResourceException")
    front.answers["GetAWSDefaultServiceQuota"] = aws.Answer('{"Quota": {"Value": 100.0}}')
    found = checked(gpu_pool(aws)).one("vcpu-quotas")
    assert (found.status, found.found[:4]) == (Status.ERROR, "100,")
    front.answers["GetAWSDefaultServiceQuota"] = aws.json_refusal("NoSuchResourceException")
    assert checked(gpu_pool(aws)).one("vcpu-quotas").status is Status.SKIPPED


def test_a_type_that_is_not_offered(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        aws.provider()
        aws.node_class()
        aws.node_pool("b200", ["p6-b200.48xlarge"], zones=["us-east-1a"], limits={"nodes": 1})
        aws.node_pool("h200", ["p5en.48xlarge"], zones=["us-east-1a", "us-east-1b"], limits={"nodes": 1})
        aws.node_pool("any", ["p5en.48xlarge", "p9.48xlarge"], limits={"nodes": 1})
        aws.node_pool("new", ["p9.48xlarge"], limits={"nodes": 1})

    report = checked(program)
    by_pool = {finding.subject.removeprefix("pool "): finding for finding in report.of("instance-types")}
    assert {name: each.status for name, each in by_pool.items()} == {
        "b200": Status.ERROR,
        "h200": Status.WARNING,
        "any": Status.NOTE,
        "new": Status.ERROR,
    }
    assert by_pool["b200"].wanted == "p6-b200.48xlarge in us-east-1a"
    assert by_pool["b200"].found == "offered in us-east-1c"
    assert "no node of this pool ever starts in us-east-1b" in by_pool["h200"].way_out
    assert by_pool["any"].found == "not offered there: p9.48xlarge"
    assert by_pool["new"].found == "offered nowhere in us-east-1"
    assert report.one("vcpu-quotas", "new").found == "the catalog does not know p9.48xlarge"


def test_a_zone_that_is_not_there(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    found = checked(gpu_pool(aws, zones=["us-east-1z"])).one("zones")
    assert (found.status, found.found) == (Status.ERROR, "not there")
    assert "us-east-1a" in found.way_out


@pytest.mark.parametrize("form", ["query", "json"])
def test_what_may_not_be_asked_is_skipped_and_named(
    form: str, front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    denied = aws.json_refusal("AccessDeniedException")
    front.answers["GetServiceQuota"] = denied
    refused = aws.refusal("UnauthorizedOperation" if form == "query" else "AccessDenied")
    front.answers["DescribeInstanceTypeOfferings"] = front.answers["DescribeAvailabilityZones"] = refused
    report = checked(gpu_pool(aws, zones=["us-east-1a"]))
    for check, permission in (
        ("zones", "ec2:DescribeAvailabilityZones"),
        ("instance-types", "ec2:DescribeInstanceTypeOfferings"),
        ("vcpu-quotas", "servicequotas:GetServiceQuota"),
    ):
        found = report.one(check)
        assert (found.status, found.found) == (Status.SKIPPED, f"no permission: {permission}")
        assert f"allow {permission}" in found.way_out
    assert not any(result.has_error for result in report.results)


def test_quotas_are_compared_even_where_instances_may_not_be_listed(
    front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    front.answers["DescribeInstances"] = aws.refusal("UnauthorizedOperation")
    front.quotas(L_417A185B=0)
    report = checked(gpu_pool(aws))
    assert report.one("vcpu-quotas", "what runs already").found == "no permission: ec2:DescribeInstances"
    found = report.one("vcpu-quotas", GPU)
    assert (found.status, found.found[:26]) == (Status.ERROR, "0, unknown how many in use")


def test_a_region_that_is_not_enabled(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        from pulumi_aws import s3

        s3.Bucket("data", opts=aws.provider(region="ap-east-1"))

    item = "<item><regionName>ap-east-1</regionName><optInStatus>not-opted-in</optInStatus></item>"
    body = f"<DescribeRegionsResponse><regionInfo>{item}</regionInfo></DescribeRegionsResponse>"
    front.answers["DescribeRegions"] = aws.Answer(body, kind="text/xml")
    report = checked(program)
    found = report.one("region")
    assert (found.status, found.found) == (Status.ERROR, "not-opted-in")
    assert "aws account enable-region --region-name ap-east-1" in found.way_out
    assert report.one("zones").found == "not asked, because of the error of the check 'region'"


def test_a_region_that_does_not_exist(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        from pulumi_aws import s3

        s3.Bucket("data", opts=aws.provider(region="us-east-9"))

    found = checked(program).one("region")
    assert (found.status, found.wanted) == (Status.ERROR, "us-east-9")
    assert "us-east-1" in found.way_out


def test_another_region_than_that_of_the_program(
    front: Any, checked: Callable[..., Any], aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = checked(gpu_pool(aws), region="eu-west-1", default="us-east-1").of("region")
    assert (found[0].status, found[0].wanted, found[0].found) == (Status.ERROR, "us-east-1", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    found = checked(gpu_pool(aws)).one("region", "of the shell")
    assert (found.status, found.wanted, found.found) == (
        Status.WARNING,
        "us-east-1",
        "eu-central-1 (AWS_REGION)",
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "they have expired (ExpiredToken)"),
        ("RequestExpired", "they have expired (RequestExpired)"),
        ("InvalidClientTokenId", "AWS does not take them (InvalidClientTokenId: no)"),
        ("SignatureDoesNotMatch", "AWS does not take them"),
    ],
)
def test_credentials_that_aws_refuses(code: str, words: str, front: Any, checked: Callable[..., Any], aws: Any) -> None:
    front.answers["GetCallerIdentity"] = aws.refusal(code)
    report = checked(gpu_pool(aws))
    found = report.one("credentials")
    assert found.status is Status.ERROR
    assert words in found.found
    assert "sign in again" in found.way_out
    # Nothing else is asked, and nothing else is called an error.
    assert set(front.asked) == {"GetCallerIdentity"}
    others = [finding for result in report.results if result.check != "credentials" for finding in result.findings]
    assert {finding.status for finding in others} == {Status.SKIPPED}


def test_no_credentials(front: Any, checked: Callable[..., Any], aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    found = checked(gpu_pool(aws)).one("credentials")
    assert found.status is Status.ERROR
    assert found.found.startswith("there are none")
    assert "AWS_PROFILE" in found.way_out


def test_credentials_that_expire_between_two_questions(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    front.answers["DescribeInstanceTypeOfferings"] = aws.refusal("RequestExpired")
    found = checked(gpu_pool(aws)).one("instance-types")
    assert (found.status, found.found) == (Status.WARNING, "they have expired (RequestExpired)")
    assert "sign in again" in found.way_out


def test_an_endpoint_that_nobody_answers_at(
    front: Any, checked: Callable[..., Any], aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        started = time.monotonic()
        found = checked(gpu_pool(aws)).one("credentials")
        assert time.monotonic() - started < 15
    assert found.status is Status.ERROR
    assert found.found.startswith("sts does not answer")
    assert "HTTPS_PROXY" in found.way_out


def test_an_endpoint_that_is_not_aws(
    front: Any, checked: Callable[..., Any], aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = aws.Answer("<!doctype html><h1>Sign in to the network</h1>", 200, "text/html")
    front.answers["GetCallerIdentity"] = page
    found = checked(gpu_pool(aws)).one("credentials")
    assert found.status is Status.ERROR
    assert found.found.startswith("what answers for sts is not AWS")
    del front.answers["GetCallerIdentity"]
    front.answers["DescribeInstanceTypeOfferings"] = page
    assert checked(gpu_pool(aws)).one("instance-types").status is Status.WARNING
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no address")
    assert "not AWS" in checked(gpu_pool(aws)).one("credentials").found


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"allowed_account_ids": ["111111111111"]}, Status.ERROR),
        ({"forbidden_account_ids": ["123456789012"]}, Status.ERROR),
        ({"forbidden_account_ids": ["111111111111"]}, Status.PASSED),
        ({}, Status.NOTE),
    ],
)
def test_the_account_must_be_one_that_the_provider_allows(
    given: dict[str, Any], status: Status, front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    def program() -> None:
        from pulumi_aws import s3

        s3.Bucket("data", opts=aws.provider(**given))

    found = checked(program).one("account")
    assert found.status is status
    assert aws.account in found.found


def test_the_role_that_the_provider_assumes_is_assumed_here_too(
    front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    def program() -> None:
        from pulumi_aws import s3

        s3.Bucket("data", opts=aws.provider(assume_roles=[{"role_arn": "arn:aws:iam::210987654321:role/deploy"}]))

    assert checked(program).one("credentials").found.startswith("arn:aws:sts::210987654321:assumed-role/deploy/")
    front.answers["AssumeRole"] = aws.refusal("AccessDenied")
    found = checked(program).of("credentials")
    assert (found[0].status, found[0].found) == (Status.SKIPPED, "no permission: sts:AssumeRole")


def test_quotas_of_networks_count_what_others_have(
    front: Any, checked: Callable[..., Any], aws: Any, moto: str
) -> None:
    import boto3

    client = boto3.client("ec2", region_name="us-east-1")
    before = len(client.describe_vpcs()["Vpcs"])
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "ours"}]}]
    own = client.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    client.close()

    def program() -> None:
        from pulumi_aws import ec2

        options = aws.provider()
        ec2.Vpc("ours", cidr_block="10.9.0.0/16", tags={"Name": "ours"}, opts=options)
        ec2.Eip("nat", opts=options)

    front.quotas(L_F678F1CE=before, L_0263D0A3=5)
    report = checked(program)
    found = report.one("resource-quotas", "VPCs")
    assert (found.status, found.wanted, found.found) == (Status.ERROR, "1", f"{before}, {before} in use by others")
    assert f"--service-code vpc --quota-code L-F678F1CE --desired-value {before + 1}" in found.way_out
    assert report.one("resource-quotas", "Elastic").status is Status.PASSED
    front.quotas(L_F678F1CE=before + 1)
    assert checked(program).one("resource-quotas", "VPCs").status is Status.PASSED
    client = boto3.client("ec2", region_name="us-east-1")
    client.delete_vpc(VpcId=own)
    client.close()


def reservations(*found: dict[str, str]) -> str:
    def item(fields: dict[str, str]) -> str:
        return "<item>" + "".join(f"<{key}>{value}</{key}>" for key, value in fields.items()) + "</item>"

    listed = "".join(map(item, found))
    return (
        "<DescribeCapacityReservationsResponse><capacityReservationSet>"
        f"{listed}</capacityReservationSet></DescribeCapacityReservationsResponse>"
    )


GOOD = {
    "capacityReservationId": "cr-1",
    "instanceType": "p5.48xlarge",
    "availabilityZone": "us-east-1a",
    "state": "active",
    "totalInstanceCount": "4",
}


def hours(count: float) -> str:
    return f"{datetime.now(UTC) + timedelta(hours=count):%Y-%m-%dT%H:%M:%S.000Z}"


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({}, Status.PASSED, ""),
        ({"state": "expired"}, Status.ERROR, "cannot be used any more"),
        ({"state": "scheduled", "startDate": hours(48)}, Status.WARNING, "no node starts before"),
        ({"endDate": hours(-1)}, Status.ERROR, "cannot be used any more"),
        ({"endDate": hours(5)}, Status.WARNING, "less than a day is left"),
        ({"endDate": hours(200)}, Status.PASSED, ""),
        ({"instanceType": "p5en.48xlarge"}, Status.ERROR, "add p5en.48xlarge to the pool's instance types"),
        ({"availabilityZone": "us-east-1b"}, Status.ERROR, "add us-east-1b to the pool's zones"),
    ],
)
def test_reservations(
    changed: dict[str, str], status: Status, words: str, front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    front.answers["DescribeCapacityReservations"] = aws.Answer(reservations({**GOOD, **changed}), kind="text/xml")

    def program() -> None:
        aws.provider()
        aws.node_class("reserved", capacityReservationSelectorTerms=[{"id": "cr-1"}])
        aws.node_pool(
            "h100",
            ["p5.48xlarge"],
            zones=["us-east-1a"],
            capacity=["reserved"],
            limits={"nodes": 4},
            node_class="reserved",
        )

    (found,) = checked(program).of("reservations")
    assert found.status is status
    assert found.subject == "reservation cr-1 of pool h100"
    assert words in found.way_out


def test_a_reservation_that_is_not_there_or_too_small(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        aws.provider()
        aws.node_class("reserved", capacityReservationSelectorTerms=[{"tags": {"team": "research"}}])
        aws.node_pool("h100", ["p5.48xlarge"], capacity=["reserved"], limits={"nodes": 5}, node_class="reserved")

    front.answers["DescribeCapacityReservations"] = aws.refusal("InvalidCapacityReservationId.NotFound", status=400)
    found = checked(program).one("reservations")
    assert (found.status, found.found) == (Status.ERROR, "not there")
    assert found.wanted == "with the tags team=research"
    front.answers["DescribeCapacityReservations"] = aws.Answer(reservations(GOOD), kind="text/xml")
    found = checked(program).one("reservations", "reserved machines")
    assert (found.status, found.wanted, found.found) == (Status.WARNING, "5", "4")


def cluster(aws: Any, version: str, **addons: str) -> Callable[[], None]:
    def program() -> None:
        from pulumi_aws import eks

        options = aws.provider()
        role = "arn:aws:iam::123456789012:role/x"
        made = eks.Cluster(
            "prod", name="prod", version=version, role_arn=role, vpc_config={"subnet_ids": []}, opts=options
        )
        for name, wanted in addons.items():
            eks.Addon(name, addon_name=name, cluster_name=made.name, addon_version=wanted, opts=options)

    return program


@pytest.mark.parametrize(
    ("version", "status", "words"),
    [
        ("1.36", Status.PASSED, "standard support until 2100-01-01"),
        ("1.33", Status.WARNING, "extended support"),
        ("1.22", Status.ERROR, "EKS does not have it"),
    ],
)
def test_versions_of_kubernetes(
    version: str, status: Status, words: str, front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    found = checked(cluster(aws, version)).one("kubernetes-versions")
    assert (found.status, found.subject) == (status, "Kubernetes of cluster prod")
    assert words in found.found
    if status is Status.ERROR:
        assert found.way_out == "take a version in standard support: 1.36"


def test_versions_of_add_ons(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def versions(given: dict[str, Any]) -> Any:
        if given["addonName"] == "metrics":
            return aws.Answer(json.dumps({"__type": "InvalidParameterException", "message": "no such"}), 400)
        assert given["kubernetesVersion"] == "1.36"
        compatible = [{"clusterVersion": "1.36", "defaultVersion": True}]
        listed = [
            {"addonVersion": "v1.2.0-eksbuild.1", "compatibilities": [{"clusterVersion": "1.36"}]},
            {"addonVersion": "v1.1.0-eksbuild.1", "compatibilities": compatible},
        ]
        return aws.Answer(json.dumps({"addons": [{"addonName": "coredns", "addonVersions": listed}]}))

    front.answers["GET /addons/supported-versions"] = versions
    wanted = {"coredns": "v1.2.0-eksbuild.1", "cni": "v1.3.0-eksbuild.1", "metrics": "v1.0.0-eksbuild.1"}
    report = checked(cluster(aws, "1.36", **wanted))
    assert report.one("addon-versions", "coredns").status is Status.PASSED
    found = report.one("addon-versions", "cni")
    assert (found.status, found.wanted) == (Status.ERROR, "v1.3.0-eksbuild.1 for Kubernetes 1.36")
    assert found.way_out == "take v1.1.0-eksbuild.1, which is the default"
    assert report.one("addon-versions", "metrics").status is Status.WARNING


def test_names_that_are_taken(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        from pulumi_aws import eks, iam, s3

        options = aws.provider()
        eks.Cluster(
            "prod",
            name="prod",
            role_arn="arn:aws:iam::123456789012:role/x",
            vpc_config={"subnet_ids": []},
            opts=options,
        )
        iam.Role("node", name="prod-node", assume_role_policy="{}", opts=options)
        iam.Role("other", assume_role_policy="{}", opts=options)
        for bucket in ("taken", "ours", "free"):
            s3.Bucket(bucket, bucket=f"{bucket}-corpus", opts=options)

    front.answers["HEAD /taken-corpus"] = aws.Answer("", 403)
    front.answers["HEAD /ours-corpus"] = aws.Answer("", 200)
    body = (
        "<GetRoleResponse><GetRoleResult><Role><RoleName>prod-node</RoleName></Role></GetRoleResult></GetRoleResponse>"
    )
    front.answers["GetRole"] = aws.Answer(body, kind="text/xml")
    report = checked(program)
    assert {finding.subject: finding.status for finding in report.of("names")} == {
        "cluster prod": Status.PASSED,
        "role prod-node": Status.NOTE,
        "bucket free-corpus": Status.PASSED,
        "bucket ours-corpus": Status.NOTE,
        "bucket taken-corpus": Status.WARNING,
    }


@pytest.mark.parametrize(("there", "status"), [(True, Status.PASSED), (False, Status.ERROR)])
def test_service_linked_roles(there: bool, status: Status, front: Any, checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        from pulumi_aws import kms

        role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        policy = json.dumps({"Statement": [{"Principal": {"AWS": f"arn:aws:iam::123456789012:{role}"}}]})
        kms.Key("volumes", policy=policy, opts=aws.provider())
        aws.node_class()
        aws.node_pool("general", ["m7i.2xlarge"], capacity=["spot"], limits={"nodes": 1})

    if there:
        body = "<GetRoleResponse><GetRoleResult><Role><RoleName>x</RoleName></Role></GetRoleResult></GetRoleResponse>"
        front.answers["GetRole"] = aws.Answer(body, kind="text/xml")
    found = {finding.subject: finding for finding in checked(program).of("linked-roles")}
    assert {subject: finding.status for subject, finding in found.items()} == {
        "role AWSServiceRoleForAutoScaling": status,
        "role AWSServiceRoleForEC2Spot": status,
    }
    if not there:
        way_out = found["role AWSServiceRoleForEC2Spot"].way_out
        assert way_out == "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"


def test_a_service_linked_role_that_is_made_here_need_not_be_there(checked: Callable[..., Any], aws: Any) -> None:
    def program() -> None:
        from pulumi_aws import iam, kms

        options = aws.provider()
        kms.Key("volumes", policy='{"Principal": "AWSServiceRoleForAutoScaling"}', opts=options)
        iam.ServiceLinkedRole("scaling", aws_service_name="autoscaling.amazonaws.com", opts=options)

    assert not checked(program).of("linked-roles")


@pytest.mark.parametrize(
    ("size", "nodes", "status"),
    [("/20", 10, Status.PASSED), ("/25", 20, Status.ERROR), ("/24", 5, Status.WARNING)],
)
def test_room_in_subnets(
    size: str, nodes: int, status: Status, front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    def program() -> None:
        from pulumi_aws import ec2

        options = aws.provider()
        ec2.Subnet(
            "private-a",
            vpc_id="vpc-1",
            cidr_block=f"10.0.0.0{size}",
            availability_zone="us-east-1a",
            tags={"karpenter.sh/discovery": "prod"},
            opts=options,
        )
        aws.node_class()
        aws.node_pool("general", ["m7i.2xlarge"], limits={"nodes": nodes})

    found = checked(program).one("subnet-room")
    assert found.status is status
    assert found.subject == "subnets in us-east-1a"
    assert found.wanted.startswith(f"{nodes} nodes with 15 pods each")
    assert f"private-a 10.0.0.0{size}" in found.found


def test_checks_that_are_left_out(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    report = checked(gpu_pool(aws), skip=("region", "vcpu-quotas"))
    for name in ("region", "vcpu-quotas"):
        assert (report.one(name).status, report.one(name).found) == (Status.SKIPPED, "left out, as asked")
    assert "DescribeRegions" not in front.asked
    assert "GetServiceQuota" not in front.asked


def test_an_answer_that_no_check_understands_is_a_defect_and_not_a_pass(
    front: Any, checked: Callable[..., Any], aws: Any
) -> None:
    front.answers["GetServiceQuota"] = aws.Answer('{"Quota": {}}')
    with pytest.raises(KeyError):
        checked(gpu_pool(aws))


def test_a_profile_that_is_not_there(front: Any, checked: Callable[..., Any], aws: Any) -> None:
    from aidc.preflight.account import Account
    from aidc.preflight.failures import CredentialsUnusable

    with pytest.raises(CredentialsUnusable, match="no-such"):
        Account("us-east-1", profile="no-such")


def test_without_boto3_the_way_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from aidc.preflight import account

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(account, "import_module", missing)
    with pytest.raises(InvalidInput, match=r"pip install 'aidc\[aws\]'"):
        account.Account("us-east-1")
