"""What there is in an account, as AWS's own listings tell it."""

import json
from collections.abc import Iterable
from typing import Any, Final

from .moto_server import Moto

# Service, operation, key of the list in the answer, and arguments.
_LISTINGS: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    ("acm", "list_certificates", "CertificateSummaryList", {}),
    ("backup", "list_backup_plans", "BackupPlansList", {}),
    ("backup", "list_backup_vaults", "BackupVaultList", {}),
    ("cloudtrail", "describe_trails", "trailList", {}),
    ("ec2", "describe_addresses", "Addresses", {}),
    ("ec2", "describe_flow_logs", "FlowLogs", {}),
    ("ec2", "describe_internet_gateways", "InternetGateways", {}),
    ("ec2", "describe_launch_templates", "LaunchTemplates", {}),
    ("ec2", "describe_route_tables", "RouteTables", {}),
    ("ec2", "describe_security_groups", "SecurityGroups", {}),
    ("ec2", "describe_subnets", "Subnets", {}),
    ("ec2", "describe_vpcs", "Vpcs", {}),
    ("ecr", "describe_repositories", "repositories", {}),
    ("efs", "describe_access_points", "AccessPoints", {}),
    ("efs", "describe_file_systems", "FileSystems", {}),
    ("eks", "list_clusters", "clusters", {}),
    ("events", "list_rules", "Rules", {}),
    ("fsx", "describe_file_systems", "FileSystems", {}),
    ("guardduty", "list_detectors", "DetectorIds", {}),
    ("iam", "list_instance_profiles", "InstanceProfiles", {}),
    ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", {}),
    ("iam", "list_policies", "Policies", {"Scope": "Local"}),
    ("iam", "list_roles", "Roles", {}),
    ("kms", "list_aliases", "Aliases", {}),
    ("logs", "describe_log_groups", "logGroups", {}),
    ("s3", "list_buckets", "Buckets", {}),
    ("secretsmanager", "list_secrets", "SecretList", {}),
    ("sns", "list_topics", "Topics", {}),
    ("sqs", "list_queues", "QueueUrls", {}),
    ("wafv2", "list_web_acls", "WebACLs", {"Scope": "REGIONAL"}),
)


def inventory(server: Moto, regions: Iterable[str]) -> set[str]:
    """Everything that is listed, one line each."""
    import boto3

    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")
    found: set[str] = set()
    for region in sorted(set(regions)):
        for service, operation, key, arguments in _LISTINGS:
            client = session.client(service, region_name=region, endpoint_url=server.address)
            listed = getattr(client, operation)(**arguments).get(key) or []
            found |= {f"{region} {service} {json.dumps(each, default=str, sort_keys=True)}" for each in listed}
    return found
