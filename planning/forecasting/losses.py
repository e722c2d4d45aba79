"""Measures of forecasts; facts that are NaN count for nothing."""

import numpy as np

from .series import Values


def weighted_absolute_error(facts: Values, forecasts: Values) -> float:
    """Return WAPE: sum |fact - forecast| / sum |fact|; NaN where all facts are 0 or unknown."""
    total = np.nansum(np.abs(facts))
    return float(np.nansum(np.abs(facts - forecasts)) / total) if total else float("nan")


def pinball(facts: Values, forecasts: Values, quantile: float) -> float:
    """Return the pinball loss over the sum of the facts: sum max(q (f - x), (q - 1) (f - x)) / sum |f|.

    Koenker and Bassett, Regression Quantiles, Econometrica 46 (1978). Too little costs q a unit, too much 1 - q.
    """
    total = np.nansum(np.abs(facts))
    short = facts - forecasts
    return float(np.nansum(np.maximum(quantile * short, (quantile - 1) * short)) / total) if total else float("nan")


def covered(facts: Values, forecasts: Values) -> float:
    """Return the share of known facts at or below the forecasts."""
    known = ~np.isnan(facts)
    return float(np.mean(facts[known] <= forecasts[known])) if known.any() else float("nan")
