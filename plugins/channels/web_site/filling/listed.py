"""Choices that a list of the API has: found by words, a day at a time, or all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from yarl import URL

from banshi import Problem
from questions.plan import MISSING, parts_of, value_at, with_value
from web_site.filling.fields import fields_of, leaves, plain

if TYPE_CHECKING:
    from web_site.filling.form import Filling

#: Rows of a list that are shown at once, days of a strip, and days that are looked through for the first time.
MOST, DAYS, FAR = 100, 14, 90


async def look_up(form: Filling) -> None:
    """Find, once, what each field with a list can be, and the words of what it is."""
    if form.has_looked:
        return
    form.has_looked = True
    for one in leaves(fields_of(form.schema, form.filled)):
        if one.sort == "slot":
            await _slots(form, one.pointer, one.node["x-choices"])
        elif one.sort == "listed":
            await _found(form, one.pointer, one.node["x-choices"], one.value)


async def _found(form: Filling, pointer: str, listed: Mapping[str, Any], value: Any) -> None:
    """By the words that were typed: the one that is meant, or those that may be."""
    search, text = listed.get("search"), "" if value is MISSING else plain(value)
    if not search:
        rows = (await _rows(form, listed, {}))[:MOST]
        form.filled.options[pointer] = [_pair(listed, row) for row in rows]
        form.filled.names[pointer] = dict(form.filled.options[pointer]).get(text, "")
        return
    if not text or pointer in form.filled.names:
        return
    pairs = [_pair(listed, row) for row in await _rows(form, listed, {search: text})]
    exact = [pair for pair in pairs if text in pair] or pairs[: 1 if len(pairs) == 1 else 0]
    if exact:
        code, words = exact[0]
        form.filled.names[pointer] = words
        if code != text:
            form.whole = with_value(form.whole, pointer, code)
    elif pairs:
        form.filled.options[pointer] = pairs[:20]


async def _slots(form: Filling, pointer: str, listed: Mapping[str, Any]) -> None:
    """The times of one day, and on which days there are any."""
    today = form.visit.call.platform.city_time().date()
    value = value_at(form.whole, pointer)
    rows: list[Any] = []
    for days in (DAYS, FAR):
        until = (today + timedelta(days)).isoformat()
        query = {listed["from"]: today.isoformat(), listed["to"]: until, "limit": str(MOST)}
        rows = rows or await _rows(form, listed, query)
    by_day: dict[str, list[Any]] = {}
    for row in rows:
        by_day.setdefault(_at(row, listed["begins"])[:10], []).append(row)
        if _at(row, listed["value"]) == value:
            form.filled.names[pointer] = str(_at(row, listed["title"]))
    own = [day for day, some in by_day.items() if value in [_at(one, listed["value"]) for one in some]]
    chosen = form.sent.get("day") or next(iter(own), "")
    chosen = chosen if chosen in by_day else next(iter(by_day), "")
    form.filled.days[pointer] = {"all": {day: _left(some) for day, some in by_day.items()}, "chosen": chosen}
    form.filled.options[pointer] = [_pair(listed, row) for row in by_day.get(chosen, ())]
    form.filled.times[pointer] = {
        plain(_at(row, listed["value"])): _time(row, listed) for row in by_day.get(chosen, ())
    }


def _time(row: Any, listed: Mapping[str, Any]) -> tuple[str, str, int | None]:
    """From when until when, what else its title says, and how many places are left."""
    begins, ends = _at(row, listed["begins"])[11:16], str(row.get("ends", ""))[11:16]
    when = f"{begins}–{ends}" if ends else begins
    title = str(_at(row, listed["title"]))
    _, there, rest = title.partition(when)
    return when, (rest.strip(" ,，") if there else title), row.get("free")


def _left(rows: list[Any]) -> int:
    return sum(int(row.get("free", 1)) for row in rows)


async def _rows(form: Filling, listed: Mapping[str, Any], query: Mapping[str, str]) -> list[Any]:
    """The rows of a list; none where what was typed is nothing that it takes."""
    rows, address = list[Any](), URL(listed["list"]).update_query(query)
    try:
        while True:
            found = await form.visit.get(str(address))
            rows += found["items"]
            if not found.get("next") or len(rows) >= MOST * 10:
                return rows
            address = address.update_query(cursor=found["next"])
    except Problem as problem:
        if problem.status not in (400, 404):
            raise
        return rows


def _pair(listed: Mapping[str, Any], row: Any) -> tuple[str, str]:
    return plain(_at(row, listed["value"])), str(_at(row, listed["title"]))


def _at(row: Any, pointer: str) -> Any:
    for part in parts_of(pointer):
        row = row[part]
    return row
