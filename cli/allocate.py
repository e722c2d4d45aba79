"""`aidc allocate`: the cheapest pools for a demand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from .failures import FAILED
from .libraries import planning_libraries
from .waiting import shown_while

if TYPE_CHECKING:
    from ..planning.allocation.conflict import Conflict
    from ..planning.allocation.pools import Allocation
    from ..planning.allocation.request import Request
    from ..problems import Problems

_NAMES: Final = {"train": "training", "serve": "serving", "needs": "nodes"}
_OPTIONS: Final = {
    "accelerator": "--accelerator",
    "spotShare": "--spot-share",
    "zoneShare": "--zone-share",
    "survivesZoneLoss": "--survive-zone-loss",
    "oneType": "--one-type",
    "together": "--together",
}


def allocate(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Demands, limits and prices in YAML.", show_default=False)
    ] = None,
    train: Annotated[str, typer.Option(help="Train this model, by name or size, such as 7B.")] = "",
    tokens: Annotated[str, typer.Option(help="Tokens that it learns from, such as 300B.")] = "",
    days: Annotated[str, typer.Option(help="Days that the training may take.")] = "",
    context: Annotated[str, typer.Option(help="Tokens of one text. Default: what the model reads, 8192 at most.")] = "",
    batch_tokens: Annotated[str, typer.Option(help="Tokens of one step. Default: 4194304.")] = "",
    utilisation: Annotated[str, typer.Option(help="Part of the peak FLOPS that training reaches. Default: 0.4.")] = "",
    serve: Annotated[str, typer.Option(help="Serve this model, by name or size, such as 8B.")] = "",
    requests_per_second: Annotated[str, typer.Option(help="Requests a second at the peak.")] = "",
    time_to_first_token: Annotated[str, typer.Option(help="Longest wait for the first token, such as 200ms.")] = "",
    time_per_output_token: Annotated[str, typer.Option(help="Longest time between tokens. Default: 50ms.")] = "",
    input_tokens: Annotated[str, typer.Option(help="Tokens of a prompt, on average. Default: 1155.")] = "",
    output_tokens: Annotated[str, typer.Option(help="Tokens of an answer, on average. Default: 211.")] = "",
    gpus: Annotated[str, typer.Option("--gpus", "--accelerators", help="Whole accelerators.")] = "",
    accelerator: Annotated[
        str, typer.Option(help="Model of accelerator, such as h100. Default: any of --vendor.")
    ] = "",
    accelerator_memory: Annotated[str, typer.Option(help="Memory of each accelerator or more, such as 40Gi.")] = "",
    cpu: Annotated[str, typer.Option(help="Cores for pods.")] = "",
    memory: Annotated[str, typer.Option(help="Main memory for pods, such as 2Ti.")] = "",
    storage: Annotated[str, typer.Option(help="Local NVMe storage, such as 10Ti.")] = "",
    network: Annotated[str, typer.Option(help="Network bandwidth of all nodes, in Gbps.")] = "",
    together: Annotated[bool, typer.Option("--together", help="All nodes of one type, in one zone.")] = False,
    one_type: Annotated[bool, typer.Option("--one-type", help="All nodes of a demand of one type.")] = False,
    spot_share: Annotated[str, typer.Option(help="Part that spot nodes may stand for, 0 to 1. Default: 0.")] = "",
    zone_share: Annotated[str, typer.Option(help="Part that one zone may stand for, 0 to 1. Default: 1.")] = "",
    survive_zone_loss: Annotated[
        bool, typer.Option("--survive-zone-loss", help="Meet the demand when any one zone is lost.")
    ] = False,
    region: Annotated[str, typer.Option(help="AWS region. Default: us-east-1.")] = "",
    zone: Annotated[list[str] | None, typer.Option(help="Zone; may be given several times. Default: three.")] = None,
    vendor: Annotated[str, typer.Option(help="Maker of accelerators: nvidia, aws or any. Default: nvidia.")] = "",
    quota: Annotated[
        list[str] | None,
        typer.Option(help="vCPUs of a quota, such as p=768, g/spot=256 or L-417A185B=768; several times."),
    ] = None,
    budget: Annotated[str, typer.Option(help="US dollars an hour at most.")] = "",
    maximum_nodes: Annotated[str, typer.Option(help="Nodes at most.")] = "",
    alternatives: Annotated[int, typer.Option(min=0, max=10, help="How many of the next best to show.")] = 2,
    time_limit: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds for each solution.")] = 30.0,
    gap: Annotated[float, typer.Option(min=0, max=1, help="Part of the price that need not be proved.")] = 1e-4,
    platform: Annotated[str, typer.Option(help="Platform of the settings: aws or simulated.")] = "aws",
    settings: Annotated[
        bool, typer.Option("--settings", help="Print the pools as settings, and nothing else.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Find the cheapest node pools that meet a demand within quotas, zones and a budget; nothing is made.

    `aidc allocate --train 7B --tokens 300B --days 14` or `aidc allocate --serve 8B --requests-per-second 200
    --time-to-first-token 200ms`, both at once, or a file with any number of demands. Exit code 1: nothing that is for
    sale meets it within the limits, which are named.
    """
    from ..evaluation.documents import read_mapping
    from ..problems import Problems

    problems = Problems()
    document = read_mapping(file) if file is not None else {}
    given = {
        "train": {
            "model": train,
            "tokens": tokens,
            "days": days,
            "context": context,
            "batchTokens": batch_tokens,
            "utilisation": utilisation,
        },
        "serve": {
            "model": serve,
            "requestsPerSecond": requests_per_second,
            "timeToFirstToken": time_to_first_token,
            "timePerOutputToken": time_per_output_token,
            "inputTokens": input_tokens,
            "outputTokens": output_tokens,
        },
        "needs": {
            "accelerators": gpus,
            "acceleratorMemory": accelerator_memory,
            "cpu": cpu,
            "memory": memory,
            "storage": storage,
            "network": network,
        },
    }
    rules: dict[str, Any] = {"accelerator": accelerator, "spotShare": spot_share}
    spread = {"zoneShare": zone_share, "survivesZoneLoss": survive_zone_loss, "oneType": one_type}
    _add_demands(document, given, rules, spread, problems, together=together)
    _add_common(document, {"region": region, "zones": zone, "vendor": vendor})
    _add_limits(document, quota or [], {"budgetPerHour": budget, "maximumNodes": maximum_nodes}, problems)
    problems.choice("--platform", platform, ("aws", "simulated"))
    problems.raise_if_any("aidc allocate")
    request, answer = _solve(document, str(file or "aidc allocate"), alternatives, time_limit, gap)
    from .allocate_page import data_of, settings_of, show

    if json:
        import json as encoder

        typer.echo(encoder.dumps(data_of(request, answer, platform), indent=2))
    elif settings and not _is_conflict(answer):
        typer.echo(settings_of(request, answer, platform), nl=False)
    else:
        show(request, answer, platform, as_error=settings)
    if _is_conflict(answer):
        raise typer.Exit(FAILED)


def _solve(
    document: Mapping[str, Any], subject: str, alternatives: int, time_limit: float, gap: float
) -> "tuple[Request, Allocation | Conflict]":
    from ..planning.allocation.request import read_request

    request = read_request(document, subject)
    with planning_libraries():
        from ..planning.allocation.allocation import NothingFound, allocate
    try:
        with shown_while("looking for the cheapest pools"):
            return request, allocate(
                request.problem,
                reserved_per_hour=request.market.reserved_per_hour,
                alternatives=alternatives,
                time_limit=time_limit,
                gap=gap,
            )
    except NothingFound as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FAILED) from None


def _is_conflict(answer: "Allocation | Conflict") -> bool:
    return not hasattr(answer, "pools")


def _add_demands(
    document: dict[str, Any],
    given: Mapping[str, Mapping[str, Any]],
    rules: Mapping[str, Any],
    spread: Mapping[str, Any],
    problems: "Problems",
    *,
    together: bool,
) -> None:
    """Add what options ask for to the demands of the file, under names of their own; refuse rules that rule nothing."""
    asked = {kind: {key: value for key, value in values.items() if value} for kind, values in given.items()}
    kinds = [kind for kind, values in asked.items() if values]
    before: Any = document.get("demands", {})
    if kinds and not isinstance(before, dict):
        problems.add("demands", f"{before!r} is no mapping; write each demand under a name of its own")
        return
    for kind in kinds:
        demand: dict[str, Any] = {kind: asked[kind], **{key: value for key, value in rules.items() if value}}
        if kind != "train":
            demand |= {key: value for key, value in spread.items() if value}
        if kind == "needs" and together:
            demand["together"] = True
        document.setdefault("demands", {})[_NAMES[kind]] = demand
    file_alone = "rules demands of other options, and there is none; write it into the file"
    for key, value in {**rules, **spread, "together": together}.items():
        if not value:
            continue
        if not kinds:
            problems.add(_OPTIONS[key], file_alone)
        elif key in spread and kinds == ["train"]:
            problems.add(_OPTIONS[key], "a training is always of one type and in one zone; leave it out")
        elif key == "together" and "needs" not in kinds:
            problems.add(_OPTIONS[key], "rules --gpus, --cpu and the like, and there is none of them; leave it out")


def _add_common(document: dict[str, Any], values: Mapping[str, Any]) -> None:
    document.update({key: value for key, value in values.items() if value})


def _add_limits(
    document: dict[str, Any], quotas: Sequence[str], values: Mapping[str, str], problems: "Problems"
) -> None:
    limits = {key: value for key, value in values.items() if value}
    amounts: dict[str, str] = {}
    for each in quotas:
        name, separator, amount = each.partition("=")
        if not separator or not amount:
            problems.add("--quota", f"'{each}' is no quota; write it like p=768")
        amounts[name] = amount
    if not limits and not amounts:
        return
    given: Any = document.get("limits") or {}
    if not isinstance(given, dict):
        problems.add("limits", f"{given!r} is no mapping; write each limit under its name")
        return
    before = cast(dict[str, Any], given)
    document["limits"] = {**before, **limits}
    if amounts:
        quotas_before: Any = before.get("quotas") or {}
        if not isinstance(quotas_before, dict):
            problems.add("limits.quotas", f"{quotas_before!r} is no mapping; write each quota under its class or code")
            return
        document["limits"]["quotas"] = {**cast(dict[str, Any], quotas_before), **amounts}
