"""Controllers that run beside a cluster when its manifests use them."""

from collections.abc import Iterable, Mapping

from ..problems import Problems
from .controller import Controller
from .jobset import JOBSET
from .karpenter import KARPENTER
from .keda import KEDA
from .trainer import TRAINER
from .vertical_pod_autoscaler import VERTICAL_POD_AUTOSCALER


def known_controllers() -> Mapping[str, Controller]:
    """Return every controller by name."""
    return {controller.name: controller for controller in (KARPENTER, JOBSET, TRAINER, KEDA, VERTICAL_POD_AUTOSCALER)}


def with_needs(names: Iterable[str]) -> list[Controller]:
    """Return the controllers of these names and those that they need, each before what needs it.

    Raises:
        InvalidInput: a name is of no controller.
    """
    known = known_controllers()
    problems = Problems()
    wanted = list(names)
    for name in wanted:
        problems.choice("controllers", name, known)
    problems.raise_if_any("cluster")
    chosen = set(wanted)
    while more := {need for name in chosen for need in known[name].needs} - chosen:
        chosen |= more
    # The order of the catalog has every controller after those that it needs.
    return [controller for name, controller in known.items() if name in chosen]
