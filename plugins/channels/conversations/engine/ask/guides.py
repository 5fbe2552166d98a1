"""A guide as text: what an item takes, as the API has it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from yarl import URL

from conversations.engine.turn.talk import Talk
from questions.spelling import plain

#: Guides that a search shows.
MAX_SHOWN = 5

CONDITIONS = "Conditions:"
MATERIALS = "Materials:"
STEPS = "Steps:"
WHERE = "Where:"
AT_ONCE = "at once"
WORKING_DAYS = "{days} working days"
DAYS = "{days} days"


async def asked(talk: Talk, about: str) -> None:
    """Read the guide of what is meant, or list those that may be."""
    if not about and talk.memory.dialogues:
        return await read(talk, talk.dialogue.item)
    if not about:
        return talk.say("Write “guide” and what it is about, such as “guide passport”.")
    page = await talk.get(str(URL("/v1/items").with_query(q=about[:100], limit=str(MAX_SHOWN))))
    found = page["items"]
    same = [one for one in found if plain(one["title"]) == plain(about)]
    if same or len(found) == 1:
        return await read(talk, (same or found)[0]["code"])
    if not found:
        return talk.say("No guide is found by this: say it in other words.")
    talk.memory.missed = 0
    talk.happen("over")
    talk.say("The guide of which one? Choose by its number, or say it in other words.")
    return talk.offer([(f"guide {one['code']}", one["title"]) for one in found])


async def read(talk: Talk, code: str) -> None:
    """The whole guide of an item."""
    guide = await talk.get(f"/v1/items/{code}")
    talk.lines += [guide["title"], guide["summary"], *lines(talk, guide)]


def lines(talk: Talk, guide: Any) -> Iterator[str]:
    """What it takes: conditions, materials, steps, fee, time, and where."""
    yield from _listed(talk.word(CONDITIONS), guide["conditions"])
    yield from _listed(talk.word(MATERIALS), [_material(talk, one) for one in guide["materials"]])
    yield from _listed(talk.word(STEPS), guide["process"])
    yield _fee(talk, guide["fee"])
    if (promised := _days(talk, guide, "promised")) is not None:
        yield talk.word("Done within: {time}", time=promised)
    if (legal := _days(talk, guide, "legal")) is not None:
        yield talk.word("At most, by law: {time}", time=legal)
    places = [[one[name] for name in ("title", "address", "hours", "phone")] for one in guide["places"]]
    yield from _listed(talk.word(WHERE), [" ".join(filter(None, one)) for one in places])


def _listed(title: str, rows: list[str]) -> Iterator[str]:
    if rows:
        yield title
        yield from (f"- {row}" for row in rows)


def _material(talk: Talk, one: Any) -> str:
    # What isn't always wanted says so; the rest is.
    return one["title"] if one["required"] else talk.word("{title} (in some cases)", title=one["title"])


def _fee(talk: Talk, fee: Any) -> str:
    said = talk.word("Fee: {yuan} yuan", yuan=f"{Decimal(fee['amount']) / 100:f}") if fee["amount"] else ""
    note = fee["note"] or ""
    return " ".join(filter(None, (said or talk.word("Fee: none"), note)))


def _days(talk: Talk, guide: Any, name: str) -> str | None:
    days: int | None = guide[f"{name}_days"]
    if days is None:
        return None
    if not days:
        return talk.word(AT_ONCE)
    return talk.word(WORKING_DAYS if guide[f"{name}_days_unit"] == "working-day" else DAYS, days=days)
