"""Numbers as people type them, in each department's forms, and stored in one spelling whichever way they come in."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi import Item
from banshi.forms.numbers import NUMBERS
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.testing import Door, open_door
from tests.plugins import filling
from tests.plugins.test_departments import FOLDERS, made_up, registry_of, with_files
from tests.town.registers import import_samples, sample_rows

#: A number as it is stored → as somebody types it.
TYPED = {
    filling.FORMATS["cn-resident-id"]: "１１０１０５ 19491231 002ｘ",
    filling.FORMATS["cn-uscc"]: "91510700-ma000000 0g",
    filling.FORMATS["cn-plate"]: "川b·123 45",
    filling.FORMATS["cn-mobile"]: "+86 138-0000 ００００",
    filling.FORMATS["cn-division"]: "５１０７０３ ",
}

FORMS = [pytest.param(item, id=item.code) for item in registry_of(FOLDERS).items.values() if item.form]


def fields(schema: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The names of a form's texts and their formats."""
    for key, one in schema.get("properties", {}).items():
        yield from fields(one, key)
    if isinstance(schema.get("items"), dict):
        yield from fields(schema["items"], name)
    if schema.get("type") == "string":
        yield name, schema.get("format", "")


def typed(schema: Any, value: Any) -> Any:
    """Answers with each number typed in another way."""
    if isinstance(value, dict):
        return {name: typed(schema["properties"][name], one) for name, one in value.items()}
    if isinstance(value, list):
        return [typed(schema["items"], one) for one in value]
    return TYPED[value] if schema.get("format") in NUMBERS else value


@pytest.mark.parametrize("item", FORMS)
def test_a_form_takes_its_numbers_as_people_type_them_and_stores_them_in_one_spelling(item: Item) -> None:
    assert item.form is not None
    answers = filling.filled(item.form.schema, made_up())
    as_typed = typed(item.form.schema, answers)
    before = copy.deepcopy(as_typed)
    assert item.form.problems(as_typed) == ()
    assert item.form.spelled(as_typed) == answers
    assert as_typed == before


def test_wherever_a_phone_is_asked_for_a_landline_is_taken_unless_it_has_to_be_a_mobile() -> None:
    """Where texts are sent to, and who drives: those have a mobile with them."""
    mobiles = {
        item.values[0].code
        for item in FORMS
        for _, kind in fields(item.values[0].form.schema)  # type: ignore[union-attr]
        if kind == "cn-mobile"
    }
    assert mobiles == {"contact-change", "dangerous-goods-permit", "zone-pass"}
    for item in FORMS:
        for name, kind in fields(item.values[0].form.schema):  # type: ignore[union-attr]
            assert ("phone" not in name) or kind in {"cn-phone", "cn-mobile"}, (item.id, name)
            assert (name not in {"plate", "vehicle"}) or kind in {"cn-plate", ""}, (item.id, name)


def folder_of(code: str) -> Path:
    return next(one for one in FOLDERS if code in registry_of([one]).items)


async def answered(door: Door, code: str, name: str = "li") -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Somebody, what they have to say, and how they type it."""
    person = door.citizen(name, name="李示例", resident_id=filling.NUMBER)
    item = door.platform.registry.items[code]
    assert item.form is not None
    answers = await with_files(person, item)
    return person, answers, typed(item.form.schema, answers)


async def test_an_application_and_its_correction_store_numbers_in_one_spelling(tmp_path: Path) -> None:
    code = "learner-permit"
    async with open_door(tmp_path, {"traffic": folder_of(code)}) as door:
        li, answers, as_typed = await answered(door, code)
        case = (await li.post(f"/v1/items/{code}/cases", {"answers": as_typed})).created()
        assert case["answers"] == answers
        await door.settled()
        assert (await Case.get(id=case["id"])).answers == answers
        link = case["links"]["self"]
        officer = door.staff("wang", "traffic:reviewer")
        (await officer.post(f"{link}/actions/return", {"reason": "请补正。"})).ok()
        again = {**as_typed, "phone": "（０８１６）2000000"}
        (await li.post(f"{link}/actions/supplement", {"answers": again})).ok()
        assert (await Case.get(id=case["id"])).answers == {**answers, "phone": "0816-2000000"}
        step = await CaseEvent.filter(case_id=case["id"], action="supplement").get()
        assert step.details == {"fields": ["phone"]}


async def test_a_posting_stores_numbers_in_one_spelling(tmp_path: Path) -> None:
    code = "lost-and-found"
    async with open_door(tmp_path, {"public_order": folder_of(code)}) as door:
        li, answers, as_typed = await answered(door, code)
        other = {"day": door.platform.today().isoformat()}
        as_typed, answers = ({k: v for k, v in one.items() if k != "photos"} | other for one in (as_typed, answers))
        reply = await li.post(f"/v1/items/{code}/postings", {"answers": as_typed})
        assert (await Case.get(id=reply.created()["id"])).answers == answers


async def test_a_tip_without_a_name_stores_numbers_in_one_spelling(tmp_path: Path) -> None:
    code = "crime-tip"
    async with open_door(tmp_path, {"criminal": folder_of(code)}) as door:
        item = door.platform.registry.items[code]
        assert item.form is not None
        declared = item.form.schema["properties"]
        answers = filling.filled(item.form.schema, made_up())
        answers = {name: one for name, one in answers.items() if "x-attachment" not in str(declared[name])}
        body = {"answers": typed(item.form.schema, answers)}
        (await door.anyone.post(f"/v1/items/{code}/tips", body)).created()
        assert (await Case.all().first()).answers == answers  # type: ignore[union-attr]


async def test_an_appointment_stores_numbers_in_one_spelling(tmp_path: Path) -> None:
    code = "household-counter-appointment"
    async with open_door(tmp_path, {"household": folder_of(code)}) as door:
        li, answers, as_typed = await answered(door, code)
        slots = (await door.anyone.get(f"/v1/items/{code}/slots?limit=100")).ok()["items"]
        until = door.platform.now() + timedelta(days=1)
        slot = next(one for one in slots if one["free"] and datetime.fromisoformat(one["begins"]) > until)
        wish = {"slot": slot["id"], "answers": as_typed}
        mine = (await li.post(f"/v1/items/{code}/appointments", wish)).created()
        assert (await li.get(mine["links"]["case"])).ok()["answers"] == answers


async def test_a_plate_is_found_however_it_is_typed(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"traffic": folder_of("vehicle-record")}) as door:
        await import_samples(door, "traffic")
        row = sample_rows("traffic", "vehicles")[0]
        wang = door.citizen("wang", resident_id=row["owner_id"])
        question = {name: row[name] for name in ("plate", "plate_class", "vin_tail")}
        for plate in (
            row["plate"],
            row["plate"].lower(),
            f"{row['plate'][:2]}·{row['plate'][2:]}",
            " ".join(row["plate"]),
        ):
            body = {"question": {**question, "plate": plate}, "purpose": "核对本人信息"}
            assert (await wang.post("/v1/items/vehicle-record/query", body)).ok()["found"] == 1
