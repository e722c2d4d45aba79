"""What went wrong in a program, in words that name the program's own line."""

import sysconfig
import traceback
from pathlib import Path
from typing import Final

from ..problems import InvalidInput, Problem

_HERE: Final = str(Path(__file__).parent)
_STANDARD_LIBRARY: Final = sysconfig.get_path("stdlib")


class EvaluationError(RuntimeError):
    """The program itself failed; the message says where."""


def explained(failure: BaseException, subject: str) -> BaseException:
    """Return what to raise for what a program raised: `InvalidInput` for wrong values, else `EvaluationError`."""
    import pulumi

    if isinstance(failure, InvalidInput | KeyboardInterrupt):
        return failure
    if isinstance(failure, pulumi.InputPropertiesError):
        found = failure.errors or []
        problems = [Problem(error["property_path"], error["reason"]) for error in found]
        return InvalidInput(str(failure.message).partition(":")[0], problems or [Problem("", failure.message)])
    if isinstance(failure, pulumi.InputPropertyError):
        return InvalidInput(subject, [Problem(failure.property_path, failure.reason)])
    if isinstance(failure, pulumi.ConfigMissingError):
        stack = subject.rpartition("/")[2]
        return InvalidInput(subject, [Problem(failure.key, f"missing; set it in Pulumi.{stack}.yaml")])
    if isinstance(failure, pulumi.ConfigTypeError):
        return InvalidInput(subject, [Problem(failure.key, f"is not of type {failure.expect_type}")])
    return EvaluationError(f"{subject}: {_told(failure)}{_where(failure)}")


def _told(failure: BaseException) -> str:
    if isinstance(failure, SystemExit):
        return f"the program ended itself before its end: sys.exit({failure.code!r})"
    if isinstance(failure, SyntaxError):
        return f"the program cannot be read: {type(failure).__name__}: {failure.msg}"
    message = f": {failure}" if str(failure) else ""
    return f"the program failed: {type(failure).__name__}{message}"


def _where(failure: BaseException) -> str:
    if isinstance(failure, SyntaxError):
        return f" ({failure.filename}:{failure.lineno})" if failure.filename else ""
    frames = traceback.extract_tb(failure.__traceback__)
    own = [frame for frame in frames if not _is_machinery(frame.filename)]
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""


def _is_machinery(filename: str) -> bool:
    if filename.startswith(("<frozen", _HERE)):
        return True
    parts = Path(filename).parts
    return "pulumi" in parts or (filename.startswith(_STANDARD_LIBRARY) and "site-packages" not in parts)
