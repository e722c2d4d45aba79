"""Who may do what in AWS: policy statements, roles, and the identities of workloads."""

from .account import current_account, current_region, partition
from .arns import ArnFormat, arn_format
from .role import create_role, create_role_and_policies
from .statements import Statement, policy_document, service_trust
from .trust import pod_trust, web_identity_trust
from .workload_identity import IdentityMethod, PolicyStatement, WorkloadIdentity, WorkloadIdentityArgs

__all__ = [
    "ArnFormat",
    "IdentityMethod",
    "PolicyStatement",
    "Statement",
    "WorkloadIdentity",
    "WorkloadIdentityArgs",
    "arn_format",
    "create_role",
    "create_role_and_policies",
    "current_account",
    "current_region",
    "partition",
    "pod_trust",
    "policy_document",
    "service_trust",
    "web_identity_trust",
]
