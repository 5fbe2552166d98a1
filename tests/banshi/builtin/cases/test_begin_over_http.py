"""`links.begin`: one address, one envelope and one answer for every kind, and what leads on from there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import LANGUAGES
from banshi.kernel.http.callers import CREATING
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kinds.appeal.models import TipCode
from banshi.kinds.appeal.tips import flood
from banshi.kinds.query.models import LookUp
from banshi.testing import Door, Person
from tests.town.every_kind import VEHICLE, body_of, open_every_kind

ENGLISH = {"Accept-Language": "en"}
CASES = ("application", "appointment", "appeal", "posting")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_every_kind(tmp_path) as door:
        yield door


def wang(door: Door) -> Person:
    return door.citizen("wang", "王小明", resident_id=VEHICLE["owner_id"])


async def guide_of(door: Door, code: str, headers: Any = ENGLISH) -> dict[str, Any]:
    guide: dict[str, Any] = (await door.anyone.get(f"/v1/items/{code}", headers=headers)).ok()
    return guide


async def test_the_guide_leads_to_one_address_and_one_answer(desk: Door) -> None:
    for kind in (*CASES, "query"):
        code, body = await body_of(desk, kind)
        guide = await guide_of(desk, code)
        assert guide["links"]["begin"] == f"/v1/items/{code}/begin"
        beside = {name: value for name, value in body.items() if name != "answers"}
        assert jsonschema_rs.validator_for(guide["begin"]["schema"]).is_valid(beside)
        reply = await wang(desk).post(guide["links"]["begin"], body, headers=ENGLISH)
        made = reply.created() if kind != "query" else reply.ok()
        assert set(made) == {"kind", "kind_title", "case", "records", "code"}
        assert (made["kind"], made["code"]) == (kind, None)
        if kind == "query":
            assert (made["case"], made["records"]["found"]) == (None, 1)
            assert reply.headers["Cache-Control"] == "no-store"
            continue
        case = made["case"]
        assert reply.headers["Location"] == case["links"]["self"]
        assert "" not in {case["state_title"], case["kind_title"], case["unit_title"]}
        assert case["department_title"] == "Sample parks"
        assert {one["link"] for one in case["permitted_actions"]} == {
            f"{case['links']['self']}/actions/{one['action']}" for one in case["permitted_actions"]
        }
        shown = (await wang(desk).get(case["links"]["self"], headers=ENGLISH)).ok()
        assert (shown["id"], shown["number"]) == (case["id"], case["number"])


async def test_without_a_token_nothing_begins_that_takes_a_name(desk: Door) -> None:
    for kind in (*CASES, "query"):
        code, body = await body_of(desk, kind)
        if kind == "appeal":
            object.__setattr__(desk.platform.registry.items[code].details, "anonymous", "never")
        for sent in (body, {"nonsense": 1}):
            (await desk.anyone.post(f"/v1/items/{code}/begin", sent)).problem(401, "unauthenticated")
        assert (await Case.all().count(), await LookUp.all().count()) == (0, 0), kind


async def test_staff_begin_nothing_but_a_look_up(desk: Door) -> None:
    for kind in CASES:
        code, body = await body_of(desk, kind)
        (await desk.staff("li", "parks:reviewer").post(f"/v1/items/{code}/begin", body)).problem(403, "forbidden")
    code, body = await body_of(desk, "query")
    assert (await desk.staff("he", "traffic:registrar").post(f"/v1/items/{code}/begin", body)).ok()["records"]["found"]
    assert await Case.all().count() == 0


async def test_an_unnamed_sender_gets_a_code_that_is_kept_nowhere(desk: Door) -> None:
    code, body = await body_of(desk, "appeal")
    assert (await guide_of(desk, code))["begin"]["unnamed"] == "allowed"
    reply = await desk.anyone.post(f"/v1/items/{code}/begin", body, key="once", headers=ENGLISH)
    made = reply.created()
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Location" not in reply.headers
    assert {"id", "links"}.isdisjoint(made["case"])
    assert (await Case.get()).person == ""
    assert await TipCode.all().count() == 1
    assert await IdempotencyKey.all().count() == 0
    steps = {one["action"]: one for one in made["case"]["permitted_actions"]}
    assert steps["withdraw"]["link"] == "/v1/tips/actions/withdraw"
    done = (await desk.anyone.post(steps["withdraw"]["link"], {"code": made["code"]}, headers=ENGLISH)).ok()
    assert (done["state"], done["state_title"]) == ("withdrawn", "Withdrawn")


async def test_a_name_is_refused_where_only_unnamed_people_are_heard(desk: Door) -> None:
    code, body = await body_of(desk, "appeal")
    object.__setattr__(desk.platform.registry.items[code].details, "anonymous", "always")
    (await wang(desk).post(f"/v1/items/{code}/begin", body)).problem(400, "token-not-taken")
    (await desk.anyone.post(f"/v1/items/{code}/begin", {**body, "reuse": []})).problem(422, "invalid-fields")
    assert await Case.all().count() == 0
    (await desk.anyone.post(f"/v1/items/{code}/begin", body)).created()


async def test_a_flood_of_unnamed_beginnings_is_held_up(desk: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "TIPS_PER_ITEM", (2, 1e-9))
    code, body = await body_of(desk, "appeal")
    for _ in range(2):
        (await desk.anyone.post(f"/v1/items/{code}/begin", body)).created()
    (await desk.anyone.post(f"/v1/items/{code}/begin", body)).problem(429, "too-many-requests")
    (await desk.anyone.post(f"/v1/items/{code}/tips", body)).problem(429, "too-many-requests")


async def test_the_same_key_begins_once(desk: Door) -> None:
    for number, kind in enumerate(CASES, start=1):
        code, body = await body_of(desk, kind)
        first, again = [await wang(desk).post(f"/v1/items/{code}/begin", body, key=kind) for _ in range(2)]
        assert again.created() == first.created()
        assert again.headers["Idempotency-Replayed"] == "true"
        assert await Case.all().count() == number, kind


async def test_a_look_up_is_answered_anew_under_the_same_key_and_kept_under_none(desk: Door) -> None:
    code, body = await body_of(desk, "query")
    for _ in range(2):
        (await wang(desk).post(f"/v1/items/{code}/begin", body, key="k1")).ok()
    assert await IdempotencyKey.all().count() == 0
    assert await LookUp.all().count() == 2


async def test_a_person_begins_only_so_much_a_minute(desk: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    code, body = await body_of(desk, "application")
    seen = []
    counted = desk.platform[CREATING]

    async def count(principal: Any) -> None:
        seen.append(principal.subject)
        await counted(principal)

    monkeypatch.setitem(desk.platform._resources, CREATING, count)
    (await wang(desk).post(f"/v1/items/{code}/begin", body)).created()
    assert seen == ["wang"]


async def test_whatever_is_wrong_is_told_by_its_place_in_the_envelope(desk: Door) -> None:
    wrong: list[tuple[str, dict[str, Any], set[str]]] = [
        ("application", {"answers": {}}, {"/answers/thing", "/answers/about"}),
        ("application", {"purpose": "x"}, {"/purpose"}),
        ("appointment", {"slot": None}, {"/slot"}),
        ("appeal", {"sort": "complaint"}, {"/sort"}),
        ("posting", {"answers": []}, {"/answers"}),
        ("query", {"purpose": "x", "answers": {"plate": "?"}}, {"/purpose", "/answers/plate"}),
    ]
    for kind, changes, pointers in wrong:
        code, body = await body_of(desk, kind)
        reply = await wang(desk).post(f"/v1/items/{code}/begin", {**body, **changes})
        assert pointers <= {one["pointer"] for one in reply.problem(422, "invalid-fields")["problems"]}, changes
        assert await Case.all().count() == 0


async def test_what_is_no_item_cannot_be_begun(desk: Door) -> None:
    (await wang(desk).post("/v1/items/no-such-item/begin", {"answers": {}})).problem(404, "not-found")
    for body in ([], "x", None, 7):
        assert (await wang(desk).post("/v1/items/bench/begin", body)).status in {400, 422}


async def test_the_envelope_is_in_the_reader_s_language_and_its_slots_are_listed(desk: Door) -> None:
    code, body = await body_of(desk, "appointment")
    english, chinese = [
        (await guide_of(desk, code, {"Accept-Language": one}))["begin"]["schema"]["properties"]
        for one in ("en", "zh-CN")
    ]
    assert (english["slot"]["title"], chinese["slot"]["title"]) == ("Time slot", "时段")
    choices = english["slot"]["x-choices"]
    listed = (await desk.anyone.get(f"{choices['list']}&limit=100", headers=ENGLISH)).ok()["items"]
    values = {one[choices["value"][1:]]: one[choices["title"][1:]] for one in listed}
    assert re.fullmatch(r"\d+ \w+ \d{4} \d\d:\d\d–\d\d:\d\d, East hall", values[body["slot"]])
    made = (await wang(desk).post(f"/v1/items/{code}/begin", body, headers=ENGLISH)).created()["case"]
    moving = next(one for one in made["permitted_actions"] if one["action"] == "reschedule")
    assert moving["takes"]["properties"]["slot"]["x-choices"] == choices
    assert (moving["label"], moving["forward"]) == ("Move to another time", True)
    assert made["details"]["place"]["title"] == "East hall"
    # A slot that is full is no choice.
    after = {one["id"] for one in (await desk.anyone.get(f"{choices['list']}&limit=100")).ok()["items"]}
    assert body["slot"] not in after
    assert after >= set(values) - {body["slot"]}
    sorts = (await guide_of(desk, "ask-parks"))["begin"]["schema"]["properties"]["sort"]["oneOf"]
    assert sorts == [{"const": "consult", "title": "Question"}, {"const": "complain", "title": "Complaint"}]


def kinds(door: Door) -> list[Kind]:
    return list(door.platform.registry.kinds.values())


async def test_every_state_and_every_action_of_every_kind_has_words_in_both_languages(desk: Door) -> None:
    seen = 0
    for kind in kinds(desk):
        items = (item for item in desk.platform.registry.items.values() if item.kind == kind.name)
        tables = [step for item in items for step in item.steps]
        for step in tables:
            for code, words in ((step.state, kind.states), (step.to, kind.states), (step.action, kind.actions)):
                assert all(words[code][language].strip() for language in LANGUAGES), f"{kind.name}: {code}"
                assert words[code]["en"] != code
                seen += 1
        assert kind.backward <= set(kind.actions)
        assert set(kind.outcomes) <= set(kind.states)
    assert seen > 100


async def test_a_department_says_what_each_of_its_roles_may_do(desk: Door) -> None:
    shown = (await desk.anyone.get("/v1/departments/parks", headers=ENGLISH)).ok()
    roles = {one["role"]: one for one in shown["roles"]}
    assert roles["approver"]["title"] == "Approver"
    labels = {(one["kind"], one["action"]): one["label"] for one in roles["reviewer"]["actions"]}
    assert labels["posting", "publish"] == "Publish"
    assert ("application", "approve") not in labels
    listed = (await desk.anyone.get("/v1/departments", headers=ENGLISH)).ok()["items"]
    assert all("roles" not in one for one in listed)


async def test_the_code_for_the_counter_is_text_for_its_citizen_alone(desk: Door) -> None:
    code, body = await body_of(desk, "appointment")
    made = (await wang(desk).post(f"/v1/items/{code}/begin", body)).created()["case"]
    path = f"/v1/items/{code}/appointments/{made['id']}/qr.txt"
    assert made["details"]["code"].startswith("BSA1:")
    assert (await wang(desk).get(path)).body.decode() == made["details"]["code"]
    staff = desk.staff("li", "parks:reviewer", "parks:clerk")
    assert (await staff.get(made["links"]["self"])).ok()["details"]["code"] is None
    assert (await staff.get(path)).status == 403
