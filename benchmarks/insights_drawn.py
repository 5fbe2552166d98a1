"""How long what rises takes to be drawn, and a week's open figures to be reckoned.

    python benchmarks/insights_drawn.py

One process, warm, the median of so many; each drawing is of other figures, since Typst remembers what it has drawn.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

from insights.drawn.charts import chart_of, stand_alone
from insights.drawn.press import Press
from insights.published.publication import table_of
from tests.insights.made_up_city import CATEGORIES, SHARES, series

TIMES = 40


def finding(lot: random.Random) -> Any:
    """A finding of 26 weeks with bounds and 12 after it, as the API shows one."""
    days = [str(date(2026, 3, 2) + timedelta(weeks=at)) for at in range(38)]
    points = [{"at": day, "count": lot.randrange(60), "expected": 26.2, "upper": 35.3} for day in days[:26]]
    after = [{"at": day, "count": lot.randrange(60), "closed": day < days[-1]} for day in days[26:]]
    why = {"points": points, "places": [], "beside": [], "upper": 35.3, "expected": 26.2, "since": days[25]}
    why |= {"method": "farrington-flexible", "chance_per_year": 3.2}
    named = {"category": {"title": "刷单返利"}, "division": {"title": "游仙区"}, "warning": None, "state": "open"}
    return {**named, "count": 42, "history": [], "why": why, "after": {"weeks": after}}


async def median(work: Callable[[int], Awaitable[object]]) -> float:
    """Milliseconds of one, after two that warm it."""
    took = []
    for number in range(TIMES + 2):
        started = time.perf_counter()
        await work(number)
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took[2:])


async def measure() -> dict[str, float]:
    """Milliseconds by what is done."""
    press, groups = Press(), {code: code.partition("-")[0] for code in CATEGORIES}
    figures = {(place, code): series(code, place) for code in CATEGORIES for place in SHARES}

    def svg(number: int, *, large: bool = False) -> str:
        return stand_alone(chart_of(finding(random.Random(number)), "zh-CN").svg(), large=large).decode()

    async def drawn(number: int) -> None:
        svg(number)

    async def png(number: int) -> None:
        await press.drawn("png", {"svg": svg(number, large=True)})

    async def pdf(number: int) -> None:
        one = finding(random.Random(number))
        section = {"title": "刷单返利：游仙区", "finding": one, "svg": svg(number), "alt": "刷单返利"}
        await press.drawn("pdf", {"title": f"{number}", "language": "zh-CN", "sections": [section]})

    async def hidden(number: int) -> None:
        table_of({cell: counts[number] for cell, counts in figures.items()}, groups)

    works = {"chart.svg": drawn, "chart.png": png, "chart.pdf": pdf, "a week's open figures": hidden}
    try:
        return {name: await median(work) for name, work in works.items()}
    finally:
        await press.aclose()


if __name__ == "__main__":
    for name, took in asyncio.run(measure()).items():
        print(f"{name:24}{took:8.1f} ms")
