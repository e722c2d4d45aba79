"""Where the workers of a training job run."""

import re
from dataclasses import dataclass
from typing import Final

import pulumi

from ...problems import Problems
from .inputs import TrainingForm, TrainingJobArgs

_LABEL_KEY: Final = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Where its workers run."""

    node_pool: pulumi.Input[str] | None
    topology_key: str | None
    exclusive: bool
    do_not_disrupt: bool
    priority_class: pulumi.Input[str] | None


def plan_placement(problems: Problems, args: TrainingJobArgs, form: TrainingForm) -> Placement:
    """Check where its workers are to run, and apply the defaults."""
    key, exclusive = args.get("topology_key"), args.get("exclusive_topology", False)
    if key is not None and not _LABEL_KEY.fullmatch(key):
        problems.add("topologyKey", f"'{key}' is not the key of a label; write it like topology.kubernetes.io/zone")
    if exclusive and key is None:
        problems.add("exclusiveTopology", "give topologyKey, the label of the domain that is to be exclusive")
    if exclusive and form == TrainingForm.INDEXED_JOB:
        problems.add("exclusiveTopology", "a plain Job has no such thing; choose form jobset or trainjob")
    return Placement(
        node_pool=args.get("node_pool"),
        topology_key=key,
        exclusive=exclusive,
        do_not_disrupt=args.get("do_not_disrupt", True),
        priority_class=args.get("priority_class"),
    )
