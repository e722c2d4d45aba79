"""Services of AWS that a VPC reaches without the internet."""

import re
from collections.abc import Sequence
from typing import Final

from ...problems import Problems
from ..identity.account import partition

GATEWAY_SERVICES: Final[Sequence[str]] = ("dynamodb", "s3", "s3express")
"""Services with gateway endpoints, which cost nothing: AWS PrivateLink Guide, "Gateway endpoints"; Amazon S3 User
Guide, "Networking for directory buckets"."""

DEFAULT_GATEWAY_SERVICES: Final[Sequence[str]] = ("dynamodb", "s3")

PRIVATE_CLUSTER_SERVICES: Final[Sequence[str]] = (
    "autoscaling",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticfilesystem",
    "elasticloadbalancing",
    "fsx",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
)
"""What an EKS cluster without a way out needs: nodes, images, identities, load balancers, volumes, secrets, metrics,
Karpenter's queue and parameters, Session Manager. Sources: Amazon EKS User Guide, "Deploy private clusters with limited
internet access"; Karpenter, "Private clusters"; AWS Systems Manager User Guide, "VPC endpoints"."""

_SERVICE: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*")
_WHOLE_NAME: Final = re.compile(r"(cn\.)?com\.amazonaws\.")


def service_name(region: str, service: str) -> str:
    """Return the whole name of an endpoint's service; one that is whole already stays as it is."""
    return service if _WHOLE_NAME.match(service) else f"com.amazonaws.{region}.{service}"


def check_interface_services(problems: Problems, path: str, region: str, services: Sequence[str]) -> None:
    """Require names of services, such as `ecr.api`."""
    for index, service in enumerate(services):
        if not _SERVICE.fullmatch(service):
            problems.add(f"{path}[{index}]", f"'{service}' is not the name of a service; write it like ecr.api")
        elif partition(region) == "aws-cn" and not _WHOLE_NAME.match(service):
            # AWS China, "Services that integrate with PrivateLink": some names begin with cn., others do not.
            problems.add(f"{path}[{index}]", f"'{service}' is short; give whole names in China, with com.amazonaws.")
