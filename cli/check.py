"""`aidc check`: what an environment needs, compared with what is there."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .environment import Environment, ProjectFolder, configured_region, evaluate_environment
from .failures import FAILED
from .waiting import shown_while

if TYPE_CHECKING:
    from ..evaluation import ResourceGraph
    from ..preflight import AccountDemands, CheckResult


def check(
    environment: Environment,
    project: ProjectFolder = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", help="Leave this check out; may be given several times.")
    ] = None,
    region: Annotated[
        str, typer.Option("--region", help="Region, where the program names none. Default: that of the program.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Compare what an environment needs with what is there, before anything is made.

    On AWS: credentials, region, quotas, instance types by zone, reservations, versions, room in subnets. The checks
    only read, and one that may not read says which permission it lacks. Simulated environments: programs, disk, memory
    and ports of this machine. Exit code 1: a deployment would fail.
    """
    graph = evaluate_environment(environment, project)
    place, results = _results(graph, environment, project, skip or [], region)
    if json:
        import json as encoder

        data = {"environment": environment, "place": place, "checks": [result.to_dict() for result in results]}
        typer.echo(encoder.dumps(data, indent=2))
    else:
        from .check_page import show

        show(environment, place, results)
    if any(result.has_error for result in results):
        raise typer.Exit(FAILED)


def _results(
    graph: "ResourceGraph", environment: str, project: Path | None, skip: Sequence[str], region: str
) -> "tuple[str, Sequence[CheckResult]]":
    """Return what was looked at, and what was found."""
    from ..preflight import MACHINE_CHECKS, account_demands, run_machine_checks

    demands = account_demands(graph, default_region=configured_region(environment, project))
    if demands.uses_aws:
        return _account_results(demands, skip, region)
    if any("karpenter.kwok.sh" in each.type for each in graph):
        _refuse_unknown(skip, [each.name for each in MACHINE_CHECKS])
        with shown_while("looking at this machine"):
            return "this machine", run_machine_checks(skip)
    return "nowhere: it needs nothing of AWS and simulates no nodes", ()


def _account_results(
    demands: "AccountDemands", skip: Sequence[str], region: str
) -> "tuple[str, Sequence[CheckResult]]":
    from ..preflight import ACCOUNT_CHECKS, run_account_checks
    from ..preflight.account import Account
    from ..preflight.check import CheckResult, Finding, Status
    from ..preflight.failures import CredentialsUnusable
    from ..problems import InvalidInput, Problem

    _refuse_unknown(skip, [each.name for each in ACCOUNT_CHECKS])
    try:
        account = Account(region or demands.region, profile=demands.profile, role_arn=demands.role_arn)
    except CredentialsUnusable as failure:
        unusable = Finding(status=Status.ERROR, subject="credentials", found=str(failure), way_out=failure.way_out)
        return "AWS", [CheckResult(check="credentials", findings=[unusable])]
    if not account.region:
        reason = "nothing says a region; give --region, the provider a region, or set AWS_REGION"
        raise InvalidInput("aidc check", [Problem("region", reason)])
    with closing(account), shown_while(f"asking AWS about {account.region}"):
        return f"AWS, {account.region}", run_account_checks(account, demands, skip)


def _refuse_unknown(skip: Sequence[str], known: Sequence[str]) -> None:
    from ..problems import Problems

    problems = Problems()
    for name in skip:
        problems.choice("--skip", name, known)
    problems.raise_if_any("aidc check")
