"""Checks of Kubernetes quantities in a component's inputs."""

from decimal import Decimal
from typing import Final

from ..evaluation.quantities import quantity
from ..problems import Problems

_CORES: Final = "cores"
_LEAST_CORES: Final = Decimal("0.001")
_BYTES: Final = "bytes"
_LEAST_BYTES: Final = 10**6


def check_quantity(problems: Problems, path: str, text: str, *, unit: str, minimum: str = "0") -> Decimal | None:
    """Read a quantity that must be more than `minimum`; add a problem and return None where it is not.

    "cores" have no finer parts than thousandths. Less than 1M of "bytes" is refused too: `100m` is a tenth of a byte,
    and was to be `100Mi`.
    """
    try:
        value = quantity(text)
    except ValueError as error:
        problems.add(path, str(error))
        return None
    if value <= quantity(minimum):
        problems.add(path, f"'{text}' is too little; give more than {minimum} {unit}".rstrip())
        return None
    if unit == _CORES and value < _LEAST_CORES:
        problems.add(path, f"'{text}' is finer than a thousandth of a core; give 1m or more")
        return None
    if unit == _BYTES and value < _LEAST_BYTES:
        problems.add(path, f"'{text}' is {value:,.4g} bytes, less than anything here takes; write it like 512Mi or 1Gi")
        return None
    return value


__all__ = ["check_quantity", "quantity"]
