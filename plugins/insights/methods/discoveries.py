"""How many alarms are none: the share among those of one week, and how many chance makes in a year."""

from __future__ import annotations

from collections.abc import Sequence


def cut(p_values: Sequence[float | None], rate: float) -> float:
    """The largest p that is a discovery (Benjamini and Hochberg 1995): at most `rate` of all are expected to be none.

    Of series that are judged together. Where there is no discovery, it is what the smallest would have had to be.
    """
    known = sorted(one for one in p_values if one is not None and one == one)
    steps = [rate * rank / len(known) for rank in range(1, len(known) + 1)]
    return max((step for one, step in zip(known, steps, strict=True) if one <= step), default=rate / max(1, len(known)))


def chance_per_year(series: int, p: float, periods: int) -> float:
    """How many alarms chance makes in a year of so many periods where so rare a value is one and nothing rises."""
    return series * periods * p
