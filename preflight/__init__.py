"""Checks of an account, or of this machine, before anything is made in it."""

from .account_checks import ACCOUNT_CHECKS, run_account_checks
from .check import Check, CheckResult, Finding, Severity, Status
from .demands import AccountDemands, account_demands
from .machine_checks import MACHINE_CHECKS, run_machine_checks

__all__ = [
    "ACCOUNT_CHECKS",
    "MACHINE_CHECKS",
    "AccountDemands",
    "Check",
    "CheckResult",
    "Finding",
    "Severity",
    "Status",
    "account_demands",
    "run_account_checks",
    "run_machine_checks",
]
