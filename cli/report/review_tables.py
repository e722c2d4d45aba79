"""Tables of what a reader should look at before a deployment: findings of the policies, and the order of a teardown."""

from ...infra.policies import Finding, Level, PolicyReport
from ...planning.plan.summary import PlanSummary
from .table import Cell, Column, Table, Tone, count, words


def policy_table(report: PolicyReport) -> Table | None:
    """Return the findings, those without a reason to stay first, the mandatory before the advisory; None for none."""
    found = sorted(report.findings, key=lambda each: (each.exception is not None, each.rule.level is Level.ADVISORY))
    if not found:
        return None
    return Table(
        name="policies",
        caption="Findings of the policies",
        columns=[
            Column(title="Rule"),
            Column(title="State"),
            Column(title="Resource"),
            Column(title="Kind"),
            Column(title="Stack"),
            Column(title="What is so"),
            Column(title="Way out, or why it stays"),
        ],
        rows=[_finding(each) for each in found],
        note=policy_sentence(report),
    )


def policy_sentence(report: PolicyReport) -> str:
    """Return what the rules say, in one sentence."""
    mandatory, advisory = (len(report.at_level(level)) for level in (Level.MANDATORY, Level.ADVISORY))
    return (
        f"{len(report.judged)} of {report.rules} rules had something to judge: {mandatory} mandatory and {advisory} "
        f"advisory findings are open, {len(report.excepted)} stay for a reason."
    )


def _finding(each: Finding) -> list[Cell]:
    is_open = each.exception is None
    tone = Tone.LOUD if is_open and each.rule.level is Level.MANDATORY else Tone.PLAIN
    return [
        words(each.rule.name),
        words(str(each.rule.level), tone) if is_open else words("stays", Tone.QUIET),
        words(each.resource.name),
        words(each.resource.type.rpartition(":")[2]),
        words(each.stack),
        words(each.message),
        words(each.rule.way_out if each.exception is None else each.exception.reason),
    ]


def teardown_table(summary: PlanSummary) -> Table | None:
    """Return the steps of a deletion, first to last; None for a single one."""
    if len(summary.teardown) < 2:
        return None
    return Table(
        name="teardown",
        caption="Teardown, first to last",
        columns=[
            Column(title="Step", is_number=True),
            Column(title="Stack"),
            Column(title="What"),
            Column(title="Names"),
            Column(title="Protected", is_number=True),
            Column(title="Kept", is_number=True),
        ],
        rows=[
            [
                count(turn),
                words(step.stack),
                words(step.kind),
                words(", ".join(step.names)),
                count(step.protected) if step.protected else Cell(text="", order=0),
                count(step.kept) if step.kept else Cell(text="", order=0),
            ]
            for turn, step in enumerate(summary.teardown, start=1)
        ],
        note="Protected: the deletion is refused until `protect` is false, and that is deployed.",
    )


def type_table(summary: PlanSummary) -> Table:
    """Return how many resources there are of each type."""
    return Table(
        name="types",
        caption="Resources by type",
        columns=[Column(title="Type"), Column(title="Resources", is_number=True)],
        rows=[[words(type), count(number)] for type, number in sorted(summary.types.items())],
        total=[words("Sum"), count(summary.resources)],
    )
