"""The page of `aidc schedule`: methods, who runs where, what waits, what to set."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape

from ..planning.nodes.fitting import number
from ..planning.scheduling.advice import Advice
from ..planning.scheduling.cluster import WHOLE, Job, SchedulingProblem
from ..planning.scheduling.schedule import Score
from ..planning.scheduling.study import Study
from .page import print_page
from .tables import counted, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_SHOWN: Final = 40
"""Rows that the page shows; `--json` has all jobs."""

_RULES: Final = {
    "least-allocated": "LeastAllocated, the scheduler's default",
    "most-allocated": "MostAllocated, bin packing",
}
_METHODS: Final = {"exact": "at best: integer program", "annealing": "at best: search"}


def show(problem: SchedulingProblem, study: Study, left_out: Sequence[str]) -> None:
    """Print the page to standard output."""
    print_page(_page(problem, study, left_out))


def data_of(problem: SchedulingProblem, study: Study, left_out: Sequence[str]) -> dict[str, Any]:
    """Return the same as data, with names in camel case."""
    return {
        "nodes": len(problem.nodes),
        "gpus": problem.gpu_milli / WHOLE,
        "jobs": len(problem.jobs),
        "weightOffered": problem.offered,
        "rules": {rule: _score_data(score) for rule, score in study.by_rule.items()},
        "best": {
            **_score_data(study.score),
            "method": study.method,
            "weightBound": study.weight_bound,
            "isOptimal": study.is_optimal,
            "seconds": study.seconds,
        },
        "places": {
            problem.jobs[index].name: [
                {"node": problem.nodes[place.node].name, "gpus": list(place.gpus)} for place in places
            ]
            for index, places in study.best.places.items()
        },
        "waiting": [problem.jobs[index].name for index in study.waiting],
        "advice": [asdict(each) for each in study.advice],
        "leftOut": list(left_out),
    }


def _score_data(score: Score) -> dict[str, Any]:
    return {
        "weight": score.weight,
        "gpus": score.gpu_milli / WHOLE,
        "fragmentedGpus": score.fragmented_gpus,
        "extraBlocks": score.extra_blocks,
    }


def _page(problem: SchedulingProblem, study: Study, left_out: Sequence[str]) -> "Iterator[RenderableType]":
    asked = sum(job.pods * job.shape.gpu_demand for job in problem.jobs) / WHOLE
    yield (
        f"{counted(len(problem.jobs), 'job')} ask for {number(asked)} GPUs of "
        f"{problem.gpu_milli // WHOLE:,} on {counted(len(problem.nodes), 'node')}"
    )
    yield ""
    yield _methods(problem, study)
    yield ""
    yield _proof(problem, study)
    yield ""
    yield _places(problem, study)
    if (more := len(_alike(problem, sorted(study.best.places))) - _SHOWN) > 0:
        yield f"and {more:,} more: see --json"
    for title, lines in (
        ("What waits", _waiting(problem, study)),
        (
            "What the cluster should be told",
            [_told(each) for each in study.advice],
        ),
        ("What is not in this", left_out),
    ):
        if lines:
            yield ""
            yield f"[bold]{title}[/]"
            yield from (escape(f"  {line}") for line in lines)


def _methods(problem: SchedulingProblem, study: Study) -> "Table":
    headings = ("placed", "weight that runs", "GPUs used", "free GPUs of no use", "blocks too many")
    made = table("", headings, headings[1:])
    rows = [(_RULES[rule], score) for rule, score in study.by_rule.items()]
    for name, score in [*rows, (_METHODS[study.method], study.score)]:
        made.add_row(
            name,
            f"{score.weight / max(1, problem.offered):.1%}",
            number(score.gpu_milli / WHOLE),
            f"{score.fragmented_gpus:,.2f}",
            f"{score.extra_blocks:,}",
        )
    return made


def _proof(problem: SchedulingProblem, study: Study) -> str:
    if study.is_optimal:
        return f"proved in {study.seconds:.1f} s: no schedule is better"
    bound = study.weight_bound / max(1, problem.offered)
    more = "; give --seconds more" if study.method == "exact" else ""
    if study.score.weight >= study.weight_bound - 1e-6:
        return f"proved: no schedule runs more; whether less is left over is not proved{more}"
    return f"[yellow bold]not proved[/]: no schedule runs more than {bound:.1%} of the weight{more}"


def _places(problem: SchedulingProblem, study: Study) -> "Table":
    made = table("Where jobs run, at best", ("job", "jobs", "pods", "each", "nodes"), ("jobs", "pods"))
    for alike in _alike(problem, sorted(study.best.places))[:_SHOWN]:
        job = problem.jobs[alike[0]]
        on = Counter(problem.nodes[place.node].name for index in alike for place in study.best.places[index])
        nodes = ", ".join(name if count == 1 else f"{name} x{count}" for name, count in sorted(on.items()))
        made.add_row(escape(_named(problem, alike)), f"{len(alike):,}", f"{job.pods:,}", _each(job), nodes)
    return made


def _alike(problem: SchedulingProblem, indexes: Iterable[int]) -> list[list[int]]:
    """Return the jobs that follow each other and ask for the same, together."""
    return [list(alike) for _, alike in groupby(indexes, key=lambda index: replace(problem.jobs[index], name=""))]


def _named(problem: SchedulingProblem, alike: Sequence[int]) -> str:
    first, last = problem.jobs[alike[0]].name, problem.jobs[alike[-1]].name
    return first if first == last else f"{first} to {last}"


def _each(job: Job) -> str:
    shape = job.shape
    gpus = shape.gpus if shape.gpu_milli == WHOLE else shape.gpu_milli / WHOLE
    devices = [f"{number(gpus)} {'GPU' if gpus <= 1 else 'GPUs'}"] if gpus else []
    return ", ".join([*devices, f"{number(shape.cpu_milli / 1000)} cores", f"{number(shape.memory_mib / 1024)} GiB"])


def _waiting(problem: SchedulingProblem, study: Study) -> list[str]:
    lines = [_waits(problem, alike) for alike in _alike(problem, study.waiting)]
    return [*lines[:_SHOWN], f"and {len(lines) - _SHOWN:,} more: see --json"] if len(lines) > _SHOWN else lines


def _told(advice: Advice) -> str:
    return f"{advice.setting}: {advice.value}\n    {advice.reason}"


def _waits(problem: SchedulingProblem, alike: Sequence[int]) -> str:
    job = problem.jobs[alike[0]]
    jobs = "" if len(alike) == 1 else f"{counted(len(alike), 'job')} of "
    return f"{_named(problem, alike)}: {jobs}{counted(job.pods, 'pod')} of {_each(job)}"
