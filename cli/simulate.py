"""`aidc simulate`: a load against policies that scale, before any of them runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from .libraries import planning_libraries

if TYPE_CHECKING:
    from ..planning.autoscaling.arrivals import Arrivals
    from ..planning.autoscaling.comparison import Comparison
    from ..planning.autoscaling.load_file import LoadOfFile
    from ..planning.autoscaling.service import Service

_USUAL: Final = ("static", "horizontal", "event-driven", "predictive", "oracle")
_MEAN_REPLICAS: Final = 15.0


def simulate(
    trace: Annotated[
        str | None,
        typer.Argument(
            metavar="[TRACE]",
            help="CSV file, or the name of a known trace. Default: an hour of Azure's LLM inference, from the library.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Column of the load. Default: requests, value, rate, or the only one.")
    ] = None,
    load: Annotated[
        str | None,
        typer.Option(
            help="What the column says: requests (of each step), rate (requests a second), rows (no column is read: "
            "each row is one request) or counter (all requests so far). Default: rate for columns called rate, rps or "
            "qps, else requests."
        ),
    ] = None,
    step: Annotated[
        float | None,
        typer.Option(help="Seconds of a step of the file. Default: the usual distance of rows; 60 for --load rows."),
    ] = None,
    time_column: Annotated[
        str | None, typer.Option(help="Column of times, as numbers or as dates. Default: the usual names.")
    ] = None,
    time_unit: Annotated[
        str | None,
        typer.Option(help="Unit of times that are numbers: s, ms, us or ns. Default: s, or by their size since 1970."),
    ] = None,
    size_column: Annotated[
        str | None,
        typer.Option(help="Column of what the requests of a step ask for, such as tokens. Default: all are alike."),
    ] = None,
    mean_replicas: Annotated[
        float | None,
        typer.Option(help="Scale the load to keep this many replicas busy. Default: 15 for known traces, else no."),
    ] = None,
    start_up_delay: Annotated[float, typer.Option(help="Seconds until a new replica takes requests.")] = 60.0,
    service_time: Annotated[float, typer.Option(help="Seconds that a request is served.")] = 1.0,
    concurrency: Annotated[int, typer.Option(help="Requests that a replica serves at a time.")] = 4,
    latency_bound: Annotated[float, typer.Option(help="Seconds from arrival to answer that are promised.")] = 2.0,
    give_up: Annotated[float, typer.Option(help="Seconds after which a request that waits has failed.")] = 60.0,
    minimum: Annotated[int, typer.Option(help="Replicas at least.")] = 1,
    maximum: Annotated[int, typer.Option(help="Replicas at most.")] = 1000,
    price: Annotated[float, typer.Option(help="Price of a replica for an hour.")] = 1.0,
    policy: Annotated[
        list[str] | None,
        typer.Option(help=f"Policy; may be given several times. Default: {', '.join(_USUAL)}."),
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Try each policy with all its settings, and compare what it can reach.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the arrivals.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write everything as JSON to this file; - for standard output.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw load, replicas and, with --sweep, the fronts to this .html or .svg file.")
    ] = None,
) -> None:
    """Replay a load against policies, with queueing and start-up: what is late, and what it costs.

    Without options: one hour of real requests against a fixed number, the HPA, KEDA, the predictive policy, and one
    that knows the future. `--sweep` tunes each of them first.
    """
    with planning_libraries():
        from ..planning.autoscaling.service import Service

        service = Service(
            service_time=service_time,
            concurrency=concurrency,
            latency_bound=latency_bound,
            startup_delay=start_up_delay,
            give_up=max(give_up, latency_bound - service_time) if give_up == 60.0 else give_up,
            min_replicas=minimum,
            max_replicas=maximum,
            price=price,
        )
        _check(service, policy or _USUAL, mean_replicas, plot, seed)
        reading = _Reading(column, time_column, size_column, load, step, time_unit)
        notes, arrivals = _load(trace, reading, mean_replicas, service, seed)
        once = _compared(arrivals, service, policy or _USUAL, sweep=False)
        swept = _compared(arrivals, service, policy or _USUAL, sweep=True) if sweep else None
        if plot is not None:
            _draw(plot, once, swept, trace or "azure-conversation")
    if json_file is not None:
        _write_json(once, swept, json_file)
    if json_file is None or str(json_file) != "-":
        from .simulate_page import show

        show(once, swept, notes)


class _Reading(NamedTuple):
    """How a file is to be read, as the options say."""

    column: str | None
    time_column: str | None
    size_column: str | None
    load: str | None
    step: float | None
    time_unit: str | None


def _check(
    service: "Service", policies: "tuple[str, ...] | list[str]", mean: float | None, plot: Path | None, seed: int
) -> None:
    import math

    from ..planning.autoscaling.contenders import contender_names
    from ..problems import Problems

    service.check()
    problems = Problems()
    for each in policies:
        problems.choice("--policy", each, contender_names())
    if mean is not None and not (math.isfinite(mean) and mean > 0):
        problems.add("--mean-replicas", f"{mean:g} replicas is not possible; give more than 0 replicas")
    if plot is not None and plot.suffix not in (".html", ".svg"):
        problems.add("--plot", f"'{plot}' is neither .html nor .svg; give one of the two")
    problems.between("--seed", seed, 0)
    problems.raise_if_any("aidc simulate")


def _load(
    name: str | None, reading: _Reading, mean: float | None, service: "Service", seed: int
) -> "tuple[tuple[str, ...], Arrivals]":
    """Return what is to be said of a trace, and the arrivals that follow it."""
    from ..planning.autoscaling.arrivals import arrivals_of
    from ..planning.autoscaling.shipped import NAME, shipped_trace
    from ..planning.forecasting.known_traces import known_trace
    from ..problems import InvalidInput, Problem

    sizes = None
    notes: list[str] = []
    if name is None or name == NAME:
        _refuse_unused(NAME, reading, "column", "size_column")
        read = shipped_trace(reading.column or "requests")
        sizes = shipped_trace(reading.size_column).series if reading.size_column else None
    elif name.endswith(".csv") or Path(name).exists():
        found = _own(name, reading)
        read, sizes = found.trace, found.sizes
        notes.append(found.note)
    else:
        known = known_trace(name)
        _refuse_unused(name, reading)
        read = known.read()
    if mean is None and not notes:
        mean = _MEAN_REPLICAS
    notes.extend(read.notes())
    if abs(round(service.allowed_wait) - service.allowed_wait) > 1e-9:
        counted = f"{service.allowed_wait:g} s, which are counted as {round(service.allowed_wait)} s"
        notes.append(f"a request may wait {counted}: the replay goes by whole seconds")
    try:
        arrivals = arrivals_of(
            read.series, mean_rate=None if mean is None else mean * service.replica_rate, totals=sizes, seed=seed
        )
    except ValueError as error:
        raise InvalidInput(str(name or NAME), [Problem("", str(error))]) from None
    return tuple(notes), arrivals


def _own(path: str, reading: _Reading) -> "LoadOfFile":
    """Return the load of a file of one's own."""
    from typing import cast, get_args

    from ..planning.autoscaling.load_file import COUNTINGS, Counting, read_load_file
    from ..planning.forecasting.trace_rows import TimeUnit
    from ..problems import Problems

    problems = Problems()
    if reading.load is not None:
        problems.choice("--load", reading.load, COUNTINGS)
    if reading.time_unit is not None:
        problems.choice("--time-unit", reading.time_unit, get_args(TimeUnit))
    if reading.load == "rows" and reading.column is not None:
        problems.add("--column", f"'{reading.column}' is not read with --load rows; leave one of them out")
    problems.raise_if_any("aidc simulate")
    return read_load_file(
        path,
        time=reading.time_column,
        value=reading.column,
        size=reading.size_column,
        counting=cast(Counting | None, reading.load),
        step=reading.step,
        unit=cast(TimeUnit | None, reading.time_unit),
    )


def _refuse_unused(name: str, reading: _Reading, *used: str) -> None:
    """Refuse options that say how to read a file, where the trace has a name and is known."""
    from ..problems import Problems

    problems = Problems()
    for option, given in reading._asdict().items():
        if given is not None and option not in used:
            said = f"the trace {name} is read as it is known; leave it out, or give a CSV file"
            problems.add(f"--{option.replace('_', '-')}", said)
    problems.raise_if_any("aidc simulate")


def _compared(
    arrivals: "Arrivals", service: "Service", policies: "tuple[str, ...] | list[str]", *, sweep: bool
) -> "Comparison":
    import sys

    from ..planning.autoscaling.comparison import compare

    if not sys.stderr.isatty():
        return compare(arrivals, service, policies, sweep=sweep, record=not sweep)
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(policies))
        order = {each: turn for turn, each in enumerate(policies)}

        def advanced(name: str, made: int, count: int) -> None:
            progress.update(task, description=name, completed=order[name] + made / max(count, 1))

        return compare(arrivals, service, policies, sweep=sweep, record=not sweep, advanced=advanced)


def _draw(path: Path, once: "Comparison", swept: "Comparison | None", title: str) -> None:
    from ..planning.autoscaling.chart import drawn
    from .files import write_whole

    write_whole(path, drawn(once, swept, title=title, html=path.suffix == ".html"))


def _write_json(once: "Comparison", swept: "Comparison | None", path: Path) -> None:
    from .files import write_json

    more = {} if swept is None else {"swept": swept.to_dict()}
    write_json(path, {"usual": once.to_dict(), **more})
