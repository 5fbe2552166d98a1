"""A client that knows no item and no kind goes through all of them, and one that nobody has heard of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from banshi import LANGUAGES, Item
from banshi.builtin.openapi.kinds import KIND_TYPES
from banshi.builtin.openapi.titles import shown_by
from tests.clients import generic_client, generic_screen
from tests.clients.generic_screen import Screen, Shown
from tests.clients.made_up_city import open_city
from tests.clients.people import City, Seen
from tests.plugins import filling
from tests.readers.described import house

#: Lines of the client that may know something of one kind alone.
MOST_LINES = 20
#: What stands between quotes, and the words in it.
STRING, WORD = re.compile(r'"([^"]*)"'), re.compile("[a-z][a-z0-9_-]*")
CLIENT = [Path(str(module.__file__)) for module in (generic_client, generic_screen)]


@dataclass
class Driven:
    """What became of all items: their ends by code, and how many of the cases the inbox speaks of."""

    ends: dict[str, str] = field(default_factory=dict)
    told: int = 0


async def drive(city: City) -> Driven:
    """Bring every item as far as it goes; what waits for its time comes last."""
    main, waiting, driven = city.app(filling.NUMBER), [], Driven()
    for address in await main.items():
        code = address.rpartition("/")[2]
        app, begun = await city.brought(code)
        driven.ends[code] = "answered" if begun.case is None else begun.case["state"]
        if begun.case is not None:
            await app.results(begun)
            if not city.is_over(begun):
                waiting.append((app, begun))
    for app, begun in sorted(waiting, key=lambda one: one[1].case["details"]["begins"]):
        driven.ends[city.item(begun.guide["code"]).code] = await city.until_its_time(app, begun)
    city.seen.kind = ""
    driven.told = len({message["case"] for message in await main.messages()} - {None})
    return driven


@pytest.mark.long
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_client_that_knows_no_kind_brings_every_item_to_its_end(language: str, tmp_path: Path) -> None:
    """All of the ten departments, and one of a kind and with a form that nobody has seen."""
    async with open_city(tmp_path) as door:
        city = City(door, language)
        driven = await drive(city)
        items = door.platform.registry.items
        assert len(driven.ends) == len(items) >= 99
        assert driven.ends == {item.code: END[item.kind] for item in items.values()}
        cases = [item for item in items.values() if item.kind != "query" and begins_by_name(item)]
        assert driven.told == len(cases)
        lines = lines_that_know(city.seen, items.values())
    assert len(lines) <= MOST_LINES, "\n".join(lines)
    assert no_words(city.screen, language) == []


#: The state in which a kind's cases are when nothing leads on.
END = {
    "application": "closed",
    "appointment": "done",
    "query": "answered",
    "appeal": "closed",
    "posting": "resolved",
    "survey": "closed",
}


def begins_by_name(item: Item) -> bool:
    return item.kind != "appeal" or item.details.anonymous != "always"


def lines_that_know(seen: Seen, items: Iterable[Item]) -> list[str]:
    """Lines of the client with a word that one kind alone has; fails where one names an item."""
    words: defaultdict[str, set[str]] = defaultdict(set)
    for kind, members in seen.members.items():
        for member in members:
            words[member].add(kind)
    codes = set()
    for item in items:
        codes.add(item.code)
        for state in {one for step in item.steps for one in (step.state, step.to)}:
            words[state].add(item.kind)
    known = {word for word, kinds in words.items() if len(kinds) == 1 and "" not in kinds} | {*seen.members} - {""}
    found = []
    for file in CLIENT:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            said = {word for text in STRING.findall(line.replace('"""', "")) for word in WORD.findall(text)}
            assert not said & codes, f"{file.name}:{number} names an item: {line}"
            if said & known:
                found.append(f"{file.name}:{number} {sorted(said & known)}: {line.strip()}")
    return found


#: What is written for programs: a slug, a name with underscores, a word of a closed list.
CODE = re.compile("[a-z][a-z0-9]*([-_][a-z0-9]+)*")
#: What may stand between Chinese: standards, formats, classes of licences, countries, signs of a code.
KNOWN = re.compile("DNA|IPv[46]|PDF|UUID|GB/T|GA|ISO|WGS|SGP|FR|[A-Z][0-9]?")
CASE_NUMBER = re.compile("[0-9]{8}-[0-9A-Z]{4}-[0-9A-Z]{4}")
HAN, LATIN = re.compile("[\u4e00-\u9fff]"), re.compile("[A-Za-z]")
#: A measure is a word of small letters; a register's rows are in the city's language; a code that people show or read
#: aloud is none of the API's.
MEASURE, ROWS, TOKENS = "/x-unit", "records/text", ("details/code/-", "details/ticket/-")


def no_words(screen: Screen, language: str) -> list[Shown]:
    """What was shown and is a code, or in another language than was asked for."""
    found = []
    own = sorted(screen.written, key=len, reverse=True)
    for shown in sorted(screen.shown):
        text = shown.text
        for written in own:
            text = text.replace(written, "")
        if shown.place in TOKENS:
            continue
        code = CODE.fullmatch(text) and not shown.place.endswith(MEASURE)
        chinese = KNOWN.sub("", CASE_NUMBER.sub("", text))
        other = HAN.search(text) if language == "en" else LATIN.search(chinese)
        if code or (other and shown.place != ROWS):
            found.append(shown)
    return found


@pytest.mark.parametrize(
    ("language", "text", "is_found"),
    [
        ("en", "light-truck", True),
        ("en", "changeable_until", True),
        ("en", "approved", True),
        ("en", "Approved", False),
        ("en", "已通过", True),
        ("en", "李示例: approved", False),
        ("zh-CN", "已通过", False),
        ("zh-CN", "Approved", True),
        ("zh-CN", "编号20261124-7K3M-9QXC，按GB/T 2260", False),
    ],
)
def test_a_code_where_a_word_belongs_is_found(language: str, text: str, is_found: bool) -> None:
    screen = Screen(written={"李示例"})
    screen.put("case/state_title", text)
    assert bool(no_words(screen, language)) == is_found


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_people_read_of_a_case_has_a_title(language: str) -> None:
    """Links, ids, and codes with words beside them have none; a case has the words of its unit itself."""
    types = house().offered(KIND_TYPES)
    assert {one.kind for _, one in types} == {"appeal", "appointment", "posting"}
    untold = [f"{one.kind}{path}" for _, one in types for path in untitled(shown_by(one.details, language))]
    assert untold == ["appeal/unit"]


def untitled(schema: Any, path: str = "") -> Iterator[str]:
    fields = schema.get("properties", {})
    for name, one in fields.items():
        coded = name == "title" or f"{name}_title" in fields or (name == "code" and "title" in fields)
        if not (coded or "title" in one or name == "links" or "uuid" in str(one)):
            yield f"{path}/{name}"
        yield from untitled(one.get("items", one), f"{path}/{name}")


def test_a_line_that_names_an_item_or_a_kind_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count can fail."""
    file = tmp_path / "client.py"
    monkeypatch.setattr("tests.clients.test_generic_client.CLIENT", [file])
    seen = Seen()
    for seen.kind, document in (("appeal", {"title": "", "rating": 1}), ("posting", {"title": "", "photos": []})):
        seen.note(document)
    file.write_text('shown = case["title"]\nstars = case["details"]["rating"]\nif kind == "posting":\n')
    assert [line.partition(" ")[0] for line in lines_that_know(seen, ())] == ["client.py:2", "client.py:3"]
