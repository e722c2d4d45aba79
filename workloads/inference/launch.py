"""How the inference server is started: the same arguments on this machine and in a pod."""

from collections.abc import Iterable
from typing import TypeVar

from ..programs import INFERENCE

Text = TypeVar("Text")


def arguments(
    model: Text, *, port: int = INFERENCE.metrics_port, config: str | None = None, overrides: Iterable[str] = ()
) -> list[str | Text]:
    """Return what follows `python`: the module, the folder or address of the export, the port, the settings.

    The model may be a value that is not known yet.
    """
    found: list[str | Text] = [*INFERENCE.arguments, "--model", model, "--port", str(port)]
    if config is not None:
        found += ["--config", config]
    for override in overrides:
        found += ["--set", override]
    return found
