"""Figures as people read them, and the marks of an axis that fit them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate

#: What stands for a figure that isn't told.
UNTOLD = "–"

#: A figure; None for one that there is none of, or that isn't told.
Figure = float | None

#: From how much on an axis counts in larger units.
_LARGER = ((1_000_000_000, " bn"), (1_000_000, " m"))
_LARGER_IN_CHINESE = ((100_000_000, "亿"), (10_000, "万"))


def figure_text(figure: Figure, unit: str = "", untold: str = UNTOLD) -> str:
    """A figure to one decimal: 12,000; 3.5%."""
    return untold if figure is None else f"{figure:,.1f}".removesuffix(".0") + unit


def short(figure: float, language: str) -> str:
    """One at an axis: 12万 in Chinese, 120,000 in English."""
    for size, unit in _LARGER_IN_CHINESE if language.startswith("zh") else _LARGER:
        if figure >= size:
            return f"{figure / size:g}{unit}"
    return f"{figure:,g}"


def marks(figures: Sequence[Figure]) -> list[float]:
    """Where an axis from 0 has its lines so that all figures fit below the last: five at most, at round figures."""
    known = [one for one in figures if one is not None]
    most = max((one for one in known if one > 1e-9), default=1)
    size = 10.0 ** math.floor(math.log10(most / 5))
    step = next(size * one for one in (1, 2, 5, 10) if size * one >= most / 5)
    if all(one == int(one) for one in known):
        step = max(step, 1.0)
    return [step * at for at in range(math.ceil(most / step) + 1)]


def checked(figures: Iterable[Figure]) -> None:
    """Raise ValueError for what no chart here can show."""
    for one in figures:
        if one is not None and not (math.isfinite(one) and one >= 0):
            raise ValueError(f"a figure of a chart has to be 0 or more, or None where it isn't told: {one}")


def fitted(text: str, most: float) -> str:
    """A text that is at most about so many ems wide; the table has the whole."""
    widths = accumulate(0.6 if one < "\u2e80" else 1.0 for one in text)
    # However long it is, no more of it is looked at than has room.
    for place, wide in enumerate(widths):
        if wide > most:
            return f"{text[: place - 1].rstrip()}…"
    return text
