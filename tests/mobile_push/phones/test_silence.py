"""What a person has muted, a case or a category, wakes no phone, and is in the inbox and on the stream all the same."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from banshi.testing import Door, Person, Reply
from mobile_push.delivery.service import deliver
from mobile_push.tables.models import Silence
from tests.conftest import good_answers
from tests.mobile_push.conftest import deliveries, new_message, register


async def patch(person: Person, body: Any) -> Reply:
    return await person.call("PATCH", "/v1/preferences", json=body)


async def case_of(person: Person) -> str:
    case = (await person.post("/v1/items/zone-pass/cases", {"answers": await good_answers(person)})).created()
    return str(case["id"])


async def test_a_muted_case_wakes_no_phone_and_its_messages_are_in_the_inbox(door: Door) -> None:
    wang = door.citizen("wang")
    case = await case_of(wang)
    await door.settled()
    await register(door, "a-token-of-wang")
    for _ in range(2):
        assert (await wang.put(f"/v1/inbox/muted/{case}", None)).status == 204
    assert (await wang.get("/v1/inbox/muted")).ok() == {"items": [{"case": case}], "next": None}
    muted, other = new_message(case_id=case), new_message(case_id=str(uuid4()))
    await deliver(door.platform, [muted, other])
    assert [str(row["message_id"]) for row in await deliveries(door)] == [other.id]
    found = {one["id"] for one in (await wang.get("/v1/inbox")).ok()["items"]}
    assert {muted.id, other.id} <= found
    for _ in range(2):
        assert (await wang.delete(f"/v1/inbox/muted/{case}")).status == 204
    again = new_message(case_id=case)
    await deliver(door.platform, [again])
    assert again.id in {str(row["message_id"]) for row in await deliveries(door)}


async def test_a_silent_category_wakes_no_phone_of_its_person_and_every_other_persons(door: Door) -> None:
    wang = door.citizen("wang")
    for person in ("wang", "li"):
        await register(door, f"a-token-of-{person}", person)
    assert (await patch(wang, {"silent_categories": ["application"]})).ok()["silent_categories"] == ["application"]
    silent, other, theirs = new_message(item="zone-pass"), new_message(), new_message("li", item="zone-pass")
    alert = new_message(item="zone-pass", kind="alert")
    await deliver(door.platform, [silent, other, theirs, alert])
    assert {str(row["message_id"]) for row in await deliveries(door)} == {other.id, theirs.id, alert.id}


async def test_an_app_that_names_four_preferences_leaves_the_silent_categories_as_they_are(door: Door) -> None:
    wang = door.citizen("wang")
    (await patch(wang, {"silent_categories": ["posting", "posting"]})).ok()
    four = {"topics": [], "departments": [], "quiet_hours": None, "notices": True}
    assert (await wang.put("/v1/preferences", four)).ok() == {**four, "silent_categories": ["posting"]}
    assert (await wang.put("/v1/preferences", {**four, "silent_categories": []})).ok()["silent_categories"] == []


async def test_a_category_that_there_isnt_is_refused_and_named(door: Door) -> None:
    for wrong in ("x", ["alert"], ["no such"], [1], None):
        problem = (await patch(door.citizen("wang"), {"silent_categories": wrong})).problem(422, "invalid-fields")
        assert problem["problems"][0]["pointer"].startswith("/silent_categories"), wrong


async def test_nobody_mutes_anothers_case_or_more_than_there_may_be(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, wang = await case_of(door.citizen("li")), door.citizen("wang")
    for case in (theirs, str(uuid4())):
        (await wang.put(f"/v1/inbox/muted/{case}", None)).problem(404, "not-found")
    (await wang.put("/v1/inbox/muted/all", None)).problem(404, "not-found")
    (await door.anyone.get("/v1/inbox/muted")).problem(401, "unauthenticated")
    monkeypatch.setattr("mobile_push.phones.silence.MAX_MUTED", 0)
    (await door.citizen("li").put(f"/v1/inbox/muted/{theirs}", None)).problem(409, "conflict")


async def test_forgetting_takes_what_was_muted_along(door: Door) -> None:
    wang = door.citizen("wang")
    await wang.put(f"/v1/inbox/muted/{await case_of(wang)}", None)
    (await patch(wang, {"silent_categories": ["posting"]})).ok()
    assert await Silence.filter(person="wang").count() == 2
    assert (await wang.delete("/v1/me/push")).status == 204
    assert not await Silence.filter(person="wang").count()
