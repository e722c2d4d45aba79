"""An amount between two bounds."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """An amount at least and at most; the same where nothing decides it later."""

    least: float
    most: float

    @classmethod
    def of(cls, amount: float) -> "Span":
        """Return the amount that is the same at least and at most."""
        return cls(least=amount, most=amount)

    @classmethod
    def total(cls, spans: Iterable["Span"]) -> "Span":
        """Return the sum of amounts, exactly rounded, so that no order of adding changes it."""
        listed = list(spans)
        return cls(least=math.fsum(each.least for each in listed), most=math.fsum(each.most for each in listed))

    @classmethod
    def around(cls, spans: Iterable["Span"]) -> "Span":
        """Return the bounds that hold for any one of several amounts, of which there is at least one."""
        listed = list(spans)
        return cls(least=min(each.least for each in listed), most=max(each.most for each in listed))

    @property
    def is_one(self) -> bool:
        """Whether both bounds are the same."""
        return self.least == self.most

    def times(self, factor: float) -> "Span":
        """Return the amount, times a factor that is 0 or more."""
        return Span(least=self.least * factor, most=self.most * factor)

    def times_each(self, other: "Span") -> "Span":
        """Return the product of two amounts that are 0 or more."""
        return Span(least=self.least * other.least, most=self.most * other.most)

    def to_dict(self) -> dict[str, float]:
        """Plain data: `least` and `most`."""
        return {"least": self.least, "most": self.most}
