"""A guide as text: what an item takes, as the API has it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from banshi import text_in
from questions.sentences import word

CONDITIONS = "Conditions:"
MATERIALS = "Materials:"
STEPS = "Steps:"
WHERE = "Where:"


def guide_lines(guide: Any, language: str) -> Iterator[str]:
    """What it takes: conditions, materials, steps, fee, time, and where."""
    yield from _listed(text_in(word(CONDITIONS), language), guide["conditions"])
    yield from _listed(text_in(word(MATERIALS), language), [_material(one, language) for one in guide["materials"]])
    yield from _listed(text_in(word(STEPS), language), guide["process"])
    yield _fee(guide["fee"], language)
    if (promised := _days(language, guide, "promised")) is not None:
        yield text_in(word("Done within: {time}", time=promised), language)
    if (legal := _days(language, guide, "legal")) is not None:
        yield text_in(word("At most, by law: {time}", time=legal), language)
    places = [[one[name] for name in ("title", "address", "hours", "phone")] for one in guide["places"]]
    yield from _listed(text_in(word(WHERE), language), [" ".join(filter(None, one)) for one in places])


def _listed(title: str, rows: list[str]) -> Iterator[str]:
    if rows:
        yield title
        yield from (f"- {row}" for row in rows)


def _material(one: Any, language: str) -> str:
    # What isn't always wanted says so; the rest is.
    return one["title"] if one["required"] else text_in(word("{title} (in some cases)", title=one["title"]), language)


def _fee(fee: Any, language: str) -> str:
    said = (
        text_in(word("Fee: {yuan} yuan", yuan=f"{Decimal(fee['amount']) / 100:f}"), language) if fee["amount"] else ""
    )
    note = fee["note"] or ""
    return " ".join(filter(None, (said or text_in(word("Fee: none"), language), note)))


def _days(language: str, guide: Any, name: str) -> str | None:
    days: int | None = guide[f"{name}_days"]
    if days is None:
        return None
    if not days:
        return text_in(word("at once"), language)
    if guide[f"{name}_days_unit"] == "working-day":
        return text_in(word("{days} working days", days=days), language)
    return text_in(word("{days} days", days=days), language)
