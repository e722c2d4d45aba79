"""Where the workers of a training job run."""

from dataclasses import dataclass

import pulumi

from ...infra.labels import check_label_key
from ...problems import Problems
from .inputs import TrainingForm, TrainingJobArgs


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
    if key is not None:
        check_label_key(problems, "topologyKey", key, example="topology.kubernetes.io/zone")
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
