"""The page as a file."""

from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...problems import InvalidInput, Problem
from ..files import write_whole
from ..libraries import planning_libraries
from ..waiting import shown_while

if TYPE_CHECKING:
    from ...infra.policies import PolicyReport
    from ...planning.plan.difference import PlanDifference
    from ...planning.plan.summary import PlanSummary

_TODAY: Final = "today"


def write_report(
    path: Path,
    summary: "PlanSummary",
    *,
    date: str = "",
    policies: "PolicyReport | None" = None,
    difference: "PlanDifference | None" = None,
) -> None:
    """Write the page of a plan, whole or not at all.

    Args:
        path: The file.
        summary: The plan.
        date: What stands on the page: `YYYY-MM-DD`, or `today` for what the clock says. Default: no date, so that the
            same plan is the same bytes.
        policies: What the rules find in it. Default: the page does not speak of rules.
        difference: From another plan. Default: none is shown.

    Raises:
        InvalidInput: the date is none, or the file cannot be written.
        typer.Exit: a library is not installed; standard error says which, and how it comes.
    """
    shown = checked_date(date)
    with shown_while("drawing the page"), planning_libraries():
        from .page import render_page

        page = render_page(summary, date=shown, policies=policies, difference=difference)
    write_whole(path, page)


def checked_date(date: str) -> str:
    """Return a date as it stands on the page; raises `InvalidInput` for what is none."""
    if date == _TODAY:
        return Date.today().isoformat()
    try:
        return Date.fromisoformat(date).isoformat() if date else ""
    except ValueError:
        problem = Problem("--date", f"'{date}' is no date; give YYYY-MM-DD, or today")
        raise InvalidInput("aidc plan", [problem]) from None
