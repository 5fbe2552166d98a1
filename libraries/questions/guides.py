"""A guide as text: what an item takes, as the API has it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from banshi import Texts, text_in
from questions.sentences import word


def guide_lines(guide: Any, language: str, part: str = "") -> list[str]:
    """What it takes: conditions, materials, steps, fee, time, and where; or a `part` of that, if it says anything."""
    parts = {
        "conditions": _listed(language, word("Conditions:"), guide["conditions"]),
        "materials": _listed(language, word("Materials:"), [_material(one, language) for one in guide["materials"]]),
        "steps": _listed(language, word("Steps:"), guide["process"]),
        "fee": [_fee(guide["fee"], language)],
        "time": _times(guide, language),
        "where": _listed(language, word("Where:"), [_place(one) for one in guide["places"]]),
    }
    return parts.get(part) or [line for lines in parts.values() for line in lines]


def _times(guide: Any, language: str) -> list[str]:
    times = {name: _days(language, guide[f"{name}_days"], guide[f"{name}_days_unit"]) for name in ("promised", "legal")}
    lines = [times["promised"] and word("Done within: {time}", time=times["promised"])]
    lines.append(times["legal"] and word("At most, by law: {time}", time=times["legal"]))
    return [text_in(one, language) for one in lines if one]


def _listed(language: str, title: Texts, rows: Sequence[str]) -> list[str]:
    return [text_in(title, language), *(f"- {row}" for row in rows)] if rows else []


def _place(one: Any) -> str:
    return " ".join(filter(None, [one[name] for name in ("title", "address", "hours", "phone")]))


def _material(one: Any, language: str) -> str:
    # What isn't always wanted says so; the rest is.
    return one["title"] if one["required"] else text_in(word("{title} (in some cases)", title=one["title"]), language)


def _fee(fee: Any, language: str) -> str:
    yuan = f"{Decimal(fee['amount'] or 0) / 100:f}"
    said = word("Fee: {yuan} yuan", yuan=yuan) if fee["amount"] else word("Fee: none")
    return " ".join(filter(None, (text_in(said, language), fee["note"])))


def _days(language: str, days: int | None, unit: str) -> str:
    """In words; "" for a time that nobody has said."""
    if days is None:
        return ""
    counted = word("{days} working days", days=days) if unit == "working-day" else word("{days} days", days=days)
    return text_in(counted if days else word("at once"), language)
