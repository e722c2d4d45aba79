"""`aidc plan`: what an environment would make, cost and take."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..problems import InvalidInput, Problem, Problems
from .environment import Environment, ProjectFolder, configured_region, evaluate_environment

if TYPE_CHECKING:
    from ..infra.policies import PolicyReport
    from ..planning.plan.assumptions import PlanAssumptions
    from ..planning.plan.difference import PlanDifference
    from ..planning.plan.summary import PlanSummary


def plan(
    environment: Environment,
    project: ProjectFolder = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the plan as JSON to this file; - for standard output.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Evaluate as in a first preview, with nothing known, and show only that.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="ENV|FILE",
            help="Show what differs from another environment, or from a plan that --json wrote (a .json file).",
        ),
    ] = None,
    assumptions: Annotated[
        Path | None, typer.Option(help="YAML or JSON with what the program does not say: cost, energy, own prices.")
    ] = None,
    region: Annotated[str, typer.Option(help="Region of AWS where nothing in the program says one.")] = "",
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write the plan as one HTML page, complete in itself, to this file.")
    ] = None,
    date: Annotated[
        str,
        typer.Option(help="Date on the HTML page: YYYY-MM-DD, or today. Default: none, for the same bytes each time."),
    ] = "",
) -> None:
    """Show what an environment would make, want, provide, cost and take, without a cloud or credentials."""
    _check_page(html_file, date, preview=preview)
    graph = evaluate_environment(environment, project, preview=preview)
    if preview:
        typer.echo(f"{graph.project}/{graph.stack}: {len(graph) - 1} resources; the first preview ends well")
        return
    from ..planning.plan.document import plan_document
    from ..planning.plan.summary import summarise
    from .plan_policies_page import report_of

    summary = summarise(graph, _assumptions(environment, project, assumptions, region))
    policies = report_of(graph, project)
    before = None if against is None else _document(against, project, assumptions, region)
    difference = None if before is None else _difference(summary, before, str(against))
    if html_file is not None:
        from .report.file import write_report

        write_report(html_file, summary, date=date, policies=policies, difference=difference)
    if json_file is not None:
        from .files import write_json

        compared = {} if difference is None else {"difference": difference.to_dict()}
        write_json(json_file, {**plan_document(summary), "policies": policies.to_dict(), **compared})
    elif html_file is None:
        _show(summary, policies, difference)


def _check_page(html_file: Path | None, date: str, *, preview: bool) -> None:
    from .report.file import checked_date

    checked_date(date)
    problems = Problems()
    if date and html_file is None:
        problems.add("--date", "is for the HTML page; give --html FILE too")
    if html_file is not None and preview:
        problems.add("--html", "has nothing to show with --preview; leave one of them out")
    problems.raise_if_any("aidc plan")


def _assumptions(environment: str, project: Path | None, file: Path | None, region: str) -> "PlanAssumptions":
    from ..planning.catalog import regions
    from ..planning.plan.assumptions import read_plan_assumptions

    if region:
        problems = Problems()
        problems.choice("--region", region, regions())
        problems.raise_if_any("aidc plan")
    given: dict[str, Any] = {}
    if file is not None:
        from ..evaluation.documents import read_mapping

        given = read_mapping(file)
    return read_plan_assumptions(given, region or configured_region(environment, project), str(file or "assumptions"))


def _document(against: str, project: Path | None, assumptions: Path | None, region: str) -> dict[str, Any]:
    """Return the plan to compare with: one of a file, or of another environment."""
    if against.endswith(".json") or Path(against).is_file():
        return _read_json(Path(against))
    from ..planning.plan.document import plan_document
    from ..planning.plan.summary import summarise

    graph = evaluate_environment(against, project)
    return plan_document(summarise(graph, _assumptions(against, project, assumptions, region)))


def _show(summary: "PlanSummary", policies: "PolicyReport", difference: "PlanDifference | None") -> None:
    from .page import print_page

    if difference is not None:
        from .plan_difference_page import difference_parts

        print_page(difference_parts(difference))
        return
    from .plan_page import show
    from .plan_policies_page import policy_parts

    show(summary)
    print_page(policy_parts(policies))


def _difference(summary: "PlanSummary", before: dict[str, Any], subject: str) -> "PlanDifference":
    from ..planning.plan.difference import compare_plans
    from ..planning.plan.document import plan_document

    return compare_plans(before, plan_document(summary), subject)


def _read_json(path: Path) -> dict[str, Any]:
    import json

    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(str(path), [Problem("", f"cannot be read: {error.strerror or error}")]) from error
    except ValueError as error:
        raise InvalidInput(str(path), [Problem("", f"is no JSON: {error}")]) from error
    if not isinstance(found, dict):
        raise InvalidInput(str(path), [Problem("", "is no plan: a mapping is wanted")])
    return cast(dict[str, Any], found)
