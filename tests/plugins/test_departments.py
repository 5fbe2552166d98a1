"""Every department's items: each with its guide and each from a plugin that could be shipped alone."""

from __future__ import annotations

import asyncio
import copy
import itertools
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import zxingcpp
from PIL import Image

from banshi import API_VERSION, LANGUAGES, Item
from banshi.app import loaded
from banshi.builtin.materials.vocabulary import common, reusable
from banshi.forms.numbers import MADE_UP
from banshi.foundation.database.writes import Write
from banshi.kernel.cases.attachments import attachment_ids
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.loading.configuration import Configuration, Entry, read_configuration
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.appointment.scheduler import look
from banshi.kinds.query import samples
from banshi.kinds.query.registers.opened import declared_in
from banshi.testing import Door, Person, open_door
from tests.harness.memory.remembered import loaded_from_memory
from tests.places import ROOT
from tests.plugins import filling
from tests.readers import certificate_reader
from tests.town.registers import import_samples, made_up_person, sample_rows

FOLDERS = sorted(one for one in (ROOT / "plugins" / "departments").iterdir() if (one / "items.toml").exists())
NAMES = [one.name for one in FOLDERS]


def registry_of(folders: list[Path]) -> Registry:
    """The items of these plugins, which tests read and do not change."""
    return _read(*folders)


@cache
def _read(*folders: Path) -> Registry:
    entries = {one.name: Entry(api=API_VERSION, path=one) for one in folders}
    return loaded_from_memory(Configuration(ROOT / "plugins.toml", Settings(), entries))


@pytest.fixture(scope="module")
def city() -> Registry:
    """All departments, as plugins.toml has them."""
    return loaded(read_configuration(ROOT / "plugins.toml"))


def made_up() -> Iterator[str]:
    return (str(UUID(int=number)) for number in itertools.count(1))


# -- the catalogue ---------------------------------------------------------------------------------------------------


def test_the_city_offers_at_least_98_items_of_which_28_are_done_without_a_visit(city: Registry) -> None:
    files = [file for folder in FOLDERS for file in (folder / "items.toml", *folder.glob("items/*.toml"))]
    written = sum(file.read_text("utf-8").split("\n").count("[[items]]") for file in files)
    assert len(city.items) == written >= 98
    assert sum(item.fully_online for item in city.items.values()) >= 28
    assert len(city.departments) == len(FOLDERS) >= 10


def test_there_are_at_least_eleven_look_ups_and_appointments_of_five_sorts(city: Registry) -> None:
    kinds = Counter(item.kind for item in city.items.values())
    least = {"query": 11, "appointment": 5, "appeal": 7, "posting": 2}
    assert {kind for kind, count in least.items() if kinds[kind] < count} == set()


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
def test_a_department_stands_alone_and_is_missed_by_no_other(folder: Path, city: Registry) -> None:
    alone = registry_of([folder])
    assert {item.plugin for item in alone.items.values()} == {folder.name}
    others = registry_of([one for one in FOLDERS if one != folder])
    assert others.items.keys().isdisjoint(alone.items)
    assert len(others.items) + len(alone.items) == len(city.items)


def test_the_page_of_items_says_what_the_plugins_say(city: Registry) -> None:
    source = (ROOT / "tools" / "list_items.py").read_text()
    tool: dict[str, Any] = {"__name__": "list_items"}
    exec(compile(source, "list_items.py", "exec"), tool)  # noqa: S102 - our own script, which is no package
    advice = "run `python tools/list_items.py`"
    assert (ROOT / "docs" / "items.md").read_text() == tool["page"](city), advice


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(item, id=item.code) for item in registry_of(FOLDERS).items.values() if item.kind == kind]


def open_department(folder: Path, item: Item, **more: Path | str) -> AbstractAsyncContextManager[Door]:
    """A platform with the item's department alone, and whatever stands beside it."""
    return open_door(folder, {item.plugin: ROOT / "plugins" / "departments" / item.plugin, **more})


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


async def with_files(person: Person, item: Item, *content: bytes) -> dict[str, Any]:
    """Right answers to the item's form, whose files the person has uploaded."""
    assert item.form is not None
    answers: dict[str, Any] = filling.filled(item.form.schema, made_up())
    for pointer, _ in list(attachment_ids(item.form.schema, answers)):
        put(answers, pointer, (await person.upload(*content)).created()["id"])
    return answers


async def each_rule_is_told(
    person: Person, address: str, item: Item, right: Any, name: str = "answers", **more: Any
) -> None:
    """Each rule of the item's form that is broken is told at its place, by whatever takes the answers."""
    assert item.form is not None
    ways = list(filling.broken(item.form.schema, right))
    assert len(ways) > 3
    for way in ways:
        problem = (await person.post(address, {name: way.answers, **more})).problem(422, "invalid-fields")
        told = {(one["pointer"], one["code"]) for one in problem["problems"]}
        assert (f"/{name}{way.pointer}", way.keyword) in told, way


async def decided(door: Door, item: Item) -> dict[str, Any]:
    """An application that was handed in, accepted and approved over HTTP; the case at its end."""
    assert item.form is not None
    li = door.citizen("li", name="李示例", resident_id=filling.NUMBER)
    answers = await with_files(li, item)
    wrong = next(iter(filling.broken(item.form.schema, answers))).answers
    address = f"/v1/items/{item.code}/cases"
    (await li.post(address, {"answers": wrong})).problem(422, "invalid-fields")
    case = (await li.post(address, {"answers": answers}, key=f"once-{item.code}")).created()
    await door.settled()
    officer = door.staff("wang", f"{item.department}:reviewer", f"{item.department}:approver")
    link = case["links"]["self"]
    if item.details.permit:
        (await officer.post(f"{link}/actions/accept")).ok()
    assert (await officer.get(link)).ok()["state"] == "accepted"
    if item.details.second_person:
        (await door.staff("zhao", f"{item.department}:reviewer").post(f"{link}/actions/recommend")).ok()
    (await officer.post(f"{link}/actions/approve", {"reason": "经核对，情况属实。"})).ok()
    await door.settled()
    final: dict[str, Any] = (await li.get(link)).ok()
    return final


def papers(registry: Registry, item: Item) -> dict[str, str]:
    """The item's materials that can come from an earlier case: field and document."""
    return {material.field: one.code for material, one, _ in reusable(item, registry.departments[item.department])}


def at(value: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer."""
    for name in pointer.split("/")[1:]:
        value = value[int(name) if isinstance(value, list) else name]
    return value


def put(value: Any, pointer: str, new: Any) -> None:
    """Put something else there."""
    above, _, last = pointer.rpartition("/")
    inside = at(value, above)
    inside[int(last) if isinstance(inside, list) else last] = new


async def taken_over(door: Door, item: Item, answers: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """A case of the item whose materials at these fields come from earlier ones, and no other file does."""
    li = door.citizen("li", name="李示例", resident_id=filling.NUMBER)
    assert item.form is not None
    listed = (await li.get(f"/v1/items/{item.code}/materials")).ok()["materials"]
    offers = {one["field"]: one["offers"][0] for one in listed if one["field"] in fields}
    filled: dict[str, Any] = copy.deepcopy(answers)
    for pointer, _ in list(attachment_ids(item.form.schema, answers)):
        put(filled, pointer, (await li.upload()).created()["id"])
    for field, offer in offers.items():
        put(filled, field, offer["files"][0]["id"])
    wishes = [{"field": field, "consent": offer["consent"]["id"]} for field, offer in offers.items()]
    made: dict[str, Any] = (
        await li.post(f"/v1/items/{item.code}/cases", {"answers": filled, "reuse": wishes})
    ).created()
    assert sum(one["reused_from"] is not None for one in made["attachments"]) == len(offers) == len(fields)
    officer = door.staff("wang", f"{item.department}:reviewer")
    for field in fields:
        assert (await officer.get(f"/v1/attachments/{at(made['answers'], field)}")).status == 200
    return made


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
async def test_every_application_of_a_department_goes_from_the_phone_to_an_approval_and_its_papers_into_the_next(
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
            ):  # whose own rules tests/plugins/departments/test_traffic.py knows
                final = await decided(door, item)
                assert final["state"] == "approved"
                assert ("certificate" in final["links"]) == (item.result.kind == "certificate")
                if item.certificate is not None:
                    await held(door, item, final)
                if fields := papers(door.platform.registry, item):
                    again = await taken_over(door, item, final["answers"], set(fields))
                    assert again["timeline"][0]["reused"][0]["case"]["number"] == final["number"]


#: What says something of one person's record, without an identity document that staff could compare.
OWN = {
    "household": {"no-criminal-record-certificate", "residence-permit-endorsement", "household-facts-certificate"},
    "exit_entry": {"exit-entry-record", "hk-macau-endorsement", "taiwan-endorsement"},
    "public_order": {"security-guard-certificate"},
}


@pytest.mark.parametrize("folder", [one for one in FOLDERS if one.name in OWN], ids=sorted(OWN))
async def test_nobody_gets_what_is_known_of_somebody_else(folder: Path, tmp_path: Path) -> None:
    """Of two citizens each asks for their own record; the other's number is refused before anybody looks at it."""
    async with open_door(tmp_path, {folder.name: folder}) as door:
        items = [item for item in door.platform.registry.items.values() if item.owner is not None]
        assert {item.code for item in items} == OWN[folder.name]
        for item in items:
            assert item.owner is not None
            for number, other in ((filling.NUMBER, made_up_person(1)), (made_up_person(1), filling.NUMBER)):
                person = door.citizen(f"p{number[-4:]}", name="李示例", resident_id=number)
                address = f"/v1/items/{item.code}/cases"
                answers = await with_files(person, item)
                for_another = {name: one for name, one in answers.items() if f"/{name}" == item.owner.unless}
                answers = {name: one for name, one in answers.items() if name not in for_another}
                put(answers, item.owner.field, other)
                told = (await person.post(address, {"answers": answers})).problem(422, "invalid-fields")
                pointers = [(one["pointer"], one["code"]) for one in told["problems"]]
                assert pointers == [(f"/answers{item.owner.field}", "not-own")], item.code
                nobody = door.citizen("nobody", name="李示例")
                (await nobody.post(address, {"answers": answers | for_another})).problem(403, "not-verified")
                if for_another:
                    (await person.post(address, {"answers": answers | for_another})).created()
                    answers = await with_files(person, item)
                put(answers, item.owner.field, number)
                (await person.post(address, {"answers": answers})).created()


def test_no_item_gives_away_a_record_by_a_number_that_nobody_compares(city: Registry) -> None:
    """A certificate about a number is either its owner's alone, or staff have an identity document to compare."""
    for item in city.items.values():
        numbers = {one.source for one in item.credential.claims} if item.credential and item.certificate else set()
        asked = item.form.schema["properties"] if item.form else {}
        about = {source for source in numbers if asked.get(source[1:], {}).get("format") == "cn-resident-id"}
        shown = any(one.document == "identity-document" and one.field for one in item.materials)
        if about and not shown:
            assert item.owner is not None, item.code
            assert item.owner.field in about


async def held(door: Door, item: Item, final: dict[str, Any]) -> None:
    """The certificate of an approved case, opened by others' readers, its code verified by somebody without a token."""
    li = door.citizen("li", name="李示例", resident_id=filling.NUMBER)
    for language in LANGUAGES:
        told = {"Accept-Language": language}
        answer = await li.get(final["links"]["certificate"], headers=told)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf"), answer.body[:500]
        seen = certificate_reader.read(answer.body)
        title = (item.certificate.title or item.result.title)[language]  # type: ignore[union-attr]
        assert re.fullmatch(re.sub(r"\\{\w+\\}", ".+", re.escape(title)), seen.title)
        assert (seen.language, seen.tagged) == (language, True)
        verdict = (await door.anyone.post("/v1/certificates/verify", {"text": seen.code}, headers=told)).ok()
        assert verdict["verdict"] in {"valid", "not-yet-valid"}, verdict
        assert (verdict["item"]["code"], verdict["number"]) == (item.code, final["number"])
        assert verdict["claims"]
        sentence = item.certificate.body[language]  # type: ignore[union-attr]
        for claim in verdict["claims"]:
            assert seen.says(claim["title"]) or f"{{{claim['name']}}}" in sentence, claim
            assert seen.says(claim["text"]), claim
        assert seen.says(final["number"])
        assert seen.pages == 1
    staff = door.staff("wang", f"{item.department}:reviewer")
    assert (await staff.get(final["links"]["certificate"], headers=told)).body == answer.body
    (await door.citizen("zhang").get(final["links"]["certificate"])).problem(404, "not-found")


async def test_what_one_department_has_seen_the_others_need_not_ask_for_again(tmp_path: Path) -> None:
    """Each document that several departments ask for about somebody alike goes from one of them to every other one."""
    async with open_door(tmp_path, {one.name: one for one in FOLDERS}) as door:
        registry = door.platform.registry
        asking: dict[tuple[str, str], dict[str, tuple[Item, str]]] = {}
        for item in registry.items.values():
            if item.kind == "application" and item.code != "zone-pass":
                for field, document in papers(registry, item).items():
                    alike = asking.setdefault((document, named_by(item, field)), {})
                    alike.setdefault(item.department, (item, field))
        shared = {key: items for key, items in asking.items() if len(items) > 1}
        documents = {document for document, _ in shared}
        assert {"identity-document", "portrait-photo", "address-proof"} <= documents <= common().keys()
        for document, items in shared.items():
            (first, field), *others = items.values()
            final = await decided(door, first)
            for item, its in others:
                assert item.form is not None
                answers = filling.filled(item.form.schema, made_up())
                put(answers, subject(item, its), at(final["answers"], subject(first, field)))
                assert item.form.problems(answers) == (), (document, item.code)
                made = await taken_over(door, item, answers, {its})
                assert made["timeline"][0]["reused"][0]["case"]["number"] == final["number"]


def named_by(item: Item, field: str) -> str:
    """How the answer names what the document at a field is about: a citizen's number, a passport's, a plate."""
    assert item.form is not None
    schema = item.form.schema
    for name in subject(item, field).split("/")[1:]:
        schema = schema["properties"][name]
    return str(schema.get("format") or schema.get("pattern"))


def subject(item: Item, field: str) -> str:
    """The pointer to the answer that says what the document at a field is about."""
    return next(one.concerns for one in item.materials if one.field == field)


# -- from the phone to the counter -----------------------------------------------------------------------------------


async def ready(door: Door, item: Item, name: str) -> tuple[Person, dict[str, Any]]:
    """Somebody with answers to the item's form, whose files are uploaded."""
    person = door.citizen(name)
    return person, await with_files(person, item)


async def first_come(door: Door, item: Item) -> list[dict[str, Any]]:
    """The slots that can be booked and still be changed."""
    page = (await door.anyone.get(f"/v1/items/{item.code}/slots?limit=100")).ok()["items"]
    until = door.platform.now() + timedelta(hours=item.details.notice_hours)
    return [slot for slot in page if slot["free"] and datetime.fromisoformat(slot["begins"]) > until]


@pytest.mark.parametrize("item", of_kind("appointment"))
async def test_an_appointment_goes_from_the_phone_to_the_counter(item: Item, tmp_path: Path) -> None:
    """Read, booked, confirmed where staff do that, moved, reminded, checked in and over: all of it over HTTP."""
    async with open_department(tmp_path, item) as door:
        turn = turned(door, datetime(2026, 9, 1, 12, 0, tzinfo=door.platform.settings.timezone))
        li, answers = await ready(door, item, "li")
        guide = (await door.anyone.get(f"/v1/items/{item.code}")).ok()
        # From the day after tomorrow on, so that nobody is reminded yet.
        slots = [slot for slot in await first_come(door, item) if slot["begins"] >= "2026-09-03"]
        wish = {"slot": slots[0]["id"], "answers": answers}
        mine = (await li.post(guide["links"]["book"], wish, key="once")).created()
        role = f"{item.department}/{item.unit}" if item.unit else item.department
        staff = door.staff("wang", f"{role}:reviewer", f"{role}:clerk")
        if item.details.confirm:
            assert mine["state"] == "requested"
            (await staff.post(f"{mine['links']['case']}/actions/confirm")).ok()
        moved = (await li.call("PATCH", mine["links"]["self"], json={"slot": slots[1]["id"]})).ok()
        if item.details.confirm:
            (await staff.post(f"{mine['links']['case']}/actions/confirm")).ok()
        case = (await staff.get(mine["links"]["case"])).ok()
        assert case["answers"] == answers
        assert len(case["attachments"]) == len(list(attachment_ids(item.form.schema, answers)))  # type: ignore[union-attr]
        picture = (await li.get(mine["links"]["qr"].replace("svg", "png"))).body
        (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
        begins = datetime.fromisoformat(moved["begins"])
        turn(begins - timedelta(hours=20))
        await look(door.platform)
        turn(begins)
        scan = {"text": code.text, "place": moved["place"]["code"]}
        (await staff.post(f"/v1/items/{item.code}/check-ins", scan)).ok()
        turn(begins + timedelta(hours=3))
        await look(door.platform)
        done = (await li.get(mine["links"]["case"])).ok()
        assert done["state"] == "done"
        asked = ["submit", "book", "reschedule"]
        if item.details.confirm:
            asked = ["submit", "request", "confirm", "reschedule", "confirm"]
        assert [one["action"] for one in done["timeline"]] == [*asked, "remind", "check-in", "close"]


def turned(door: Door, now: datetime) -> Callable[[datetime], None]:
    """Sets the door's clock."""

    def turn(to: datetime) -> None:
        door.platform.now = lambda: to.astimezone(UTC)

    turn(now)
    return turn


@pytest.mark.parametrize("item", of_kind("appointment"))
async def test_each_rule_of_an_appointment_that_is_broken_is_told_and_takes_no_place(
    item: Item, tmp_path: Path
) -> None:
    async with open_department(tmp_path, item) as door:
        turn = turned(door, datetime(2026, 9, 1, 12, 0, tzinfo=door.platform.settings.timezone))
        li, answers = await ready(door, item, "li")
        path = f"/v1/items/{item.code}/appointments"
        slots = await first_come(door, item)
        slot = slots[0]
        assert item.form is not None
        await each_rule_is_told(li, path, item, answers, slot=slot["id"])
        # A file of somebody else's is no file of theirs.
        if files := list(attachment_ids(item.form.schema, answers)):
            _, others = await ready(door, item, "sun")
            told = (await li.post(path, {"slot": slot["id"], "answers": others})).problem(422, "invalid-fields")
            assert {one["pointer"] for one in told["problems"]} == {f"/answers{pointer}" for pointer, _ in files}
        assert (await first_come(door, item))[0] == slot, "nothing was taken"
        # The slot fills up, with one person after the other, and then says so.
        people = [await ready(door, item, f"p{number}") for number in range(slot["free"])]
        made = [(await one.post(path, {"slot": slot["id"], "answers": own})).created() for one, own in people]
        (await li.post(path, {"slot": slot["id"], "answers": answers})).problem(409, "slot-full")
        waits = (await li.post(path, {"slot": slot["id"], "answers": answers, "wait": True})).created()
        assert waits["state"] == "waiting"
        # One person has so many, and no more.
        one, _ = people[0]
        for number in range(1, item.details.per_person):
            _, more = await ready(door, item, "p0")
            (await one.post(path, {"slot": slots[number]["id"], "answers": more})).created()
        _, more = await ready(door, item, "p0")
        beyond = {"slot": slots[item.details.per_person]["id"], "answers": more}
        (await one.post(path, beyond)).problem(409, "limit-reached")
        # Who cancels in time makes room for who waits; who cancels too late is told.
        begins = datetime.fromisoformat(slot["begins"])
        turn(begins - timedelta(hours=item.details.notice_hours, minutes=1))
        (await one.delete(made[0]["links"]["self"])).ok()
        await look(door.platform)
        assert (await li.get(waits["links"]["case"])).ok()["state"] == "offered"
        taken = (await li.post(f"{waits['links']['case']}/actions/accept")).ok()
        assert taken["state"] == ("requested" if item.details.confirm else "booked")
        turn(begins - timedelta(hours=item.details.notice_hours) + timedelta(seconds=1))
        (await li.delete(waits["links"]["self"])).problem(409, "too-late-to-change")


async def test_a_lawyer_is_refused_with_a_reason_and_the_place_is_free_again(tmp_path: Path) -> None:
    """The visit carries licence and power of attorney, which staff see; without them nothing is booked."""
    item = registry_of(FOLDERS).items["lawyer-visit"]
    async with open_department(tmp_path, item, mobile_push="mobile_push") as door:
        lawyer, answers = await ready(door, item, "lawyer")
        slot = (await first_come(door, item))[0]
        path = f"/v1/items/{item.code}/appointments"
        for needed in ("licence", "power_of_attorney"):
            less = {name: one for name, one in answers.items() if name != needed}
            told = (await lawyer.post(path, {"slot": slot["id"], "answers": less})).problem(422, "invalid-fields")
            assert told["problems"][0]["pointer"] == f"/answers/{needed}"
        mine = (await lawyer.post(path, {"slot": slot["id"], "answers": answers})).created()
        desk = door.staff("chen", "detention/visits:reviewer")
        seen = (await desk.get(mine["links"]["case"])).ok()
        assert {answers["licence"], answers["power_of_attorney"]} <= {one["id"] for one in seen["attachments"]}
        assert (await desk.get(f"/v1/attachments/{answers['power_of_attorney']}")).status == 200
        assert [one["id"] for one in (await desk.get("/v1/worklist")).ok()["items"]] == [mine["id"]]
        (await desk.post(f"{mine['links']['case']}/actions/refuse")).problem(422, "invalid-fields")
        (await desk.post(f"{mine['links']['case']}/actions/refuse", {"reason": "委托书未盖章"})).ok()
        await door.settled()
        assert "委托书未盖章" in (await lawyer.get("/v1/inbox")).ok()["items"][-1]["body"]
        assert next(one for one in await first_come(door, item) if one["id"] == slot["id"])["free"] == slot["free"]


async def test_a_lawyer_s_licence_goes_from_one_confirmed_visit_into_the_next(tmp_path: Path) -> None:
    """A booking takes it over with consent; of two at once one does; the power of attorney is for one visit."""
    item = registry_of(FOLDERS).items["lawyer-visit"]
    async with open_department(tmp_path, item) as door:
        lawyer, answers = await ready(door, item, "lawyer")
        path = f"/v1/items/{item.code}/appointments"
        # The last ones: nobody is reminded of them yet, and nothing moves meanwhile.
        slots = (await first_come(door, item))[::-1]
        mine = (await lawyer.post(path, {"slot": slots[0]["id"], "answers": answers})).created()
        desk = door.staff("chen", "detention/visits:reviewer")
        (await desk.post(f"{mine['links']['case']}/actions/confirm")).ok()
        listed = (await lawyer.get(f"/v1/items/{item.code}/materials")).ok()["materials"]
        offered = {one["field"]: one["offers"] for one in listed}
        assert [field for field, offers in offered.items() if offers] == ["/licence"]
        offer = offered["/licence"][0]
        wishes = []
        for slot in slots[1:3]:
            _, fresh = await ready(door, item, "lawyer")
            fresh["licence"] = offer["files"][0]["id"]
            consent = {"field": "/licence", "consent": offer["consent"]["id"]}
            wishes.append({"slot": slot["id"], "answers": fresh, "reuse": [consent]})
        replies = await asyncio.gather(*(lawyer.post(path, wish) for wish in wishes))
        assert [reply.status for reply in replies].count(201) == 1, replies
        refused = next(reply for reply in replies if reply.status != 201)
        assert refused.status in {409, 422}
        booked = next(reply for reply in replies if reply.status == 201).created()
        case = (await lawyer.get(booked["links"]["case"])).ok()
        assert case["timeline"][0]["reused"][0]["case"]["number"] == mine["number"]
        assert offer["files"][0]["id"] != case["answers"]["licence"]
        assert (await lawyer.get(f"/v1/attachments/{case['answers']['licence']}")).status == 200


# -- from a question to its answer -----------------------------------------------------------------------------------

PURPOSE = "核对本人信息"


def sampled(item: Item, registry: Registry) -> tuple[dict[str, Any], dict[str, str], str]:
    """A question that the item's sample register answers, the record that it finds, and whose it is."""
    declared = declared_in(registry).registers[item.details.register]
    row = next(row for row in sample_rows(item.plugin, declared.code) if row.get(declared.owner, "all"))
    question = {name: row[name] for name in (*declared.keys, *declared.filters)}
    return question, row, row[declared.owner] if declared.owner else ""


async def own_case(door: Door, subject: str) -> str:
    """The number of a case in somebody's name, of whatever item there is."""
    item = next(iter(door.platform.registry.items.values()))
    case, event = new_case(door.platform, item, Principal(subject=subject), {})
    await door.platform.store.commit(Write(rows=[case, event]))
    return case.number


def like_a_real_answer(sample: dict[str, Any], shown: dict[str, Any], item: Item) -> None:
    """What the guide shows asks what the form takes, says that it is made up, and has the shape of what came."""
    assert item.form is not None
    assert item.form.problems(sample["question"]) == ()
    made_up = sample["answer"]
    assert made_up["sample"] is True
    assert made_up.keys() == shown.keys()
    assert (made_up["register"], made_up["columns"]) == (shown["register"], shown["columns"])
    first, real = made_up["records"][0], shown["records"][0]
    assert list(first) == list(real) == [column["name"] for column in shown["columns"]]
    for name, value in first.items():
        assert value is None or real[name] is None or type(value) is type(real[name]), name


def asked(item: Item, question: Any) -> dict[str, Any]:
    return {"question": question, **({"purpose": PURPOSE} if item.details.personal else {})}


@pytest.mark.parametrize("item", of_kind("query"))
async def test_a_query_is_answered_from_its_register_and_each_rule_that_is_broken_is_told(
    item: Item, tmp_path: Path
) -> None:
    async with open_department(tmp_path, item) as door:
        await import_samples(door, item.plugin)
        if item.details.register == "cases":
            number = await own_case(door, "wang")
            question, row, owner = {"number": number}, {"number": number}, ""
        else:
            question, row, owner = sampled(item, door.platform.registry)
        wang = door.citizen("wang", resident_id=owner)
        address = (await wang.get(f"/v1/items/{item.code}")).ok()["links"]["look_up"]
        shown = (await wang.post(address, asked(item, question))).ok()
        like_a_real_answer((await wang.get(f"/v1/items/{item.code}")).ok()["sample"], shown, item)
        assert shown["found"] == len(shown["records"]) >= 1
        for column in shown["columns"]:
            if column["name"] in row and column["type"] == "text":
                assert shown["records"][0][column["name"]] in (row[column["name"]], None)
        purpose = {"purpose": PURPOSE} if item.details.personal else {}
        await each_rule_is_told(wang, address, item, question, "question", **purpose)
        if item.details.personal:
            (await wang.post(address, {"question": question})).problem(422, "invalid-fields")
            zhang = await door.citizen("zhang", resident_id=made_up_person(999)).post(address, asked(item, question))
            assert zhang.status == 422 or zhang.ok()["found"] == 0
        if owner:
            (await door.citizen("wang").post(address, asked(item, question))).problem(403, "not-verified")
            (await door.staff("li", f"{item.department}:registrar").post(address, asked(item, question))).ok()
            looked_up = (await wang.get("/v1/me/look-ups")).ok()["items"]
            assert [one["by"]["who"] for one in looked_up] == ["staff", "oneself"]


def test_sample_registers_say_that_they_are_and_their_people_cannot_be_anybody(city: Registry) -> None:
    declared = declared_in(city)
    queries = [item for item in city.items.values() if item.kind == "query"]
    assert {item.details.register for item in queries} == declared.registers.keys()
    for code, plugin in declared.owners.items():
        if code != "cases":
            rows = sample_rows(plugin, code)
            assert len(rows) >= 12
            owner = declared.registers[code].owner
            assert all(row[owner][2:6] == MADE_UP for row in rows if owner and row[owner])


def test_every_query_shows_how_an_answer_looks(city: Registry) -> None:
    assert list(samples.findings(city)) == []


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (None, "no-sample"),
        ("code,meaning,meaning_en,points,fine\n", "no-sample"),
        ("nothing,of,that\n1,2,3\n", "no-sample"),
        ("code,meaning,meaning_en,points,fine\nX,示例,Sample,none,1\n", "no-sample"),
        ("code,meaning,meaning_en,points,fine\nnot-a-code,示例,Sample,1,1\n", "wrong-sample"),
    ],
)
def test_a_query_without_a_right_sample_is_found_by_the_strict_check(
    rows: str | None, rule: str, tmp_path: Path
) -> None:
    folder = tmp_path / "traffic"
    shutil.copytree(ROOT / "plugins" / "departments" / "traffic", folder)
    file = folder / "registers" / "violation-codes.sample.csv"
    file.unlink()
    if rows is not None:
        file.write_text(rows, encoding="utf-8")
    found = list(samples.findings(registry_of([folder])))
    assert [(one.rule, one.warning) for one in found] == [(rule, True)]
    assert "violation-codes.sample.csv" in found[0].advice


def test_every_unit_of_every_department_is_in_the_directory_and_in_the_choices_of_who_asks(city: Registry) -> None:
    """Police stations too. A unit that is added goes into plugins/departments/petitions/registers as well."""
    rows = sample_rows("petitions", "police-offices")
    listed = {(row["department"], row["unit"]) for row in rows}
    units = {(one.code, unit.code) for one in city.departments.values() for unit in one.units}
    assert units - listed == set()
    form = city.items["police-offices"].form
    assert form is not None
    choices = set(form.schema["properties"]["department"]["enum"])
    assert choices == {department for department, _ in listed} == {*city.departments, "bureau", "police-station"}
    assert sum(row["department"] == "police-station" for row in rows) >= 5
    assert all(row["phone"].startswith("000-0000") and "示例" in row["office"] for row in rows)


# -- from the question to the answer ---------------------------------------------------------------------------------


def appeals(*anonymous: str) -> list[Any]:
    """The appeals that are taken in one of these ways."""
    items = registry_of(FOLDERS).items.values()
    found = [item for item in items if item.kind == "appeal" and item.details.anonymous in anonymous]
    return [pytest.param(item, id=item.code) for item in found]


@pytest.mark.parametrize("item", appeals("never", "allowed"))
async def test_an_appeal_goes_from_the_phone_to_a_second_answer(item: Item, tmp_path: Path) -> None:
    """Each rule broken, handed in, asked back, classified, answered, rated low, answered by somebody else."""
    async with open_department(tmp_path, item, mobile_push="mobile_push") as door:
        li, answers = await ready(door, item, "li")
        guide = (await door.anyone.get(f"/v1/items/{item.code}")).ok()
        address = guide["links"]["submit"]
        await each_rule_is_told(li, address, item, answers)
        assert (await li.get("/v1/cases")).ok()["items"] == []
        case = (await li.post(address, {"answers": answers}, key="once")).created()
        assert case["deadline"]["working_days"] == item.promised_days
        link = case["links"]["self"]
        wang, zhao = (door.staff(name, f"{item.department}/{item.unit}:reviewer") for name in ("wang", "zhao"))
        assert [one["id"] for one in (await wang.get("/v1/worklist")).ok()["items"]] == [case["id"]]
        seen = (await wang.get(link)).ok()
        assert len(seen["attachments"]) == len(list(attachment_ids(item.form.schema, answers)))  # type: ignore[arg-type]
        (await wang.post(f"{link}/actions/return", {"reason": "请补充时间"})).ok()
        (await li.post(f"{link}/actions/supplement", {"answers": answers})).ok()
        for details in [{"category": one.code} for one in item.details.categories] or [{}]:
            (await wang.post(f"{link}/actions/assign", {"details": details})).ok()
        (await wang.post(f"{link}/actions/answer", {"details": {"text": "已经核实。"}})).ok()
        (await li.post(f"{link}/actions/rate", {"details": {"rating": 1, "text": "没有回答问题"}})).ok()
        await door.settled()
        again = {"details": {"text": "补充答复。"}}
        (await wang.post(f"{link}/actions/answer", again)).problem(409, "action-not-permitted")
        (await zhao.post(f"{link}/actions/answer", again)).ok()
        done = (await li.get(link)).ok()
        assert done["state"] == "closed"
        assert [one["text"] for one in done["details"]["answers"]] == ["已经核实。", "补充答复。"]
        assert done["details"]["rating"]["text"] == "没有回答问题"


def snapshot() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, "JPEG")
    return out.getvalue()


async def tip_pictures(door: Door, count: int) -> list[str]:
    """Ids of pictures that nobody sent."""
    jpeg = {"data": snapshot(), "headers": {"Content-Type": "image/jpeg"}}
    return [(await door.anyone.call("POST", "/v1/tips/pictures", **jpeg)).created()["id"] for _ in range(count)]


@pytest.mark.parametrize("item", appeals("allowed", "always"))
async def test_a_tip_goes_from_nobody_s_phone_to_a_second_answer(item: Item, tmp_path: Path) -> None:
    """Each rule broken, handed in without a token, asked back, classified, written about, answered, rated, answered."""
    async with open_department(tmp_path, item, mobile_push="mobile_push") as door:
        nobody = door.anyone
        files = await tip_pictures(door, 9)
        assert item.form is not None
        answers = filling.filled(item.form.schema, iter(files))
        links = (await nobody.get(f"/v1/items/{item.code}")).ok()["links"]
        assert ("submit" in links) == (item.details.anonymous == "allowed")
        await each_rule_is_told(nobody, links["tip"], item, answers)
        named = await door.citizen("li").post(links["tip"], {"answers": answers})
        named.problem(400, "token-not-taken")
        made = (await nobody.post(links["tip"], {"answers": answers})).created()
        assert made["tip"]["deadline"]["working_days"] == item.promised_days

        async def act(action: str, **body: Any) -> dict[str, Any]:
            shown = (await nobody.post(f"/v1/tips/actions/{action}", {"code": made["code"], **body})).ok()
            return dict(shown)

        wang, zhao = (door.staff(name, f"{item.department}/{item.unit}:reviewer") for name in ("wang", "zhao"))
        (row,) = (await wang.get("/v1/worklist")).ok()["items"]
        link = row["links"]["self"]
        seen = (await wang.get(link)).ok()
        assert len(seen["attachments"]) == len(list(attachment_ids(item.form.schema, answers)))
        assert seen["details"]["anonymous"] is True
        (await wang.post(f"{link}/actions/return", {"reason": "请补充时间"})).ok()
        assert (await act("supplement", answers=answers))["state"] == "submitted"
        for category in item.details.categories:
            (await wang.post(f"{link}/actions/assign", {"details": {"category": category.code}})).ok()
        (await wang.post(f"{link}/actions/write", {"details": {"text": "几点？"}})).ok()
        written = await act("write", details={"text": "两点", "attachments": [files[-1]]})
        assert [one["by"] for one in written["details"]["messages"]] == ["staff", "citizen"]
        (await wang.post(f"{link}/actions/answer", {"details": {"text": "已经核实。"}})).ok()
        await act("rate", details={"rating": 1, "text": "没有回答问题"})
        await door.settled()
        (await zhao.post(f"{link}/actions/answer", {"details": {"text": "补充答复。"}})).ok()
        done = (await nobody.post("/v1/tips/read", {"code": made["code"]})).ok()
        assert done["state"] == "closed"
        assert [one["text"] for one in done["details"]["answers"]] == ["已经核实。", "补充答复。"]
        assert await OutboxRow.filter(topic="message").count() == 0, "nobody is told anything"


# -- from the phone to the public list -------------------------------------------------------------------------------


@pytest.mark.parametrize("item", of_kind("posting"))
async def test_a_posting_goes_from_the_phone_to_the_public_list_and_off_it(item: Item, tmp_path: Path) -> None:
    """Each rule broken, handed in with photos, changed, published, read by anybody, extended, settled."""
    async with open_department(tmp_path, item, mobile_push="mobile_push") as door:
        li = door.citizen("li")
        answers = await with_files(li, item, snapshot())
        address = (await door.anyone.get(f"/v1/items/{item.code}")).ok()["links"]["post_publicly"]
        await each_rule_is_told(li, address, item, answers)
        assert (await li.get("/v1/cases")).ok()["items"] == []
        case = (await li.post(address, {"answers": answers}, key="once")).created()
        assert case["deadline"]["working_days"] == item.promised_days
        link, public = case["links"]["self"], f"/v1/postings/{case['id']}"
        wang = door.staff("wang", f"{item.department}/{item.unit}:reviewer")
        assert [one["id"] for one in (await wang.get("/v1/worklist")).ok()["items"]] == [case["id"]]
        (await wang.post(f"{link}/actions/return", {"reason": "请写得更清楚"})).ok()
        (await li.post(f"{link}/actions/supplement", {"answers": answers})).ok()
        (await door.anyone.get(public)).problem(404, "not-found")
        (await wang.post(f"{link}/actions/publish")).ok()
        shown = (await door.anyone.get(public)).ok()
        assert shown["sort"] in item.details.sorts
        assert shown["title"]
        assert shown["text"]
        assert len(shown["facts"]) == len(item.details.facts)
        assert (await door.anyone.get(shown["photos"][0]["href"])).headers["Content-Type"] == "image/jpeg"
        assert answers["contact"]["phone"] not in str(shown)
        assert [one["id"] for one in (await door.anyone.get(f"/v1/postings?item={item.code}")).ok()["items"]] == [
            case["id"]
        ]
        (await li.post(f"{link}/actions/extend")).ok()
        (await li.post(f"{link}/actions/resolve")).ok()
        (await door.anyone.get(public)).problem(404, "not-found")
        await door.settled()
        assert len((await li.get("/v1/inbox")).ok()["items"]) == 3
