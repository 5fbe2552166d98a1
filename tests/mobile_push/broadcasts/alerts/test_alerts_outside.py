"""Alerts from outside: believed for the signature alone, once, while they are new."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door, Reply, open_door
from mobile_push.cap.signature import sign
from mobile_push.cap.values import Alert, Area, Info, NamedValue
from mobile_push.cap.vocabulary import MessageType, Scope, Status
from mobile_push.cap.writing import write
from mobile_push.tables.models import Broadcast, BroadcastEvent, CapMessage
from tests.mobile_push.conftest import PLUGINS, ahead

WEATHER, FLOOD, STRANGER = "weather@province.example", "flood@province.example", "stranger@evil.example"
KEYS = {name: ec.generate_private_key(ec.SECP256R1()) for name in (WEATHER, FLOOD, STRANGER)}

LAKE = Area(description="西湖区", geocodes=(NamedValue(name="GB/T 2260", value="330106"),))


def pem(name: str) -> bytes:
    key: bytes = KEYS[name].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key


def settings(folder: Path, **changes: Any) -> dict[str, Any]:
    senders = {}
    for name in (WEATHER, FLOOD):
        file = folder / f"{name}.pem"
        file.write_bytes(KEYS[name].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        senders[name] = {"key_file": str(file), "department": "traffic"}
    senders[FLOOD]["division"] = "330100"
    return {"alerts": {"sender": "alerts@city.example", "senders": senders, **changes}, "one_person": ["traffic"]}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, PLUGINS, settings={"mobile_push": settings(tmp_path)}) as opened:
        yield opened


def now(door: Door, **apart: float) -> datetime:
    local = door.platform.now().astimezone(door.platform.settings.timezone) + timedelta(**apart)
    return local.replace(microsecond=0)


def alert(door: Door, **changes: Any) -> Alert:
    info = Info(
        language="zh-CN",
        categories=("Met",),
        event="暴雨",
        urgency="Immediate",
        severity="Severe",
        certainty="Observed",
        expires=now(door, hours=6),
        headline="暴雨红色预警",
        areas=(LAKE,),
    )
    values: dict[str, Any] = {
        "identifier": "33010041600000_1",
        "sender": WEATHER,
        "sent": now(door),
        "status": Status.ACTUAL,
        "message_type": MessageType.ALERT,
        "scope": Scope.PUBLIC,
        "infos": (info,),
    }
    info_changes = changes.pop("info", None)
    if info_changes is not None:
        values["infos"] = (Info(**{**vars(info), **info_changes}),)
    return Alert(**values | changes)


async def post(door: Door, xml: bytes, **headers: str) -> Reply:
    return await door.anyone.call(
        "POST", "/v1/alerts", data=xml, headers={"Content-Type": "application/cap+xml", **headers}
    )


async def hand_in(door: Door, one: Alert, signer: str = "") -> Reply:
    return await post(door, sign(one, pem(signer or one.sender)))


async def test_a_signed_alert_is_published_at_once_without_a_token(door: Door) -> None:
    one = alert(door)
    xml = sign(one, pem(WEATHER))
    reply = await post(door, xml)
    received = reply.created()
    assert (received["identifier"], received["sender"], received["state"]) == (one.identifier, WEATHER, "published")
    assert reply.headers["Location"] == received["links"]["self"]
    (stored,) = await Broadcast.all()
    assert (stored.department, stored.author, stored.audience) == ("traffic", WEATHER, {"divisions": ["330106"]})
    assert stored.title["zh-CN"] == "暴雨红色预警"
    assert (await door.anyone.get(received["links"]["xml"])).body == xml, "to the byte, so that it can be verified"
    (listed,) = (await door.anyone.get("/v1/alerts")).ok()["items"]
    assert listed["id"] == received["id"]
    assert [(one.action, one.actor) for one in await BroadcastEvent.all()] == [("receive", WEATHER)]


async def test_the_same_alert_again_is_answered_as_it_was_however_late(door: Door) -> None:
    xml = sign(alert(door), pem(WEATHER))
    first = (await post(door, xml)).created()
    assert (await post(door, xml)).ok() == first
    ahead(door, hours=3)
    assert (await post(door, xml)).ok() == first
    assert await Broadcast.all().count() == 1


async def test_the_same_alert_many_times_at_once_is_one(door: Door) -> None:
    xml = sign(alert(door), pem(WEATHER))
    replies = await asyncio.gather(*(post(door, xml) for _ in range(8)))
    assert sorted({reply.status for reply in replies}) in ([200, 201], [201])
    assert len({reply.document["id"] for reply in replies}) == 1
    assert (await Broadcast.all().count(), await CapMessage.all().count()) == (1, 1)


async def test_another_alert_under_the_same_name_is_refused(door: Door) -> None:
    one = alert(door)
    (await hand_in(door, one)).created()
    other = alert(door, sent=one.sent, info={"headline": "解除"})
    (await hand_in(door, other)).problem(409, "conflict")


async def test_an_old_alert_is_a_replay_and_one_from_the_future_a_wrong_clock(door: Door) -> None:
    for apart, code in ((timedelta(hours=-2), "replay"), (timedelta(minutes=10), "future")):
        reply = await hand_in(door, alert(door, sent=now(door) + apart))
        (problem,) = reply.problem(422, "invalid-fields")["problems"]
        assert (problem["pointer"], problem["code"]) == ("/sent", code)
    (await hand_in(door, alert(door, identifier="2", sent=now(door, minutes=4)))).created()
    (await hand_in(door, alert(door, identifier="3", sent=now(door, minutes=-50)))).created()


async def test_a_time_at_the_end_of_the_calendar_is_no_fault_of_ours_and_spoils_no_feed(door: Door) -> None:
    for number, (year, hours) in enumerate(itertools.product((1, 9999), (-14, 8, 14))):
        day = (1, 1, 0, 0, 0) if year == 1 else (12, 31, 23, 59, 59)
        at = datetime(year, *day, tzinfo=timezone(timedelta(hours=hours)))
        (await hand_in(door, alert(door, sent=at))).problem(422, "invalid-fields")
        for name in ("effective", "onset", "expires"):
            reply = await hand_in(door, alert(door, identifier=f"{name}{number}", info={name: at}))
            # What begins after it ends is over before; what ended long ago is not published.
            refused = (name == "expires") == (year == 1)
            assert reply.status == (422 if refused else 201), (name, at, reply.body)
    assert (await door.anyone.get("/v1/alerts")).status == 200
    assert (await door.anyone.get("/v1/alerts.atom")).status == 200


async def test_who_is_not_named_is_not_believed(door: Door) -> None:
    (await hand_in(door, alert(door, sender=STRANGER))).problem(403, "forbidden")
    (await hand_in(door, alert(door), signer=STRANGER)).problem(403, "forbidden")
    (await hand_in(door, alert(door), signer=FLOOD)).problem(403, "forbidden")
    (await post(door, write(alert(door)))).problem(403, "forbidden")
    (await hand_in(door, alert(door, sender="alerts@city.example"), signer=WEATHER)).problem(403, "forbidden")
    assert await Broadcast.all().count() == 0


async def test_a_changed_text_breaks_the_signature(door: Door) -> None:
    xml = sign(alert(door), pem(WEATHER))
    for old, new in (("红色", "蓝色"), ("330106", "330102"), ("Actual", "Test"), ("Severe", "Minor")):
        (await post(door, xml.replace(old.encode(), new.encode()))).problem(403, "forbidden")


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&b;</identifier></alert>"""

NOT_CAP: dict[str, bytes] = {
    "nothing": b"",
    "no XML": b"hello",
    "half of it": b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>1",
    "a bomb": BOMB,
    "a file of ours": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>',
    "too deep": b"<a>" * 5000 + b"</a>" * 5000,
    "JSON": b'{"status": "Actual"}',
    "another encoding": b"<?xml version='1.0' encoding='utf-7'?><alert/>",
    "bytes": bytes(range(256)),
}


async def test_what_is_no_alert_is_refused_and_nothing_is_expanded_or_fetched(door: Door) -> None:
    for name, xml in NOT_CAP.items():
        reply = await post(door, xml)
        assert reply.status in {403, 422}, f"{name}: {reply.body!r}"
        assert b"root:" not in reply.body
    assert await Broadcast.all().count() == 0


async def test_more_than_a_mebibyte_is_refused_before_it_is_read(door: Door) -> None:
    (await post(door, b"<alert>" + b" " * 1_100_000)).problem(413, "too-large")
    (await post(door, b"x", **{"Content-Encoding": "gzip"})).problem(415, "unsupported-media-type")


async def test_another_content_type_needs_a_token_as_ever(door: Door) -> None:
    xml = sign(alert(door), pem(WEATHER))
    for content_type in ("application/xml", "text/xml", "application/json", "application/cap", "text/plain"):
        (await post(door, xml, **{"Content-Type": content_type})).problem(401, "unauthenticated")
    for path in ("/v1/notices", "/v1/cases"):
        reply = await door.anyone.call("POST", path, data=xml, headers={"Content-Type": "application/cap+xml"})
        assert reply.status in {401, 405}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a draft": ({"status": Status.DRAFT}, "/status"),
    "for the network itself": ({"status": Status.SYSTEM}, "/status"),
    "for some": ({"scope": Scope.RESTRICTED, "restriction": "police"}, "/scope"),
    "no text": ({"infos": ()}, "/info"),
    "nowhere": ({"info": {"areas": (Area(description="河边"),)}}, "/info"),
}


async def test_what_is_signed_and_still_not_for_the_public_is_refused(door: Door) -> None:
    for name, (changes, pointer) in REFUSED.items():
        problems = (await hand_in(door, alert(door, **changes))).problem(422, "invalid-fields")["problems"]
        assert [one["pointer"] for one in problems] == [pointer], name


async def test_what_is_over_is_not_published(door: Door) -> None:
    reply = await hand_in(door, alert(door, info={"expires": now(door, seconds=-1)}))
    assert reply.problem(422, "invalid-fields")["problems"][0]["code"] == "past"


async def test_an_alert_that_never_ends_ends_all_the_same(door: Door) -> None:
    far = datetime.fromisoformat("9999-12-31T23:59:59-12:00")
    (await hand_in(door, alert(door, info={"expires": far}))).created()
    (stored,) = await Broadcast.all()
    assert stored.expires_at < door.platform.now() + timedelta(days=367)


async def test_an_area_without_a_code_is_where_its_sender_is_at_home(door: Door) -> None:
    vague = {"areas": (Area(description="全市"),)}
    (await hand_in(door, alert(door, sender=FLOOD, info=vague))).created()
    (stored,) = await Broadcast.all()
    assert stored.audience == {"divisions": ["330100"]}


async def test_an_exercise_from_outside_wakes_nobody(door: Door) -> None:
    (await hand_in(door, alert(door, status=Status.EXERCISE))).created()
    (stored,) = await Broadcast.all()
    assert (stored.audience, stored.title["zh-CN"]) == ({}, "【演练】暴雨红色预警")
    assert (await door.anyone.get("/v1/alerts")).ok()["items"] == []


async def test_an_update_and_a_cancel_follow_their_alert(door: Door) -> None:
    first = alert(door)
    one = (await hand_in(door, first)).created()
    update = alert(door, identifier="2", message_type=MessageType.UPDATE, references=(first.reference,))
    two = (await hand_in(door, update)).created()
    assert (await door.anyone.get(one["links"]["self"])).ok()["state"] == "superseded"
    cancel = alert(
        door, identifier="3", message_type=MessageType.CANCEL, infos=(), references=(first.reference, update.reference)
    )
    three = (await hand_in(door, cancel)).created()
    assert (await door.anyone.get(two["links"]["self"])).ok()["state"] == "superseded"
    told = (await door.anyone.get(three["links"]["self"])).ok()
    assert (told["title"], told["msg_type"]) == ("解除：暴雨红色预警", "Cancel")
    assert (await Broadcast.get(id=three["id"])).audience == {"divisions": ["330106"]}


async def test_nobody_cancels_what_another_sender_said(door: Door) -> None:
    first = alert(door)
    (await hand_in(door, first)).created()
    cancel = alert(door, sender=FLOOD, message_type=MessageType.CANCEL, infos=(), references=(first.reference,))
    problems = (await hand_in(door, cancel)).problem(422, "invalid-fields")["problems"]
    assert problems[0]["pointer"] == "/references"
    assert (await Broadcast.all())[0].state == "published"


async def test_a_cancel_of_what_never_came_is_refused_so_that_it_is_sent_again(door: Door) -> None:
    unknown = alert(door, identifier="before")
    cancel = alert(door, message_type=MessageType.CANCEL, infos=(), references=(unknown.reference,))
    problems = (await hand_in(door, cancel)).problem(422, "invalid-fields")["problems"]
    assert problems[0]["code"] == "unknown"
    update = alert(door, message_type=MessageType.UPDATE, references=(unknown.reference,))
    (await hand_in(door, update)).created()


async def test_staff_recall_what_came_from_outside_but_cannot_write_in_its_name(door: Door) -> None:
    received = (await hand_in(door, alert(door))).created()
    sun = door.staff("sun", "traffic:publisher")
    record = (await sun.get(f"{received['links']['self']}/record")).ok()
    assert record["permitted_actions"] == ["recall"]
    recalled = await sun.post(f"{received['links']['self']}/actions/recall", {"reason": "误报"})
    assert recalled.ok()["state"] == "recalled"


async def test_an_alert_from_outside_asks_no_second_person(tmp_path: Path) -> None:
    own = {**settings(tmp_path), "second_person": ["traffic"], "one_person": []}
    async with open_door(tmp_path, PLUGINS, settings={"mobile_push": own}) as door:
        assert (await hand_in(door, alert(door))).created()["state"] == "published"


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "no file": (lambda alerts: alerts["senders"][WEATHER].update(key_file="nowhere.pem"), "nowhere.pem"),
    "no department": (lambda alerts: alerts["senders"][WEATHER].update(department="parks"), "'parks'"),
    "no division": (lambda alerts: alerts["senders"][WEATHER].update(division="33"), "GB/T 2260"),
    "a sender with a comma": (lambda alerts: alerts.update(sender="a,b"), "CAP forbids"),
    "itself as a sender": (lambda alerts: alerts.update(sender=WEATHER), "outside only"),
    "no age": (lambda alerts: alerts.update(newest=0), "newest"),
    "a certificate without its key": (lambda alerts: alerts.update(certificate_file="a.pem"), "key_file"),
    "a topic that nobody can follow": (lambda alerts: alerts.update(exercise_topic="drill"), "topics.drill"),
}


async def test_wrong_settings_are_found_at_start(tmp_path: Path) -> None:
    for spoil, told in BROKEN.values():
        own = settings(tmp_path)
        spoil(own["alerts"])
        with pytest.raises(ConfigurationError, match=re.escape(told)):
            async with open_door(tmp_path, PLUGINS, settings={"mobile_push": own}):
                pass
