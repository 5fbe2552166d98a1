"""Drafts: what somebody has filled in so far is kept for their phones alone, and not for long."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from banshi.builtin.drafts.ending import OVER, key_of
from banshi.builtin.drafts.models import Draft
from banshi.builtin.drafts.routes import MAX_DRAFT_BYTES, MAX_DRAFTS, remove_old
from banshi.foundation.database.writes import Write
from banshi.kernel.http.responses import to_cursor
from banshi.testing import Door, Person
from tests.town.zone_pass import answers_with

PATH = "/v1/items/zone-pass/draft"


@pytest.fixture
def wang(bare_door: Door) -> Person:
    return bare_door.citizen("wang")


@pytest.fixture
def li(bare_door: Door) -> Person:
    return bare_door.citizen("li")


async def test_a_draft_is_kept_as_it_is_and_replaced_by_the_next(wang: Person) -> None:
    wrong = {"plate": "?", "vehicle_class": 7, "nobody": {"asks": [None]}}
    saved = (await wang.put(PATH, {"answers": wrong})).ok()
    assert saved["answers"] == wrong
    assert (await wang.get(PATH)).ok() == saved
    await wang.put(PATH, {"answers": {}})
    assert (await wang.get(PATH)).ok()["answers"] == {}


async def test_two_phones_that_save_at_once_leave_one_draft(wang: Person) -> None:
    saved = await asyncio.gather(*(wang.put(PATH, {"answers": {"phone": number}}) for number in range(10)))
    assert [one.ok()["answers"]["phone"] for one in saved] == list(range(10))
    assert await Draft.all().count() == 1
    assert (await wang.get(PATH)).ok()["answers"]["phone"] in range(10)


async def test_nobody_reads_anothers_draft(bare_door: Door, wang: Person, li: Person) -> None:
    (await wang.put(PATH, {"answers": {"plate": "川B12345"}})).ok()
    (await li.get(PATH)).problem(404, "not-found")
    assert (await li.call("DELETE", PATH)).status == 204
    assert (await wang.get(PATH)).ok()["answers"] == {"plate": "川B12345"}
    (await bare_door.anyone.get(PATH)).problem(401, "unauthenticated")


async def test_a_draft_is_deleted_more_than_once(wang: Person) -> None:
    (await wang.put(PATH, {"answers": {}})).ok()
    for _ in range(2):
        assert (await wang.call("DELETE", PATH)).status == 204
    (await wang.get(PATH)).problem(404, "not-found")


async def test_a_draft_is_gone_when_its_days_are_over(
    bare_door: Door, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    (await wang.put(PATH, {"answers": {}})).ok()
    platform = bare_door.platform
    later = platform.now() + timedelta(days=platform.settings.draft_days, minutes=1)
    monkeypatch.setattr(type(platform), "now", lambda _: later)
    (await wang.get(PATH)).problem(404, "not-found")
    await remove_old(platform)
    assert await Draft.all().count() == 0


async def test_a_draft_is_shown_with_ones_data_and_goes_with_it(bare_door: Door, wang: Person, li: Person) -> None:
    for person in (wang, li):
        (await person.put(PATH, {"answers": {"purpose": "示例"}})).ok()
    assert b"banshi_draft" in (await wang.get("/v1/me/data")).body
    await wang.call("DELETE", "/v1/me")
    await bare_door.settled()
    (await wang.get(PATH)).problem(404, "not-found")
    (await li.get(PATH)).ok()


async def handed_in(person: Person, path: str = "/v1/items/zone-pass/begin", **changes: Any) -> None:
    files = [(await person.upload()).created()["id"] for _ in range(2)]
    (await person.post(path, {"answers": answers_with(files, **changes)})).created()


@pytest.mark.parametrize("way", ["begin", "cases"])
async def test_what_is_handed_in_ends_its_draft_and_no_other(
    bare_door: Door, way: str, wang: Person, li: Person
) -> None:
    other = "/v1/items/driving-test/draft"
    for person, path in ((wang, PATH), (wang, other), (li, PATH)):
        (await person.put(path, {"answers": {"phone": "138"}})).ok()
    await handed_in(wang, f"/v1/items/zone-pass/{way}")
    (await wang.get(PATH)).problem(404, "not-found")
    (await wang.get(other)).ok()
    (await li.get(PATH)).ok()
    # Nothing of it is left but that there was one, until the next round.
    assert [one.answers for one in await Draft.filter(person="wang", item="zone-pass")] == [{}]
    await remove_old(bare_door.platform)
    assert await Draft.filter(item="zone-pass").count() == 1
    assert (await wang.put(PATH, {"answers": {"plate": "川"}})).ok()["answers"] == {"plate": "川"}


async def test_what_is_refused_leaves_the_draft(wang: Person) -> None:
    (await wang.put(PATH, {"answers": {"plate": "川BD12345"}})).ok()
    (await wang.post("/v1/items/zone-pass/begin", {"answers": {"plate": "川BD12345"}})).problem(422, "invalid-fields")
    assert (await wang.get(PATH)).ok()["answers"] == {"plate": "川BD12345"}


async def test_a_draft_for_somebody_else_outlives_a_submission(wang: Person) -> None:
    drafts: list[tuple[dict[str, Any], bool]] = [
        # What is handed in is for another vehicle, or another driver.
        ({"plate": "川BE54321"}, True),
        ({"plate": "川BD12345", "driver": {"name": "李示例"}}, True),
        # The same as it is typed, the same half typed, another phone of the same, and what is no answer at all.
        ({"plate": "川bd12345", "driver": {"name": "王小明", "phone": "13900000000"}}, False),
        ({"plate": "川BD1", "driver": {"name": "王"}}, False),
        ({"plate": 7, "driver": ["李示例"]}, False),
        ({}, False),
    ]
    for draft, is_there in drafts:
        (await wang.put(PATH, {"answers": draft})).ok()
        await handed_in(wang)
        assert (await wang.get(PATH)).status == (200 if is_there else 404), draft


async def test_what_another_phone_saves_meanwhile_stays(bare_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    wang, store = bare_door.citizen("wang"), bare_door.platform.store
    (await wang.put(PATH, {"answers": {"purpose": "一"}})).ok()
    commit = store.commit

    async def late(write: Write) -> Any:
        if any(one.model is Draft for one in write.updates):
            monkeypatch.setattr(store, "commit", commit)
            (await wang.put(PATH, {"answers": {"purpose": "二"}})).ok()
        return await commit(write)

    files = [(await wang.upload()).created()["id"] for _ in range(2)]
    monkeypatch.setattr(store, "commit", late)
    (await wang.post("/v1/items/zone-pass/begin", {"answers": answers_with(files)})).created()
    assert (await wang.get(PATH)).ok()["answers"] == {"purpose": "二"}


async def test_drafts_that_are_over_count_no_more(bare_door: Door) -> None:
    wang, now = bare_door.citizen("wang"), bare_door.platform.now()
    for number in range(MAX_DRAFTS):
        await Draft.create(
            id=f"{number}", person="wang", item=f"i{number}", answers={}, saved_at=OVER if number else now
        )
    (await wang.put(PATH, {"answers": {}})).ok()


def deep(levels: int) -> Any:
    return {"a": deep(levels - 1)} if levels else 1


async def test_what_is_no_draft_is_refused_and_changes_nothing(wang: Person) -> None:
    (await wang.put(PATH, {"answers": {"plate": "川B12345"}})).ok()
    wrong: list[tuple[str, Any, int, str]] = [
        ("zone-pass", {"answers": {"a": "x" * MAX_DRAFT_BYTES}}, 413, "too-large"),
        ("zone-pass", {"answers": deep(40)}, 400, "malformed-body"),
        ("zone-pass", {"answers": []}, 422, "invalid-fields"),
        ("zone-pass", {"answers": None}, 422, "invalid-fields"),
        ("zone-pass", {}, 422, "invalid-fields"),
        ("zone-pass", {"answers": {}, "person": "li"}, 422, "invalid-fields"),
        ("nowhere", {"answers": {}}, 404, "not-found"),
        ("zone-pass%2F..", {"answers": {}}, 404, "not-found"),
    ]
    for code, body, status, problem in wrong:
        (await wang.put(f"/v1/items/{code}/draft", body)).problem(status, problem)
        assert (await wang.get(PATH)).ok()["answers"] == {"plate": "川B12345"}


async def test_one_person_has_so_many_drafts_and_no_more(bare_door: Door) -> None:
    wang, now = bare_door.citizen("wang"), bare_door.platform.now()
    for number in range(MAX_DRAFTS):
        await Draft.create(id=f"{number}", person="wang", item=f"i{number}", answers={}, saved_at=now)
    told = (await wang.put(PATH, {"answers": {}})).problem(413, "too-large")
    assert told["limit"] == MAX_DRAFTS


MINE = "/v1/me/drafts"


async def test_ones_drafts_are_listed_page_by_page_the_last_first_and_without_answers(wang: Person, li: Person) -> None:
    codes = ["zone-pass", "driving-test", "vehicle-record"]
    for code in codes:
        (await wang.put(f"/v1/items/{code}/draft", {"answers": {"purpose": "配送蔬菜"}})).ok()
    (await li.put(PATH, {"answers": {}})).ok()
    first = await wang.get(f"{MINE}?limit=2", headers={"Accept-Language": "en"})
    page = first.ok()
    rest = (await wang.get(f"{MINE}?limit=2&cursor={page['next']}")).ok()
    assert "配送蔬菜".encode() not in first.body
    assert [one["item"]["code"] for one in [*page["items"], *rest["items"]]] == codes[::-1]
    assert rest["next"] is None
    whole = (await wang.get(PATH)).ok()
    assert rest["items"] == [
        {
            "item": {"code": "zone-pass", "title": rest["items"][0]["item"]["title"]},
            "saved_at": whole["saved_at"],
            "until": whole["until"],
            "links": {"draft": PATH, "item": "/v1/items/zone-pass"},
        }
    ]
    assert page["items"][0]["item"]["title"].isascii()


async def test_drafts_that_are_over_are_not_listed(bare_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    wang, platform = bare_door.citizen("wang"), bare_door.platform
    (await wang.put(PATH, {"answers": {}})).ok()
    await handed_in(wang)
    (await wang.put("/v1/items/driving-test/draft", {"answers": {}})).ok()
    assert [one["item"]["code"] for one in (await wang.get(MINE)).ok()["items"]] == ["driving-test"]
    later = platform.now() + timedelta(days=platform.settings.draft_days, minutes=1)
    monkeypatch.setattr(type(platform), "now", lambda _: later)
    assert (await wang.get(MINE)).ok() == {"items": [], "next": None}


async def test_a_draft_of_an_item_that_is_gone_is_listed_to_be_deleted(bare_door: Door, wang: Person) -> None:
    await Draft.create(
        id=key_of("wang", "gone"), person="wang", item="gone", answers={}, saved_at=bare_door.platform.now()
    )
    (listed,) = (await wang.get(MINE)).ok()["items"]
    assert (listed["item"], listed["links"]) == ({"code": "gone", "title": "gone"}, {"draft": "/v1/items/gone/draft"})
    assert (await wang.call("DELETE", listed["links"]["draft"])).status == 204
    assert (await wang.get(MINE)).ok()["items"] == []


async def test_a_place_that_no_list_of_drafts_has_is_refused(wang: Person) -> None:
    day = "2026-01-01T00:00:00+00:00"
    there = [f"{day}/\0", f"{day}/王", f"{day}/00/00", "0001-01-01T00:00:00+14:00/00"]
    for after in ("", "0", "/", "x/00", day, "2026-01-01T00:00:00/00", *there):
        (await wang.get(f"{MINE}?cursor={to_cursor(after) or '!'}")).problem(400, "invalid-parameter")


async def test_only_their_citizen_asks_for_drafts(bare_door: Door) -> None:
    (await bare_door.anyone.get(MINE)).problem(401, "unauthenticated")
    (await bare_door.staff("li", "traffic:reviewer").get(MINE)).problem(403, "forbidden")
    (await bare_door.citizen("wang").get(f"{MINE}?person=li")).problem(400, "invalid-parameter")
