"""The types of the description: those of each kind, from what it declares and from its state table.

That every case of the tests in this folder fits them is seen to by the fixture `cases_as_described`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from banshi.builtin.openapi.declared import Declared
from banshi.builtin.openapi.kinds import name_of, named_schemas
from banshi.kernel.contract.texts import LANGUAGES, Texts
from banshi.kernel.contract.values import Step
from banshi.testing import Door, open_door
from tests.places import DEPARTMENTS
from tests.readers.described import faults, house, of_house, validator
from tests.town import survey_plugin
from tests.town.zone_pass import answers_with

FOLDERS = {one.name: one for one in sorted(DEPARTMENTS.iterdir()) if (one / "items.toml").exists()}


async def test_the_guides_of_all_items_fit_the_description_in_both_languages(tmp_path: Path) -> None:
    async with open_door(tmp_path, dict(FOLDERS)) as door:
        judge, summaries = validator(door.platform.registry, "Item"), validator(door.platform.registry, "ItemSummary")
        for language in LANGUAGES:
            reader = {"Accept-Language": language}
            for code in door.platform.registry.items:
                guide = (await door.anyone.get(f"/v1/items/{code}", headers=reader)).ok()
                assert not faults(judge, guide), code
            for one in (await door.anyone.get("/v1/items?limit=100", headers=reader)).ok()["items"]:
                assert not faults(summaries, one), one["code"]
        assert len(door.platform.registry.items) >= 98


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_list_and_a_search_say_of_an_item_what_its_guide_says(door: Door, language: str) -> None:
    reader = {"Accept-Language": language}
    listed = (await door.anyone.get("/v1/items?limit=100", headers=reader)).ok()["items"]
    found = (await door.anyone.get("/v1/items", headers=reader, params={"q": "通行证"})).ok()["items"]
    told = set()
    for one in [*listed, *found]:
        guide = (await door.anyone.get(one["links"]["self"], headers=reader)).ok()
        # How many ask for it is what a list is put in order by.
        assert one.pop("demand") >= 0
        assert {**one, "links": {}} == {**{name: guide[name] for name in one}, "links": {}}
        assert len(one["audience"]) == len(one["audience_titles"]) > 0
        told.add((one["code"], one["fee"]["amount"], one["promised_days"], one["promised_days_unit"]))
    assert ("licence-replacement", 1000, 1, "working-day") in told
    assert found != []


async def test_a_guide_with_anything_else_does_not_fit(door: Door) -> None:
    guide = (await door.anyone.get("/v1/items/zone-pass")).ok()
    assert not faults(of_house("Item"), guide)
    wrong: list[tuple[str, Any]] = [
        ("kind", "appeal"),
        ("kind", "wish"),
        ("audience", ["dogs"]),
        ("fee", {"amount": "free", "note": None}),
        ("places", [{"title": "x"}]),
        ("details", {"kind": "application", "renewal": None}),
        ("details", {"kind": "application", "renewal": None, "second_person": False, "more": 1}),
        ("details", {"renewal": None, "second_person": False}),
        ("more", 1),
    ]
    fit = [(member, value) for member, value in wrong if not faults(of_house("Item"), {**guide, member: value})]
    assert not fit


async def test_a_case_of_one_kind_is_in_no_state_of_another(door: Door) -> None:
    wang = door.citizen("wang")
    files = [(await wang.upload()).created()["id"] for _ in range(2)]
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": answers_with(files)})).created()
    judge = of_house("Case")
    assert not faults(judge, case)
    for wrong in ("booked", "flying", None):
        assert faults(judge, {**case, "state": wrong}), wrong
    assert faults(judge, {**case, "kind": "posting", "state": "accepted"})
    assert faults(judge, {**case, "details": {"kind": "appeal"}})


@pytest.mark.parametrize("kind", sorted(house().kinds))
def test_each_kind_says_every_state_and_action_that_its_tables_have(kind: str) -> None:
    """Whatever an item says: the tables are those for all that it can say."""
    made, found = named_schemas(house()), house().kinds[kind]
    steps: list[Step] = [step for rules in _rules(found.details) for step in found.steps(rules)]
    states = {one for step in steps for one in (step.state, step.to)}
    assert set(made.get(name_of(kind, "State"), {}).get("enum", ())) == states
    assert set(made.get(name_of(kind, "Action"), {}).get("enum", ())) >= {step.action for step in steps}
    assert states <= set(made["CaseState"]["enum"])


def _rules(cls: Any) -> list[Any]:
    """Declarations with which a kind's state table differs."""
    least = {"register": "x"} if cls.__name__ == "QueryRules" else {}
    options: dict[str, tuple[Any, ...]] = {
        "second_person": (True,),
        "confirm": (True,),
        "anonymous": ("always",),
        "permit": (True,),
    }
    several = [{name: value} for name, values in options.items() for value in values if name in cls.__annotations__]
    return [cls(**least, **one) for one in ({}, *several)]


def objects_in(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, however deep."""
    if isinstance(document, dict):
        yield document
    for part in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from objects_in(part)


def test_names_are_ascii_and_every_reference_leads_somewhere() -> None:
    made = named_schemas(house())
    led = {one["$ref"] for one in objects_in(made) if isinstance(one.get("$ref"), str)}
    assert {one.removeprefix("#/components/schemas/") for one in led} <= made.keys()
    assert all(name.isascii() and name.isalnum() for name in made)


async def test_the_whole_description_names_nothing_but_in_ascii(tmp_path: Path) -> None:
    """Generators make names of them, and drop what is no letter to them."""
    plugins = {**FOLDERS, "catalogue_exports": DEPARTMENTS.parent / "integrations" / "catalogue_exports"}
    async with open_door(tmp_path, dict(plugins)) as door:
        document = (await door.anyone.get("/openapi.json")).ok()
    names: set[str] = set()
    for part in objects_in(document):
        names |= {*part.get("properties", {})} if isinstance(part.get("properties"), dict) else set()
        names |= {part["operationId"]} if isinstance(part.get("operationId"), str) else set()
    assert not sorted(name for name in names if not name.isascii())


async def test_a_plugin_s_kind_has_its_types_beside_the_others(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"works": survey_plugin.make(tmp_path), "mobile_push": "mobile_push"}) as door:
        made = (await door.anyone.get("/openapi.json")).ok()["components"]["schemas"]
        assert made["SurveyState"]["enum"] == ["submitted", "counted", "withdrawn", "closed"]
        assert made["SurveyDetails"]["properties"]["until"] == {"type": "string", "format": "date"}
        wang, cases = door.citizen("wang"), validator(door.platform.registry, "Case")
        guide = (await door.anyone.get("/v1/items/new-bridge")).ok()
        assert not faults(validator(door.platform.registry, "Item"), guide)
        made = (await wang.post("/v1/items/new-bridge/cases", {"answers": {"choice": "bridge"}})).created()
        await door.settled()
        case = (await wang.get(made["links"]["self"])).ok()
        assert (faults(cases, made), faults(cases, case), case["state"]) == ([], [], "counted")
        assert faults(cases, {**case, "details": {"kind": "survey"}})
        assert faults(cases, {**case, "state": "accepted"})


async def test_of_a_kind_that_says_nothing_the_states_are_those_of_its_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = survey_plugin.KIND.replace('KindTypes(kind="survey"', 'KindTypes(kind="none"')
    monkeypatch.setattr(survey_plugin, "KIND", silent)
    async with open_door(tmp_path, {"works": survey_plugin.make(tmp_path)}) as door:
        made = named_schemas(door.platform.registry)
    assert made["SurveyState"]["enum"] == ["submitted", "counted", "withdrawn", "closed"]
    assert made["SurveyCaseDetails"] == {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string", "const": "survey"}},
        "additionalProperties": True,
    }


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part.

    What comes after the first paragraph is for the author.
    """

    title: Texts
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Whole:
    name: str | None
    choice: Literal["a", "b"] | None
    day: date | None
    parts: dict[str, Part] = field(default_factory=dict)
    either: int | str = 1
    first: Part | None = None
    anything: Any = None
    odd: object = None


def test_a_declaration_s_schema_is_made_of_its_types() -> None:
    declared = Declared(owner="My")
    members = declared.members(Whole)
    assert members == {
        "name": {"type": ["string", "null"]},
        "choice": {"oneOf": [{"type": "null"}, {"type": "string", "enum": ["a", "b"]}]},
        "day": {"type": ["string", "null"], "format": "date"},
        "parts": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/MyPart"}},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "first": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/MyPart"}]},
        "anything": {},
        "odd": {},
    }
    assert declared.schemas["MyPart"] == {
        "type": "object",
        "required": ["title", "parts"],
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string"},
            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/MyPart"}},
        },
        "description": "A part.",
    }
