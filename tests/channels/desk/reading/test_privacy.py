"""What an officer sees of somebody: their own department's, and the words while they hold the conversation."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from banshi.builtin.audit.models import CaseReading
from banshi.testing import Door, Person
from conversations import holdings as chats
from conversations.tables.models import Turn
from desk import holdings
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import EACH_DATABASE, ENQUIRIES, WORKDAY, Clock, bureau, calls, given, officer, waiting
from tests.readers.tables import tables_with

SECRET = "the words of wang zq4711"


async def tidied(door: Door) -> None:
    for room in (chats, holdings):
        await room.tidy(door.platform)


async def held(door: Any, contact: str, who: Any) -> str:
    """Their conversation, claimed."""
    await calls(door, contact)
    (one,) = await waiting(who)
    place = f"{ENQUIRIES}/{one['id']}"
    (await who.post(f"{place}/claim")).ok()
    return place


def sample(schema: Any) -> Any:
    """The least that a body may be."""
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"properties": properties}:
            return {name: sample(properties[name]) for name in schema.get("required", ())}
        case {"type": "array"}:
            return []
        case {"type": "boolean"} | {"type": ["boolean", "null"]}:
            return False
        case {"type": "integer"} | {"type": ["integer", "null"]}:
            return schema.get("minimum", 0)
        case {"format": "uuid"}:
            return str(uuid4())
    return "xx"


async def test_no_route_of_the_desk_tells_who_is_of_another_one_anything_nor_anybody_without_a_purpose(
    door: Door, li: Person
) -> None:
    chatter = Chatter(door, "en", "first")
    await chatter.send(f"{SECRET} before")
    place = await held(door, "first", li)
    await chatter.send(SECRET)
    own = json.dumps((await li.get(place)).ok())
    assert SECRET in own
    assert "before" not in own
    others = ("fire:desk", "petitions/supervision:desk", "petitions/reception:reviewer", "fire:desk-lead")
    outsiders = [officer(door, "zhao", role) for role in others]
    ids = {"id": place.rpartition("/")[2], "desk": "reception", "day": "2026-11-27", "code": "x"}
    ids |= {"file": str(uuid4()), "said": str(uuid4())}
    routes = [one for _, one in door.platform.registry.routes if one.path.startswith("/v1/desk/")]
    purposes = 0
    for route in (one for one in routes if not one.streams):
        path, body = route.path.format(**ids), sample(route.body.schema) if route.body else None
        for person in outsiders:
            reply = await person.call(route.method, path, json=body)
            assert reply.status == 404 or (reply.status == 200 and "{" not in route.path), route
            assert not any(word in reply.body.decode() for word in (SECRET, "reception", '"li"')), route
        assert (await door.citizen("wang").call(route.method, path, json=body)).problem(403, "forbidden")
        assert (await door.anyone.call(route.method, path, json=body)).problem(401, "unauthenticated")
        if route.method == "GET":
            assert SECRET not in (await officer(door, "wang").get(path)).body.decode(), "a colleague's"
        if "purpose" in (body or ()):
            purposes += 1
            without = {name: value for name, value in body.items() if name != "purpose"}
            for person in (li, officer(door, "sun", "petitions:desk-lead")):
                (await person.post(path, without)).problem(422, "invalid-fields")
    assert len(routes) > 25
    assert purposes >= 6
    assert (await Enquiry.get()).officer == "li"


@EACH_DATABASE
async def test_open_cases_of_this_department_are_read_for_a_purpose_and_that_is_on_record(
    door: Door, li: Person
) -> None:
    wang, answers = (
        door.citizen("wang", "Wang"),
        {"field": "fire", "subject": "Stairs", "question": "Whose are they?"},
    )
    own = (await wang.post("/v1/items/consult-police/cases", {"answers": answers})).created()
    over = (await wang.post("/v1/items/consult-police/cases", {"answers": answers})).created()
    (await wang.post(f"/v1/cases/{over['id']}/actions/withdraw", {})).ok()
    fire = {"topic": "evacuation", "subject": "Stairs", "question": "Whose are they?", "place": "5 Sample Road"}
    guide = (await door.anyone.get("/v1/items/fire-consultation")).ok()["form"]
    fire = {name: value for name, value in fire.items() if name in guide["properties"]}
    await wang.post("/v1/items/fire-consultation/cases", {"answers": fire})
    chatter = Chatter(door, "en", "first")
    await chatter.is_linked("wang", name="Wang")
    place = await held(door, "first", li)
    assert (await li.get(place)).ok()["name"] == "Wang"
    shown = (await li.post(f"{place}/cases", {"purpose": "to say how far it is"})).ok()["items"]
    assert [one["id"] for one in shown] == [own["id"]]
    (reading,) = await CaseReading.all()
    assert (str(reading.case_id), reading.reader, reading.role) == (own["id"], "li", "desk")
    (event,) = await DeskEvent.filter(what="cases")
    assert (event.officer, event.text, event.cases) == ("li", "to say how far it is", [own["id"]])


@EACH_DATABASE
async def test_a_person_gets_what_the_desk_holds_and_has_it_forgotten(door: Door) -> None:
    chatter, li = Chatter(door, "en", "first"), officer(door, "officer-li")
    await chatter.is_linked("wang", name="Wang")
    place = await held(door, "first", li)
    await chatter.send(SECRET)
    (await li.post(f"{place}/answers", {"text": "an answer zq4711"})).created()
    (await li.post(f"{place}/notes", {"text": "a note zq4711"})).created()
    held_of_them = (await door.citizen("wang").get("/v1/me/data")).ok()["held"]
    data, said = held_of_them["desk"], held_of_them["conversations"]["conversations_said"]
    assert len(data["desk_enquiry"]) == 1
    # What was said, by whom and when; never what officers note for each other, or what they are called.
    assert [(one["by"], "an answer zq4711" in one["words"]["text"]) for one in said] == [("officer", True)]
    assert said[0]["at"]
    assert SECRET in json.dumps(held_of_them["conversations"]["conversations_turn"])
    assert "a note zq4711" not in json.dumps(held_of_them)
    assert "officer-li" not in json.dumps(data)
    (await door.citizen("wang").delete("/v1/me")).ok()
    assert await tables_with(door, "zq4711", "wang") <= {"banshi_outbox"}
    assert await Enquiry.all().count() == await DeskEvent.all().count() == 0
    assert (await li.get(place)).problem(404, "not-found")
    assert (await chatter.send("hello")).text


@EACH_DATABASE
@given(turn_days=30)
async def test_what_a_desk_holds_leaves_after_its_days(door: Door, clock: Clock, li: Person) -> None:
    place = await held(door, "first", li)
    (await li.post(f"{place}/close")).ok()
    clock.on(days=29)
    await tidied(door)
    assert await Enquiry.all().count() == 1
    clock.on(days=2)
    await tidied(door)
    assert await Enquiry.all().count() == await DeskEvent.all().count() == await Turn.all().count() == 0


async def test_no_word_of_anybody_goes_into_a_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        chatter, li = Chatter(door, "en", "contact-zq4711"), officer(door, "li")
        await chatter.is_linked("wang", name="Wangzq4711")
        place = await held(door, "contact-zq4711", li)
        await chatter.send(SECRET)
        for way, name in (("answers", "text"), ("notes", "text"), ("cases", "purpose")):
            await li.post(f"{place}/{way}", {name: f"{way} zq4711"})
        assert await waiting(officer(door, "wang")) == []
        (await li.post(f"{place}/transfer", {"officer": "wang", "note": "zq4711"})).ok()
    out = "".join(capfd.readouterr())
    assert "list_enquiry_cases" in out
    assert "zq4711" not in out


HOSTILE: dict[str, Any] = {
    "nothing": {},
    "a list": [],
    "a number": {"text": 5},
    "blanks": {"text": " \n\t"},
    "nothing that is seen": {"text": ""},
    "too long": {"text": "字" * 2_001},
    "more": {"text": "x", "officer": "other"},
    "NUL": {"text": "a\0b"},
    "markup": {"text": "<script>alert(1)</script>"},
    "SQL": {"text": "'; DROP TABLE desk_enquiry; --"},
    "right to left": {"text": "\u202eمرحبا"},
    "half a pair": {"text": "\ud83d"},
}


@EACH_DATABASE
async def test_each_route_takes_what_it_may_and_says_no_to_the_rest(door: Door) -> None:
    li, wrong = officer(door, "li", "petitions/reception:desk", "petitions/reception:desk-lead"), list[Any]()
    place, desk = await held(door, "first", li), "/v1/desk/desks/reception"
    days = [[], ["25:00-26:00"], ["9:00-12:00"] * 2]
    for name, body in HOSTILE.items():
        text = body["text"] if isinstance(body, dict) and "text" in body else None
        purpose, texts = (body, body) if text is None else ({"purpose": text}, {"zh-CN": text, "en": text})
        for verb, way, sent in (
            *(("POST", f"{place}/{way}", body) for way in ("answers", "notes", "transfer")),
            ("POST", f"{place}/cases", purpose),
            *(("PUT", f"{desk}/phrases/{code}", {"texts": texts, "version": 0}) for code in ("hello", "UPPER")),
            ("PUT", f"{desk}/days/2026-13-45", {"hours": []}),
            *(("PUT", f"{desk}/days/2026-10-01", {"hours": hours}) for hours in ([body], *days)),
        ):
            status = (await li.call(verb, way, json=sent)).status
            if status not in ((200, 201, 400, 422) if verb == "POST" else (200, 400, 404, 409, 422)):
                wrong.append((name, way, status))
    assert wrong == []
    assert await Enquiry.all().count() == 1


@EACH_DATABASE
async def test_a_path_that_names_nothing_is_no_fault_of_ours(door: Door) -> None:
    li = officer(door, "li", "petitions/reception:desk", "petitions/reception:desk-lead")
    paths = ("no-uuid", "%00", "..%2f", "1' OR '1'='1")
    for way in ("", "/claim", "/return", "/close", "/answers", "/notes", "/cases", "/transfer"):
        for identity in (*paths, str(uuid4())):
            status = (await li.call("POST" if way else "GET", f"{ENQUIRIES}/{identity}{way}", json={})).status
            assert status in (400, 404, 405, 422), (way, identity)
    for query in ("cursor=x", "cursor=VHJ1ZS94L3g", "state=gone", "limit=0", "desk=fire", "from=x", "more=1"):
        assert (await li.get(f"{ENQUIRIES}?{query}")).status in (400, 404)
    for query in (
        "from=x",
        "until=2026-02-30",
        "from=0001-01-01",
        "until=9999-12-31",
        "from=2026-11-25&until=2026-11-01",
    ):
        assert (await li.get(f"/v1/desk/figures?{query}")).status in (200, 400)
    for path in paths:
        assert (await li.get("/v1/desk/stream", headers={"Last-Event-ID": path})).status == 400, path


@EACH_DATABASE
@given(turn_days=30)
async def test_what_a_desk_holds_is_gone_with_the_contact(door: Door, clock: Clock, li: Person) -> None:
    """A contact of nobody leaves with its last message."""
    await held(door, "first", li)
    clock.at += timedelta(days=31)
    await tidied(door)
    assert await tables_with(door, "first") == set()
