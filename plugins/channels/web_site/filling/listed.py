"""Choices that a list of the API has: found by words, a day at a time, or all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from yarl import URL

from banshi import Problem
from questions.plan import MISSING, value_at, with_value
from web_site.filling.fields import fields_of, leaves, plain

if TYPE_CHECKING:
    from web_site.filling.form import Filling

#: Rows of a list that are shown at once.
MOST = 100
#: With what is sent: the day whose times stood on the page.
SHOWN = "day-shown"


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
    """The days on which there are any, and the times of one of them."""
    value = value_at(form.whole, pointer)
    rows = await _rows(form, {"list": listed["days"]}, {})
    days = {row["day"]: row["free"] or row["draws"] for row in rows if row["free"] or row["draws"]}
    asked = (form.sent.get(name, "") for name in ("day", SHOWN))
    chosen = next((day for day in asked if day in days), next(iter(days), ""))
    query = {listed["from"]: chosen, listed["to"]: chosen, "limit": str(MOST)}
    rows = await _rows(form, listed, query) if chosen else []
    form.filled.days[pointer] = {"all": days, "chosen": chosen}
    form.filled.options[pointer] = [_pair(listed, row) for row in rows]
    form.filled.names[pointer] = dict(form.filled.options[pointer]).get(str(value), "")
    form.filled.times[pointer] = {plain(value_at(row, listed["value"])): _time(row, listed) for row in rows}


def _time(row: Any, listed: Mapping[str, Any]) -> tuple[str, str, int | None]:
    """From when until when, what else its title says, and how many places are left."""
    begins, ends = value_at(row, listed["begins"])[11:16], str(row.get("ends", ""))[11:16]
    when = f"{begins}–{ends}" if ends else begins
    title = str(value_at(row, listed["title"]))
    _, there, rest = title.partition(when)
    return when, (rest.strip(" ,，") if there else title), row.get("free")


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
    return plain(value_at(row, listed["value"])), str(value_at(row, listed["title"]))
