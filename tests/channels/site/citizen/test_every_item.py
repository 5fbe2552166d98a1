"""Every item on the site's pages, from its own declaration: what comes of it is what HTTP makes of the same answers."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from banshi import LANGUAGES, Item, Principal
from banshi.kernel.tables.cases import Case
from questions.answering import body_of
from questions.plan import DEGREES, choices, escaped, in_order
from tests.channels.conversations.engine.test_every_item import NAME, handed_in, looked_up, stored, truly
from tests.channels.site.browsing import Browser, open_browser
from tests.clients.made_up_city import open_city
from tests.clients.people import City
from tests.plugins import filling
from tests.plugins.test_departments import snapshot
from web_site.session import ROOT

#: A day is written as people write it.
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Rounds after which a form that still asks never ends.
MAX_ROUNDS = 6


def typed_in(schema: Any, value: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Pointer, schema and value of each control that a page has for answers."""
    if "properties" in schema:
        for name in in_order(schema):
            if name in value:
                yield from typed_in(schema["properties"][name], value[name], f"{at}/{escaped(name)}")
    elif isinstance(value, list) and "properties" in schema["items"]:
        for number, one in enumerate(value):
            yield from typed_in(schema["items"], one, f"{at}/{number}")
    else:
        yield at, schema, value


async def fill(browser: Browser, schema: Any, whole: Any) -> None:
    """Fill in what the page has, and what it has after that, until it can be read once more."""
    for _ in range(MAX_ROUNDS):
        left, names = False, {*browser.names()}
        for pointer, node, value in typed_in(schema, whole):
            if pointer not in names:
                left = True
                continue
            values = value if isinstance(value, list) else [value]
            entry = node["items"] if node.get("type") == "array" else node
            if entry.get("x-attachment"):
                if not browser.page.xpath("//input[@type='hidden'][@name=$name][@value!='']", name=pointer):
                    browser.type(pointer, *[snapshot() for _ in values])
            elif node.get("type") == "boolean":
                browser.type(pointer, str(value).lower())
            else:
                browser.type(pointer, *[str(one) for one in values])
        missing = [row for row in rows(schema, whole) if row not in names]
        if missing:
            await browser.press("more", missing[0].rpartition("/")[0])
            continue
        await browser.press("next")
        if browser.page.xpath("//input[@name='whole']"):
            return
        assert left, (browser.url, browser.mistakes())
    raise AssertionError((browser.url, browser.mistakes()))


Fill = Callable[[Browser, Any, Any], Awaitable[None]]


def rows(schema: Any, value: Any, at: str = "") -> Iterator[str]:
    """The rows of lists that answers have."""
    if "properties" in schema:
        for name, one in value.items():
            yield from rows(schema["properties"][name], one, f"{at}/{escaped(name)}")
    elif isinstance(value, list) and "properties" in schema["items"]:
        for number, one in enumerate(value):
            yield f"{at}/{number}"
            yield from rows(schema["items"], one, f"{at}/{number}")


def without_places(form: Any, answers: Any) -> Any:
    """Without what a phone says alone: nobody types degrees."""
    return {
        name: without_places(form["properties"][name], one) if "properties" in form["properties"][name] else one
        for name, one in answers.items()
        if form["properties"][name].get("x-place") not in DEGREES
    }


async def answered(city: City, item: Item) -> tuple[Any, Any, str]:
    """An item's guide, good answers to all that begins it, and the number of whoever gives them."""
    door = city.door
    papers, owner = await city.papers(item)
    number = owner or filling.NUMBER
    guide = await city.app(number).citizen.get(f"/v1/items/{item.code}")
    schema = body_of(guide)
    files = (f"00000000-0000-4000-8000-{count:012}" for count in itertools.count())
    whole: Any = filling.filled({**schema, "properties": {"answers": schema["properties"]["answers"]}}, files)
    whole["answers"] = {**whole["answers"], **papers}
    whole = await truly(door, whole, schema, number)
    whole["answers"] = without_places(schema["properties"]["answers"], whole["answers"])
    for name, one in schema["properties"].items():
        if "x-choices" in one:
            whole[name] = (await door.citizen("x").get(one["x-choices"]["list"])).ok()["items"][0]["id"]
        elif name == "purpose":
            whole[name] = "查询本人的办理情况"
        elif choices(one):
            whole[name] = choices(one)[0][0]
    return guide, whole, number


async def brought(city: City, item: Item, browser: Browser, fill: Fill = fill) -> str:
    """How an item ends on the pages of somebody without a script; with one, where `fill` has it run."""
    door = city.door
    guide, whole, number = await answered(city, item)
    schema = body_of(guide)
    browser.sign_in(Principal(f"p-{number}", name=NAME, resident_id=number))
    await browser.go(f"{door.url}{ROOT}/items/{item.code}/form")
    assert browser.status == 200, browser.text
    await fill(browser, schema, whole)
    await browser.press()
    if item.kind == "query":
        assert browser.status == 200, browser.text
        words = [one for one in await looked_up(door, item, whole, number, city.language) if not DAY.match(one)]
        shown = browser.page.text_content()
        assert [one for one in words if one not in shown and one not in "✓✗"] == []
        return "answered"
    person = "" if guide["begin"]["unnamed"] == "always" else f"p-{number}"
    found = await Case.filter(person=person, item=item.code)
    assert len(found) == 1, (item.code, browser.status, browser.mistakes(), browser.heading())
    if not person:
        assert browser.page.xpath("//*[@class='code24']")
        return "code"
    assert browser.url == f"{door.url}{ROOT}/cases/{found[0].id}/receipt"
    assert found[0].number in browser.text
    assert found[0].channel == "site"
    by_http = await handed_in(door, item, guide, whole, number)
    # What departments' programs make of both comes a moment later.
    await door.settled()
    ours, theirs = [stored(await Case.get(id=one.id)) for one in (found[0], by_http)]
    assert ours == theirs, {k: (v, theirs[k]) for k, v in ours.items() if v != theirs[k]}
    return "case"


@pytest.mark.long
async def test_every_item_is_filled_in_and_handed_in_without_a_script(tmp_path: Path) -> None:
    """All of the city's, and one that nobody has heard of; what is stored is what HTTP stores of the same answers.

    Of each kind every other one is in English: all of them on pages take a minute.
    """
    ends, turns = dict[str, str](), Counter[str]()
    async with (
        open_city(tmp_path, web_site="web_site") as door,
        open_browser(door, language=LANGUAGES[0]) as one,
        open_browser(door, language=LANGUAGES[1]) as other,
    ):
        items = [*door.platform.registry.items.values()]
        for item in items:
            turns[item.kind] += 1
            browser = (one, other)[turns[item.kind] % 2]
            ends[item.code] = await brought(City(door, browser.language), item, browser)
    codes = {"crime-tip": "code", "drug-tip": "code"}
    assert ends == {item.code: "answered" if item.kind == "query" else "case" for item in items} | codes
    assert len(ends) >= 99
    assert {kind for kind, many in turns.items() if many < 2} == {"survey"}, "each of our kinds in both languages"
