"""How preprocessing is started: the same arguments on this machine and in a pod."""

from collections.abc import Iterable
from typing import Final, TypeVar

from ..programs import PREPROCESSING, SETTINGS_PATH

BAD_INPUT: Final = 2
"""Exit code of bad input, which another attempt would find as bad."""

Text = TypeVar("Text")


def arguments(config: str = SETTINGS_PATH, overrides: Iterable[str | Text] = ()) -> list[str | Text]:
    """Return what follows `python`: the module, the file of settings, and each override `path=value`.

    An override may be a value that is not known yet.
    """
    found: list[str | Text] = [*PREPROCESSING.arguments, "--config", config]
    for override in overrides:
        found += ["--set", override]
    return found
