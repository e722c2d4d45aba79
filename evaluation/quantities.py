"""Kubernetes quantities such as `500m`, `0.5` and `1Gi`, as exact numbers."""

import re
from decimal import Decimal
from typing import Final

_SUFFIXES: Final = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
_QUANTITY: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,2})|([a-zA-Z]{0,2}))")


def quantity(text: str) -> Decimal:
    """Return a quantity in its base unit (cores, bytes, pieces); raises `ValueError` for anything else.

    The grammar is that of k8s.io/apimachinery `resource.Quantity`.
    """
    match = _QUANTITY.fullmatch(text.strip())
    suffix = match.group(3) or "" if match else "?"
    if match is None or suffix not in _SUFFIXES:
        raise ValueError(f"'{text}' is not a quantity; write it like 500m, 0.5, 2, 512Mi or 1Gi")
    exponent = Decimal(10) ** int(match.group(2) or 0)
    return Decimal(match.group(1)) * exponent * _SUFFIXES[suffix]
