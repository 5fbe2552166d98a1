"""What was read, archived and deleted on one phone is so on all: by page, by stream, and after a long absence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from banshi.testing import Door, Person, Reply
from mobile_push.delivery.service import PUSH, deliver
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox import standings
from mobile_push.tables.models import InboxMessage, MessageState
from tests.mobile_push.conftest import OpenPush, deliveries, new_message, send
from tests.mobile_push.inbox.stream.test_stream import Phone
from tests.waiting import until

NOTICE = {"department": "traffic", "title": {"zh-CN": "通知", "en": "Notice"}, "audience": {"everyone": True}}

MADE_UP = "018f3c1e-7b7a-7c3a-9e5e-000000000001"

#: Seconds within which two phones show the same.
IN_STEP_S = 1.0


class App(Phone):
    """A phone that keeps what it was told: its messages by id, in the state that it knows of."""

    def __init__(self, door: Door, person: str = "wang", after: str = "0") -> None:
        super().__init__(door, person)
        self.person, self.after = door.citizen(person), after
        self.kept: dict[str, dict[str, Any]] = {}
        self.gaps: set[int] = set()
        self.requests = 0

    def _take(self, event: dict[str, str]) -> None:
        document = json.loads(event["data"])
        assert event["id"] == document["cursor"]
        self.after = document["cursor"]
        self.take([document] if event["event"] == "message" else [], [document] if event["event"] == "change" else [])
        self.messages.append(document)

    def take(self, items: list[dict[str, Any]], changes: list[dict[str, Any]]) -> None:
        for change in changes:
            if change["through"]:
                self._mark(change)
            elif change["deleted_at"]:
                self.kept.pop(change["id"], None)
                self.gaps |= {change["seq"]} - {None}
            elif change["id"] in self.kept:
                self.kept[change["id"]] |= {name: change[name] for name in ("read_at", "archived_at")}
        for item in items:
            self.kept[item["id"]] = dict(item)

    def _mark(self, change: dict[str, Any]) -> None:
        place = [int(part) for part in change["through"].split(".")]
        for one in self.kept.values():
            own = one.get("seq")
            inside = own <= place[0] if own else int(one["cursor"].split(".")[1]) <= place[1]
            one["read_at"] = one["read_at"] or (change["read_at"] if inside else None)

    async def catch_up(self, limit: int = 200) -> None:
        """Read pages to the end."""
        place: str | None = self.after
        while place is not None:
            page = (await self.person.get(f"/v1/inbox?after={place}&limit={limit}")).ok()
            self.requests += 1
            self.take(page["items"], page["changes"])
            self.after, place = page["cursor"], page["next"]

    @property
    def shown(self) -> dict[str, tuple[bool, bool]]:
        """What it shows: id → whether it is read, whether it is archived."""
        return {key: (bool(one["read_at"]), bool(one["archived_at"])) for key, one in self.kept.items()}

    @asynccontextmanager
    async def connected_to(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.follow(**{"Last-Event-ID": self.after}))
        await until(lambda: any(one.current for one in self.door.platform[PUSH].hub.all()), 10)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def fresh(door: Door, person: str = "wang") -> dict[str, tuple[bool, bool]]:
    """What a phone shows that reads everything anew."""
    app = App(door, person)
    await app.catch_up()
    return app.shown


async def patch(person: Person, path: str, body: Any) -> Reply:
    return await person.call("PATCH", path, json=body)


async def delete(person: Person, path: str) -> None:
    assert (await person.delete(path)).status == 204


async def ids(person: Person) -> list[str]:
    return [one["id"] for one in (await person.get("/v1/inbox?limit=200")).ok()["items"]]


async def publish(door: Door) -> str:
    return str((await door.staff("li", "traffic:publisher").post("/v1/notices", NOTICE)).created()["id"])


async def test_what_one_phone_does_shows_on_the_other_within_a_second(door: Door) -> None:
    notice, first, second = await publish(door), (await send(door)).id, (await send(door)).id
    wang, other = door.citizen("wang"), App(door)
    async with other.connected_to():
        await until(lambda: len(other.kept) == 3, 10)
        (await patch(wang, f"/v1/inbox/{first}", {"read": True})).ok()
        await until(lambda: other.shown.get(first) == (True, False), IN_STEP_S)
        (await patch(wang, f"/v1/inbox/{notice}", {"archived": True})).ok()
        await until(lambda: other.shown.get(notice) == (False, True), IN_STEP_S)
        await delete(wang, f"/v1/inbox/{second}")
        await until(lambda: second not in other.kept, IN_STEP_S)
        (await wang.post("/v1/inbox/read", {"through": other.after})).ok()
        await until(lambda: other.shown.get(notice) == (True, True), IN_STEP_S)
        (await patch(wang, f"/v1/inbox/{notice}", {"archived": False})).ok()
        await until(lambda: other.shown.get(notice) == (True, False), IN_STEP_S)
    assert other.shown == await fresh(door)
    assert other.gaps == {2}


async def test_a_phone_that_was_off_for_500_messages_is_right_again_in_three_pages_or_one_stream(door: Door) -> None:
    await deliver(door.platform, [new_message() for _ in range(20)])
    pages, stream, wang = App(door), App(door), door.citizen("wang")
    await pages.catch_up()
    await stream.catch_up()
    for _ in range(5):
        await deliver(door.platform, [new_message() for _ in range(100)])
        notice = await publish(door)
    every = [str(one) for one in await InboxMessage.filter(person="wang").order_by("seq").values_list("id", flat=True)]
    (await wang.post("/v1/inbox/read", {"through": 100})).ok()
    (await wang.post("/v1/inbox/read", {"ids": [*every[200:390], notice]})).ok()
    for one in (every[3], every[150], notice):
        (await patch(wang, f"/v1/inbox/{one}", {"archived": True})).ok()
    for one in (every[5], every[-1], every[300]):
        await delete(wang, f"/v1/inbox/{one}")
    pages.requests = 0
    await pages.catch_up()
    assert pages.requests == 3
    right = await fresh(door)
    assert pages.shown == right
    assert len(right) == 520 + 5 - 3
    async with stream.connected_to():
        await until(lambda: stream.shown == right, 20)
    numbers = {one["seq"] for one in pages.kept.values() if one.get("seq")} | pages.gaps
    assert numbers == set(range(1, 521)), "no number is missing"


async def test_a_phone_that_was_on_gets_each_change_once_however_often_it_comes_back(door: Door) -> None:
    one, wang, app = (await send(door)).id, door.citizen("wang"), App(door)
    await app.catch_up()
    (await patch(wang, f"/v1/inbox/{one}", {"read": True})).ok()
    for wanted in (1, 0, 0):
        before = len(app.messages)
        async with app.connected_to():
            await until(lambda at=before, more=wanted: len(app.messages) >= at + more, 10)
        assert len(app.messages) == before + wanted


async def test_the_first_time_of_reading_stays_and_nothing_is_told_again(door: Door) -> None:
    one, wang = (await send(door)).id, door.citizen("wang")
    first = (await patch(wang, f"/v1/inbox/{one}", {"read": True})).ok()
    place = (await wang.get("/v1/inbox")).ok()["cursor"]
    assert (await patch(wang, f"/v1/inbox/{one}", {"read": True})).ok() == first
    (await wang.post("/v1/inbox/read", {"through": place})).ok()
    (await wang.post("/v1/inbox/read", {"ids": [one, one, str(uuid4())]})).ok()
    assert (await wang.get(f"/v1/inbox/{one}")).ok()["read_at"] == first["read_at"]
    page = (await wang.get(f"/v1/inbox?after={place}")).ok()
    assert [change["through"] for change in page["changes"]] == ["1.0"], "the mark is new; the message is not"


async def test_what_is_deleted_is_gone_for_good_and_comes_in_no_second_delivery(door: Door) -> None:
    one = new_message()
    await deliver(door.platform, [one])
    await send(door)
    wang = door.citizen("wang")
    for _ in range(2):
        await delete(wang, f"/v1/inbox/{one.id}")
    await deliver(door.platform, [one])
    page = (await wang.get("/v1/inbox")).ok()
    assert [item["seq"] for item in page["items"]] == [2]
    assert [(change["seq"], change["id"]) for change in page["changes"]] == [(1, one.id)]
    (await wang.get(f"/v1/inbox/{one.id}")).problem(404, "not-found")
    (await patch(wang, f"/v1/inbox/{one.id}", {"read": True})).problem(404, "not-found")
    row = await InboxMessage.get(id=one.id)
    assert (row.title, row.body, row.link) == ({}, {}, "")
    assert (await wang.get("/v1/inbox/unread")).ok() == {"unread": 1}


async def test_a_notice_that_one_has_deleted_the_others_still_have(door: Door) -> None:
    notice = await publish(door)
    for _ in range(2):
        await delete(door.citizen("wang"), f"/v1/inbox/{notice}")
    assert (await ids(door.citizen("wang")), await ids(door.citizen("li"))) == ([], [notice])
    (await door.citizen("wang").get(f"/v1/inbox/{notice}")).problem(404, "not-found")


async def test_nobody_changes_anothers_message_or_learns_that_it_is_there(door: Door) -> None:
    theirs, wang = (await send(door, "li")).id, door.citizen("wang")
    for one in (theirs, str(uuid4())):
        (await patch(wang, f"/v1/inbox/{one}", {"read": True})).problem(404, "not-found")
        (await wang.delete(f"/v1/inbox/{one}")).problem(404, "not-found")
    (await wang.post("/v1/inbox/read", {"ids": [theirs]})).ok()
    assert await fresh(door, "li") == {theirs: (False, False)}
    assert not await MessageState.all().count()


async def test_a_wrong_change_is_a_problem_and_changes_nothing(door: Door) -> None:
    one = (await send(door)).id
    for body in ({}, {"read": False}, {"archived": "yes"}, {"read": True, "more": 1}, {"title": {}}):
        (await patch(door.citizen("wang"), f"/v1/inbox/{one}", body)).problem(422, "invalid-fields")
        assert await fresh(door) == {one: (False, False)}, body


async def test_a_wrong_mark_is_a_problem(door: Door) -> None:
    for body in ({}, {"ids": []}, {"ids": ["x"]}, {"ids": [MADE_UP] * 201}, {"through": 1, "ids": [MADE_UP]}):
        (await door.citizen("wang").post("/v1/inbox/read", body)).problem(422, "invalid-fields")


async def test_two_phones_that_change_the_same_at_once_end_alike(door: Door) -> None:
    await deliver(door.platform, [new_message() for _ in range(10)])
    wang, app = door.citizen("wang"), App(door)
    await app.catch_up()
    every = list(app.kept)
    async with app.connected_to():
        jobs = [wang.post("/v1/inbox/read", {"ids": every[:7]}) for _ in range(4)]
        jobs += [patch(wang, f"/v1/inbox/{one}", {"archived": True}) for one in every[3:]]
        jobs += [wang.delete(f"/v1/inbox/{one}") for one in every[::4]]
        await asyncio.gather(*jobs)
        right = await fresh(door)
        await until(lambda: app.shown == right, 10)
    numbers = await MessageState.filter(person="wang").values_list("number", flat=True)
    assert len(set(numbers)) == len(numbers)


async def test_a_change_of_a_notice_comes_after_the_notice_where_this_process_has_not_heard_of_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(door)
    async with app.connected_to():
        with monkeypatch.context() as deaf:
            # Both are another process's.
            deaf.setattr("mobile_push.delivery.service.Push.read_on", _nothing)
            deaf.setattr("mobile_push.delivery.service.Push.show_changes", lambda *_: None)
            notice = await publish(door)
            (await door.citizen("wang").post("/v1/inbox/read", {"ids": [notice]})).ok()
            assert not app.kept
        door.platform[PUSH].show_changes("wang")
        await until(lambda: app.shown == {notice: (True, False)}, 10)


async def _nothing(_: Any) -> None:
    return None


async def test_opened_on_one_phone_is_read_on_the_other(door: Door) -> None:
    wang, app = door.citizen("wang"), App(door)
    notice, own = await publish(door), (await send(door)).id
    device = (await wang.post("/v1/devices", {"provider": "stream", "token": "phone-one", "platform": "ios"})).created()
    async with app.connected_to():
        await until(lambda: len(app.kept) == 2, 10)
        at = "2026-05-04T08:31:12+08:00"
        opened = [{"message_id": one, "event": "opened", "at": at} for one in (notice, own)]
        (await wang.post("/v1/receipts", {"device": device["id"], "receipts": opened})).ok()
        await until(lambda: app.shown == {notice: (True, False), own: (True, False)}, IN_STEP_S)
    assert (await wang.get("/v1/inbox/unread")).ok() == {"unread": 0}


async def test_after_a_restore_changes_go_on_behind_all_that_a_phone_can_know(door: Door) -> None:
    one, wang = (await send(door)).id, door.citizen("wang")
    (await patch(wang, f"/v1/inbox/{one}", {"read": True})).ok()
    for statement in inbox_messages.AFTER_RESTORE:
        await door.platform.store.connection.execute_query(statement)
    # What a phone knows that is not in the backup.
    app = App(door, after="1.0.40")
    app.kept = {one: {"id": one, "seq": 1, "cursor": "1.0", "read_at": "then", "archived_at": None}}
    (await patch(wang, f"/v1/inbox/{one}", {"archived": True})).ok()
    await app.catch_up()
    assert app.shown == {one: (True, True)}
    assert (await standings.counters(door.platform, ["wang"]))["wang"][1] > 40


async def test_forgetting_takes_what_was_done_with_messages_along(door: Door) -> None:
    one, wang = (await send(door)).id, door.citizen("wang")
    (await patch(wang, f"/v1/inbox/{one}", {"read": True})).ok()
    assert await MessageState.filter(person="wang").count() == 1
    await delete(wang, "/v1/me/push")
    assert not await MessageState.filter(person="wang").count()


async def test_an_app_that_knows_messages_alone_is_told_what_it_always_was(door: Door) -> None:
    """Events that it doesn't know have another name, and a place of two numbers is a place still."""
    one, wang = (await send(door)).id, door.citizen("wang")
    page = (await wang.get("/v1/inbox?after=0")).ok()
    assert (page["items"][0]["cursor"], page["next"]) == ("1.0", None)
    (await patch(wang, f"/v1/inbox/{one}", {"read": True})).ok()
    app = App(door, after="1.0")
    async with app.connected_to():
        await until(lambda: app.messages, 10)
    assert [event["id"] for event in app.messages] == [one]
    assert (await wang.get("/v1/inbox?after=1.0")).ok()["items"] == []


async def test_the_filter_finds_by_kind_category_case_and_state(door: Door) -> None:
    wang, case = door.citizen("wang"), str(uuid4())
    notice = await publish(door)
    plain, about = (await send(door)).id, (await send(door, case_id=case, item="zone-pass")).id
    (await patch(wang, f"/v1/inbox/{plain}", {"read": True, "archived": True})).ok()
    wanted = {
        "kind=notice": [notice],
        "kind=case": [plain, about],
        "category=application": [about],
        f"case={case}": [about],
        f"case={uuid4()}": [],
        "unread=false": [plain],
        "unread=true": [notice, about],
        "archived=true": [plain],
        "archived=false&kind=case": [about],
    }
    for query, found in wanted.items():
        page = (await wang.get(f"/v1/inbox?{query}")).ok()
        assert (sorted(one["id"] for one in page["items"]), page["changes"]) == (sorted(found), []), query


async def test_the_search_reads_titles_and_bodies_in_the_readers_language(door: Door) -> None:
    wang = door.citizen("wang")
    title, body = {"zh-CN": "预约提醒", "en": "Your Appointment"}, {"zh-CN": "周五九点", "en": "Friday, 9:00"}
    one = (await send(door, title=title, body=body)).id
    await send(door)
    english = {"Accept-Language": "en"}
    for words, headers, found in (
        ("appointment FRIDAY", english, [one]),
        ("appointment", {}, []),
        ("九点", {}, [one]),
        ("九点 明天", {}, []),
        ("%25", english, []),
    ):
        page = (await wang.get(f"/v1/inbox?q={words}", headers=headers)).ok()
        assert [item["id"] for item in page["items"]] == found, words


async def test_a_search_looks_through_so_many_messages_a_page_and_says_where_to_go_on(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_push.phones.reading.filters.MAX_SEARCHED", 10)
    rare = new_message(title={"zh-CN": "稀有", "en": "rare"})
    await deliver(door.platform, [*(new_message() for _ in range(25)), rare])
    wang, place, found, pages = door.citizen("wang"), "0", [], 0
    while place:
        page = (await wang.get(f"/v1/inbox?q=稀有&after={place}")).ok()
        found, place, pages = [*found, *(one["id"] for one in page["items"])], page["next"], pages + 1
    assert (found, pages) == ([rare.id], 3)


async def test_a_wrong_filter_is_a_problem(door: Door) -> None:
    for query in ("kind=x", "case=1", "unread=1", "archived=maybe", "q=", f"q={101 * 'a'}"):
        (await door.citizen("wang").get(f"/v1/inbox?{query}")).problem(400, "invalid-parameter")


async def test_a_deleted_message_wakes_no_phone(open_push: OpenPush) -> None:
    async with open_push(lease=30) as door:
        wang, one = door.citizen("wang"), new_message()
        quiet = {"from": "00:00", "until": "23:59", "timezone": "Asia/Shanghai"}
        (await patch(wang, "/v1/preferences", {"quiet_hours": quiet})).ok()
        device = {"provider": "fcm", "token": "a-token-of-wang", "platform": "android"}
        (await wang.post("/v1/devices", device)).created()
        await deliver(door.platform, [one])
        await delete(wang, f"/v1/inbox/{one.id}")
        assert await deliveries(door) == []
