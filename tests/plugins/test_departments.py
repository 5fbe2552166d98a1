"""Ten departments, 98 items: each with its guide and each from a plugin that could be shipped alone."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from banshi import API_VERSION, LANGUAGES, Item
from banshi.configuration import Configuration, Entry, read_configuration
from banshi.registry import Registry
from banshi.settings import Settings
from banshi.testing import Door, open_door
from banshi.web.app import loaded
from tests.plugins import filling

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(one for one in (ROOT / "plugins" / "departments").iterdir() if (one / "items.toml").exists())
NAMES = [one.name for one in FOLDERS]


def registry_of(folders: list[Path]) -> Registry:
    entries = {one.name: Entry(api=API_VERSION, path=one) for one in folders}
    return loaded(Configuration(ROOT / "plugins.toml", Settings(), entries))


@pytest.fixture(scope="module")
def city() -> Registry:
    """All departments, as plugins.toml has them."""
    return loaded(read_configuration(ROOT / "plugins.toml"))


def made_up() -> Iterator[str]:
    return (str(UUID(int=number)) for number in itertools.count(1))


# -- the catalogue ---------------------------------------------------------------------------------------------------


def test_the_city_offers_98_items_of_which_28_are_done_without_a_visit(city: Registry) -> None:
    assert len(city.items) == 98
    assert sum(item.fully_online for item in city.items.values()) == 28
    assert len(city.departments) == len(FOLDERS) == 10


def test_there_are_eleven_look_ups_and_appointments_of_five_sorts(city: Registry) -> None:
    kinds = Counter(item.kind for item in city.items.values())
    assert (kinds["query"], kinds["appointment"]) == (11, 5)
    assert kinds["appeal"] >= 4
    assert kinds["posting"] == 2


def test_every_department_that_is_there_is_listed(city: Registry) -> None:
    listed = {entry.path for entry in city.configuration.entries.values()}
    assert {one.resolve() for one in FOLDERS} <= listed


def test_every_item_has_its_guide_in_both_languages(city: Registry) -> None:
    wanting = []
    for item in city.items.values():
        texts = [item.title, item.summary, *item.conditions, *item.process, *(one.title for one in item.materials)]
        texts += [text for place in item.places for text in (place.title, place.address)]
        if not all(text.get(language) for text in texts for language in LANGUAGES):
            wanting.append((item.code, "a text"))
        if not all(len(item.keywords.get(language, ())) >= 4 for language in LANGUAGES):
            wanting.append((item.code, "keywords"))
        if not (item.process and item.online_depth and item.places):
            wanting.append((item.code, "process, online depth or places"))
    assert wanting == []


def test_what_is_done_without_a_visit_ends_in_something_the_citizen_can_use(city: Registry) -> None:
    ends = {item.code: item.result.kind for item in city.items.values() if item.fully_online}
    assert {code for code, kind in ends.items() if kind == "none"} == {
        code for code in ends if city.items[code].kind == "posting"
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_a_department_stands_alone_and_is_missed_by_no_other(folder: Path) -> None:
    alone = registry_of([folder])
    assert {item.plugin for item in alone.items.values()} == {folder.name}
    others = registry_of([one for one in FOLDERS if one != folder])
    assert others.items.keys().isdisjoint(alone.items)
    assert len(others.items) + len(alone.items) == 98


def test_the_page_of_items_says_what_the_plugins_say(city: Registry) -> None:
    source = (ROOT / "tools" / "list_items.py").read_text()
    tool: dict[str, Any] = {"__name__": "list_items"}
    exec(compile(source, "list_items.py", "exec"), tool)  # noqa: S102 - our own script, which is no package
    advice = "run `python tools/list_items.py`"
    assert (ROOT / "docs" / "items.md").read_text() == tool["page"](city), advice


# -- the forms -------------------------------------------------------------------------------------------------------


def forms() -> list[Any]:
    return [pytest.param(item, id=item.code) for item in registry_of(FOLDERS).items.values() if item.form]


@pytest.mark.parametrize("item", forms())
def test_a_form_takes_what_its_declaration_asks_for_and_tells_each_rule_that_is_broken(item: Item) -> None:
    assert item.form is not None
    answers = filling.filled(item.form.schema, made_up())
    assert item.form.problems(answers) == ()
    ways = list(filling.broken(item.form.schema, answers))
    assert len(ways) > 3
    for way in ways:
        told = {(problem.pointer, problem.code) for problem in item.form.problems(way.answers)}
        assert (way.pointer, way.keyword) in told, f"{way.keyword} at {way.pointer} was not told, but {told}"


# -- from the phone to the decision ----------------------------------------------------------------------------------


async def decided(door: Door, item: Item) -> dict[str, Any]:
    """An application that was handed in, accepted and approved over HTTP; the case at its end."""
    assert item.form is not None
    li = door.citizen("li", name="李示例")
    files = iter([(await li.upload()).created()["id"] for _ in range(8)])
    answers = filling.filled(item.form.schema, files)
    wrong = next(iter(filling.broken(item.form.schema, answers))).answers
    address = f"/v1/items/{item.code}/cases"
    (await li.post(address, {"answers": wrong})).problem(422, "invalid-fields")
    case = (await li.post(address, {"answers": answers}, key=f"once-{item.code}")).created()
    await door.settled()
    officer = door.staff("wang", f"{item.department}:reviewer", f"{item.department}:approver")
    link = case["links"]["self"]
    assert (await officer.get(link)).ok()["state"] == "accepted"
    if item.details.second_person:
        (await door.staff("zhao", f"{item.department}:reviewer").post(f"{link}/actions/recommend")).ok()
    (await officer.post(f"{link}/actions/approve")).ok()
    await door.settled()
    final: dict[str, Any] = (await li.get(link)).ok()
    return final


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
async def test_every_application_of_a_department_goes_from_the_phone_to_an_approval(
    folder: Path, tmp_path: Path
) -> None:
    async with open_door(tmp_path, {folder.name: folder}) as door:
        for item in door.platform.registry.items.values():
            for language in LANGUAGES:
                told = {"Accept-Language": language}
                guide = (await door.anyone.get(f"/v1/items/{item.code}", headers=told)).ok()
                assert (guide["code"], guide["title"]) == (item.code, item.title[language])
            if (
                item.kind == "application" and item.code != "zone-pass"
            ):  # whose own rules tests/plugins/test_traffic.py knows
                final = await decided(door, item)
                assert final["state"] == "approved"
