"""What was recalled, superseded or cancelled leaves the screens that it had reached, and no other hears of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi import LANGUAGES
from banshi.testing import Door, open_door
from mobile_push.broadcasts import publication
from mobile_push.delivery.claims.delivery_job import NOT_TAKEN, may_have_arrived
from mobile_push.delivery.service import PUSH
from mobile_push.providers.provider import Outcome, Receipt
from mobile_push.providers.webpush.vapid import write_key
from mobile_push.sandbox import FcmSandbox
from mobile_push.sandbox.validation import wrong_with
from mobile_push.sandbox.webpush.push_service import WebPushSandbox
from mobile_push.tables.models import Broadcast, Chunk, Device, FanOut, Profile
from tests.mobile_push.conftest import PLUGINS, OpenPush, none_of, quiet_hours
from tests.mobile_push.delivery.fan_out import TITLE, broadcast, phones, publish
from tests.waiting import until


async def recall(door: Door, one: Broadcast) -> None:
    await publication.recall(door.platform, await Broadcast.get(id=one.id), door.platform.now())
    await door.platform[PUSH].announce()


async def quiet(seconds: float = 30.0) -> None:
    """Until nothing is to be sent any more."""
    await until(lambda: none_of(FanOut.filter(state="due"), Chunk.filter(state="due")), seconds)


def first_of(sandbox: FcmSandbox) -> Counter[str]:
    return Counter(one.token for one in sandbox.received if "state" not in one.message["data"])


def taken_back(sandbox: FcmSandbox) -> Counter[str]:
    return Counter(one.token for one in sandbox.received if "state" in one.message["data"])


# -- a recall ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["notice", "alert"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_recall_takes_the_place_of_what_stands_on_the_screen_without_a_sound_or_a_word_of_it(
    door: Door, sandbox: FcmSandbox, kind: str, language: str
) -> None:
    await phones(door, 3, language=language)
    one = await publish(door, await broadcast(door, kind))
    await until(lambda: sum(first_of(sandbox).values()) == 3)
    await quiet()
    await recall(door, one)
    await until(lambda: sum(taken_back(sandbox).values()) == 3)
    first, last = sandbox.received[0].message, sandbox.received[-1].message
    assert wrong_with({"message": last}) == []
    for message in (first, last):
        assert (
            message["android"]["notification"]["tag"] == message["apns"]["headers"]["apns-collapse-id"] == str(one.id)
        )
    assert last["data"] == {"message_id": str(one.id), "kind": kind, "link": "/notices/1", "state": "recalled"}
    shown = last["notification"]["title"]
    assert TITLE[language] not in shown
    assert ("withdrawn" in shown) == (language == "en")
    assert "body" not in last["notification"]
    assert last["apns"]["payload"]["aps"] == {"interruption-level": "passive", "content-available": 1}
    assert last["apns"]["headers"]["apns-push-type"] == "alert"
    assert last["android"]["notification"]["channel_id"] == "withdrawn"
    assert "sound" not in last["android"]["notification"]
    assert last["apns"]["headers"]["apns-priority"] == first["apns"]["headers"]["apns-priority"]


async def test_who_never_got_it_hears_nothing_of_its_recall(open_push: OpenPush, sandbox: FcmSandbox) -> None:
    async with open_push(notices_a_day=1) as door:
        day = door.platform.today().toordinal()
        (got,) = await phones(door, 1, "got")
        (muted,) = await phones(door, 1, "muted")
        await phones(door, 1, "enough", notice_day=day, notices=1)
        (asleep,) = await phones(door, 1, "asleep")
        (refused,) = await phones(door, 1, "refused")
        (gone,) = await phones(door, 1, "gone")
        await Profile.create(person="muted-0", notices=False)
        await Profile.create(person="asleep-0", **quiet_hours(door))
        sandbox.behaviour.faults = {refused: "INVALID_ARGUMENT"}
        sandbox.behaviour.unregistered = {gone}
        one = await publish(door, await broadcast(door))
        await until(lambda: sandbox.answers["UNREGISTERED"] == 1 and got in first_of(sandbox))
        await until(Chunk.filter(code="quiet hours").exists)
        # Who wishes no notices from now on has this one on the screen all the same.
        await Profile.create(person="got-0", notices=False)
        await Profile.filter(person="muted-0").update(notices=True)
        (late,) = await phones(door, 1, "late")
        sandbox.behaviour.faults = {}
        await recall(door, one)
        await until(lambda: got in taken_back(sandbox))
        await quiet()
    assert taken_back(sandbox) == Counter([got])
    assert not {muted, asleep, late, refused} & set(first_of(sandbox))


async def test_a_recall_in_the_middle_follows_exactly_those_who_got_it_and_never_overtakes(
    open_push: OpenPush, sandbox: FcmSandbox
) -> None:
    async with open_push(fcm={"per_minute": 6_000}) as door:
        await phones(door, 200)
        sandbox.behaviour.latency = 0.05
        one = await publish(door, await broadcast(door))
        await until(lambda: len(sandbox.received) >= 40)
        await recall(door, one)
        await until(lambda: sum(taken_back(sandbox).values()) > 0)
        await quiet()
        phases: dict[str, list[bool]] = {}
        for message in sandbox.received:
            phases.setdefault(message.token, []).append("state" in message.message["data"])
        assert len(phases) < 200
        assert all(True in told for told in phases.values()), "no screen is left with it"
        assert all(False in told for told in phases.values()), "and nobody hears of it who had it not"
        assert all(told == sorted(told) for told in phases.values()), "nothing comes after what takes it back"
        assert await Chunk.filter(broadcast_id=one.id, state="due").count() == 0


async def test_what_a_worker_had_under_way_when_it_died_is_taken_back_once_its_lease_is_over(
    open_push: OpenPush, sandbox: FcmSandbox
) -> None:
    async with open_push(lease=2.0, fcm={"timeout": 0.9}) as door:
        tokens = await phones(door, 8)
        devices = {row.token: row.id.bytes for row in await Device.all()}
        now = int((await door.platform.store.connection.execute_query_dict(
            f"SELECT {door.platform.store.clock} AS now"
        ))[0]["now"])  # fmt: skip
        one = await broadcast(door, state="published", published_at=now)
        await FanOut.create(broadcast_id=one.id, provider="fcm", lane=2, state="done")
        values = {"broadcast_id": one.id, "provider": "fcm", "lane": 2, "size": 2, "expires": now + 3_600_000}

        async def chunk(some: list[str], **changes: Any) -> None:
            await Chunk.create(**values, **{"devices": b"".join(devices[token] for token in some), **changes})

        # Dealt with one of two and killed; let go of by itself; never begun; of a version without the column.
        await chunk(tokens[:2], done=b"\x01", reached=b"\x00", attempts=1, lease_until=now + 1500)
        await chunk(tokens[2:4], done=b"\x01", reached=b"\x01", attempts=1, lease_until=0, not_before=now + 9_999_999)
        await chunk(tokens[4:6], done=b"\x00", reached=b"\x00", attempts=0, not_before=now + 9_999_999)
        await chunk(tokens[6:], done=b"\x03", reached=None, attempts=1, state="done", outcomes={"accepted": 2})
        await recall(door, one)
        await quiet()
    assert taken_back(sandbox) == Counter([tokens[1], tokens[2], *tokens[6:]])
    assert not first_of(sandbox)


async def test_a_recall_waits_for_a_provider_that_is_down_and_loses_nothing(door: Door, sandbox: FcmSandbox) -> None:
    tokens = await phones(door, 40)
    one = await publish(door, await broadcast(door))
    await until(lambda: len(first_of(sandbox)) == 40)
    await quiet()
    sandbox.behaviour.unavailable_share = 1.0
    await recall(door, one)
    await until(lambda: sandbox.answers["UNAVAILABLE"] > 5)
    assert not taken_back(sandbox)
    sandbox.behaviour.unavailable_share = 0.0
    await until(lambda: set(taken_back(sandbox)) == set(tokens))


async def test_nobody_sees_the_withdrawal_as_a_notice_of_its_own(door: Door, sandbox: FcmSandbox) -> None:
    await phones(door, 1)
    sun = door.staff("sun", "traffic:publisher")
    created = (await sun.post("/v1/notices", {
        "department": "traffic", "title": TITLE, "audience": {"everyone": True}
    })).created()  # fmt: skip
    await until(lambda: len(sandbox.received) == 1)
    (await sun.post(f"{created['links']['self']}/actions/recall", {})).ok()
    await until(lambda: len(sandbox.received) == 2)
    row = await Broadcast.exclude(id=created["id"]).get()
    assert [one["id"] for one in (await sun.get("/v1/notices")).ok()["items"]] == [created["id"]]
    assert (await sun.get("/v1/alerts/records")).ok()["items"] == []
    for path in (f"/v1/notices/{row.id}", f"/v1/notices/{row.id}/report", f"/v1/alerts/{row.id}"):
        (await sun.get(path)).problem(404, "not-found")
    assert (await sun.post(f"/v1/notices/{row.id}/actions/recall", {})).status == 404
    assert [one["id"] for one in (await door.citizen("wang").get("/v1/inbox?after=0.1")).ok()["items"]] == [
        created["id"]
    ]
    report = (await sun.get(created["links"]["report"])).ok()
    assert (report["total"]["phones"], report["finished"]) == (1, True)


# -- what takes the place of another -----------------------------------------------------------------------------


async def test_a_newer_notice_stands_in_the_place_of_the_older_and_who_gets_only_the_older_is_told(
    door: Door, sandbox: FcmSandbox
) -> None:
    (both,) = await phones(door, 1, "both", division="330106")
    (only,) = await phones(door, 1, "only", division="510703")
    first = await publish(door, await broadcast(door))
    await until(lambda: len(sandbox.received) == 2)
    await quiet()
    second = await broadcast(door, audience={"divisions": ["330100"]}, supersedes=first.id, tag=first.name)
    await publish(door, second)
    await quiet()
    await until(lambda: len(sandbox.received) == 4)
    last = {one.token: one.message for one in list(sandbox.received)[2:]}
    assert {message["android"]["notification"]["tag"] for message in last.values()} == {str(first.id)}
    assert last[both]["data"] == {"message_id": str(second.id), "kind": "notice", "link": "/notices/1"}
    assert last[only]["data"]["state"] == "superseded"
    # The newer one is recalled as well: it had one phone alone.
    await recall(door, second)
    await until(lambda: len(sandbox.received) == 5)
    assert (sandbox.received[-1].token, sandbox.received[-1].message["data"]["message_id"]) == (both, str(second.id))


async def test_a_newer_one_that_is_recalled_before_it_went_out_takes_the_older_off_the_screen(
    door: Door, sandbox: FcmSandbox
) -> None:
    tokens = await phones(door, 3)
    first = await publish(door, await broadcast(door))
    await until(lambda: len(sandbox.received) == 3)
    await quiet()
    sandbox.behaviour.unavailable_share = 1.0
    second = await publish(door, await broadcast(door, supersedes=first.id, tag=first.name))
    await until(lambda: sandbox.answers["UNAVAILABLE"] > 0)
    await recall(door, second)
    sandbox.behaviour.unavailable_share = 0.0
    # What was being tried again at that moment may go out first, and is taken back then.
    await until(lambda: set(taken_back(sandbox)) == set(tokens))
    tags = {one.message["android"]["notification"]["tag"] for one in sandbox.received}
    assert tags == {str(first.id)}


def alert(door: Door, **changes: Any) -> dict[str, Any]:
    local = door.platform.now().astimezone(door.platform.settings.timezone)
    info = {
        "language": "en", "category": ["Met"], "event": "Storm", "urgency": "Immediate", "severity": "Extreme",
        "certainty": "Observed", "headline": "Storm",
        "expires": (local + timedelta(hours=1)).isoformat(timespec="seconds"),
        "area": [{"area_desc": "West Lake", "geocode": [{"value_name": "GB/T 2260", "value": "330106"}]}],
    }  # fmt: skip
    document = {"department": "traffic", "status": "Actual", "msg_type": "Alert", "scope": "Public", "info": [info]}
    return {name: value for name, value in {**document, **changes}.items() if value is not None}


@pytest.fixture
async def everywhere(tmp_path: Path, sandbox: FcmSandbox) -> AsyncIterator[tuple[Door, WebPushSandbox]]:
    """A platform with FCM and Web Push that sends alerts, and Web Push's sandbox; a phone and a browser."""
    write_key(tmp_path / "webpush.pem")
    account = sandbox.service_account_file(tmp_path / "account.json")
    urls = {"base_url": sandbox.base_url, "topics_url": sandbox.topics_url}
    web = {"private_key_file": str(tmp_path / "webpush.pem"), "contact": "mailto:push@city.example", "loopback": True}
    own = {
        "fcm": {"service_account_file": str(account), **urls, "at_once": 10},
        "webpush": web,
        "alerts": {"sender": "alerts@city.example"},
        "one_person": ["traffic"],
    }
    async with WebPushSandbox() as service, open_door(tmp_path, PLUGINS, settings={"mobile_push": own}) as door:
        wang, area = door.citizen("wang"), {"division": "330106"}
        phone = {"provider": "fcm", "token": "phone-0001", "platform": "ios", "language": "en", "area": area}
        (await wang.post("/v1/devices", phone)).created()
        subscription = service.subscribe(door.platform[PUSH].webpush_key)
        browser = {
            "provider": "webpush",
            "platform": "web",
            "language": "en",
            "area": area,
            "subscription": subscription,
        }
        (await wang.post("/v1/devices", browser)).created()
        yield door, service


async def test_an_alert_its_update_and_its_cancel_are_one_line_on_every_screen(
    everywhere: tuple[Door, WebPushSandbox], sandbox: FcmSandbox
) -> None:
    door, service = everywhere
    sun = door.staff("sun", "traffic:publisher")
    ids: list[str] = []
    for number, kind in enumerate(("Alert", "Update", "Cancel")):
        changes: dict[str, Any] = {"references": [ids[-1]], "msg_type": kind} if ids else {}
        changes |= {"info": None, "note": "It is over."} if kind == "Cancel" else {}
        created = (await sun.post("/v1/alerts", alert(door, **changes))).created()
        shown = (await sun.get(created["links"]["preview"])).ok()["platforms"]
        ids.append(created["id"])
        await until(lambda: len(sandbox.received) == len(service.received) == number + 1)  # noqa: B023
        await quiet()
        fcm, web = sandbox.received[-1].message, service.received[-1].message
        assert fcm["apns"]["headers"]["apns-collapse-id"] == web["tag"] == ids[0]
        assert fcm["android"]["notification"]["tag"] == ids[0]
        assert fcm["data"]["message_id"] == web["message_id"] == ids[-1]
        aps = fcm["apns"]["payload"]["aps"]
        assert shown["ios"]["en"]["payload"]["aps"]["interruption-level"] == aps["interruption-level"]
        assert shown["web"]["en"]["payload"] == web
        if kind == "Cancel":
            assert (aps["interruption-level"], "sound" in aps, web["silent"], web["renotify"]) == (
                "passive",
                False,
                True,
                False,
            )
            assert fcm["android"]["notification"]["channel_id"] == "withdrawn"
        else:
            assert (aps["interruption-level"], aps["sound"], web["silent"]) == ("time-sensitive", "default", False)
    assert len(sandbox.received) == len(service.received) == 3, "each phone once a message"


async def test_a_recalled_alert_is_taken_back_through_every_provider_as_the_preview_shows(
    everywhere: tuple[Door, WebPushSandbox], sandbox: FcmSandbox
) -> None:
    door, service = everywhere
    sun = door.staff("sun", "traffic:publisher")
    draft = (await sun.post("/v1/alerts", alert(door, draft=True))).created()
    shown = (await sun.get(draft["links"]["preview"])).ok()["recall"]
    assert {name: set(languages) for name, languages in shown.items()} == {
        name: set(LANGUAGES) for name in ("android", "ios", "web")
    }
    (await sun.post(f"/v1/alerts/{draft['id']}/actions/publish", {})).ok()
    await until(lambda: len(sandbox.received) == len(service.received) == 1)
    await quiet()
    (await sun.post(f"/v1/alerts/{draft['id']}/actions/recall", {"reason": "A false alarm."})).ok()
    await until(lambda: len(sandbox.received) == len(service.received) == 2)
    fcm, web = sandbox.received[-1].message, service.received[-1].message
    assert web == shown["web"]["en"]["payload"]
    assert (web["state"], web["silent"], web["renotify"], web["tag"]) == ("recalled", True, False, draft["id"])
    assert shown["ios"]["en"]["payload"] == {
        "aps": {"alert": fcm["notification"], **fcm["apns"]["payload"]["aps"]},
        **fcm["data"],
    }
    assert shown["android"]["en"]["notification"] == {**fcm["notification"], **fcm["android"]["notification"]}
    assert "Storm" not in str(fcm)
    assert fcm["android"]["priority"] == "HIGH", "a false alarm ends as quickly as it came"


async def test_a_cancel_of_two_alerts_takes_both_off_the_screen(
    everywhere: tuple[Door, WebPushSandbox], sandbox: FcmSandbox
) -> None:
    door, _ = everywhere
    sun = door.staff("sun", "traffic:publisher")
    ids = [(await sun.post("/v1/alerts", alert(door))).created()["id"] for _ in range(2)]
    await until(lambda: len(sandbox.received) == 2)
    await quiet()
    cancel = alert(door, msg_type="Cancel", references=ids, info=None, note="Both are over.")
    created = (await sun.post("/v1/alerts", cancel)).created()
    await until(lambda: len(sandbox.received) == 4)
    last = {one.message["android"]["notification"]["tag"]: one.message["data"] for one in list(sandbox.received)[2:]}
    assert set(last) == set(ids)
    kept, other = last[ids[0]], last[ids[1]]
    if kept["message_id"] != created["id"]:
        kept, other = other, kept
    assert kept["message_id"] == created["id"]
    assert (other["state"], other["message_id"] in ids) == ("superseded", True)


# -- by topic ----------------------------------------------------------------------------------------------------


@pytest.mark.long
async def test_what_went_to_a_topic_is_taken_back_there(open_push: OpenPush, sandbox: FcmSandbox) -> None:
    async with open_push(fcm={"topics": True}) as door:
        from mobile_push.tables.models import TopicRound

        await until(TopicRound.filter(complete=True, active=True).exists, 40)
        (await door.citizen("wang").post("/v1/devices", {
            "provider": "fcm", "token": "phone-0001", "platform": "android", "language": "en"
        })).created()  # fmt: skip
        await until(lambda: any("phone-0001" in tokens for tokens in sandbox.topics.followers.values()))
        one = await publish(door, await broadcast(door, "alert"))
        await quiet()
        await recall(door, one)
        await quiet()
    messages = [(received.token, received.message["data"].get("state")) for received in sandbox.received]
    topics = {token for token, _ in messages if ".everyone." in token}
    assert len(topics) == len(LANGUAGES)
    for topic in topics:
        assert [state for token, state in messages if token == topic] == [None, "recalled"]


@pytest.mark.parametrize("code", sorted(NOT_TAKEN))
def test_an_answer_that_says_that_it_was_not_taken_reaches_no_phone(code: str) -> None:
    assert not may_have_arrived(Receipt(Outcome.RETRY, code))
    assert not may_have_arrived(Receipt(Outcome.REJECTED, "INVALID_ARGUMENT"))
    assert may_have_arrived(Receipt(Outcome.RETRY, "timeout"))
    assert may_have_arrived(Receipt(Outcome.ACCEPTED, "OK"))
