"""Checks of Kubernetes quantities in a component's inputs."""

from decimal import Decimal

from ..evaluation.quantities import quantity
from ..problems import Problems


def check_quantity(problems: Problems, path: str, text: str, *, unit: str, minimum: str = "0") -> Decimal | None:
    """Read a quantity that must be more than `minimum`; add a problem and return None where it is not."""
    try:
        value = quantity(text)
    except ValueError as error:
        problems.add(path, str(error))
        return None
    if value <= quantity(minimum):
        problems.add(path, f"'{text}' is too little; give more than {minimum} {unit}".rstrip())
        return None
    return value


__all__ = ["check_quantity", "quantity"]
