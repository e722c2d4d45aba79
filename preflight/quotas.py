"""Service quotas: their values, and how to have them raised."""

from typing import Final

from .account import Account
from .failures import NothingThere

_CONSOLES: Final = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


def quota_value(account: Account, service: str, code: str) -> float | None:
    """Return the value that the account has, or AWS's default where it has none of its own; None where AWS has none."""
    for operation in ("get_service_quota", "get_aws_default_service_quota"):
        try:
            answer = account.ask("service-quotas", operation, ServiceCode=service, QuotaCode=code)
        except NothingThere:
            continue
        return float(answer["Quota"]["Value"])
    return None


def raising(account: Account, service: str, code: str, value: float) -> str:
    """Say how to have a quota raised: the command, and the page of the console."""
    region = account.region
    console = next((host for prefix, host in _CONSOLES.items() if region.startswith(prefix)), "console.aws.amazon.com")
    return (
        f"aws service-quotas request-service-quota-increase --region {region} --service-code {service} "
        f"--quota-code {code} --desired-value {value:.0f}, or "
        f"https://{region}.{console}/servicequotas/home/services/{service}/quotas/{code}"
    )
