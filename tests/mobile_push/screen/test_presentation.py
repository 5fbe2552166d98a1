"""How loudly a phone shows a message, what it is called there, and its picture; on each platform."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyfcm.baseapi import BaseAPI

from banshi import LANGUAGES
from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door, open_door
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import messages as inbox_messages
from mobile_push.providers.fcm.payload import MAX_COLLAPSE_BYTES, MAX_PAYLOAD_BYTES, Encoder
from mobile_push.providers.platforms import of_fcm
from mobile_push.providers.provider import Push
from mobile_push.providers.webpush.encryption import MAX_PLAINTEXT_BYTES
from mobile_push.providers.webpush.provider import payload, request_headers
from mobile_push.providers.webpush.vapid import write_key
from mobile_push.sandbox import FcmSandbox
from mobile_push.sandbox.validation import wrong_with
from mobile_push.sandbox.webpush.push_service import WebPushSandbox
from mobile_push.screen.pictures import wrong_with_picture
from mobile_push.screen.presentation import AlertPresentation, Level, Presentation, PresentationSettings
from mobile_push.screen.threads import KEY_FILE, THREADS, Threads
from mobile_push.tables.models import Broadcast
from tests.mobile_push.conftest import PLUGINS, new_message, send
from tests.mobile_push.providers.fcm_vocabulary import REQUEST
from tests.tries import tries
from tests.waiting import until

JUDGE = jsonschema.Draft202012Validator(REQUEST)


class Client(BaseAPI):  # type: ignore[misc]
    """pyfcm's payloads, without credentials."""

    def __init__(self) -> None:
        """Nothing to open."""

    def json_dumps(self, data: object) -> bytes:
        return orjson.dumps(data)


def encoded(one: Push, token: str = "phone-0001") -> dict[str, Any]:  # noqa: S107
    body = Encoder(Client().parse_payload).to_token(one, token)
    assert isinstance(body, bytes), body
    document: dict[str, Any] = orjson.loads(body)
    return document


NAMES = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=39).map(lambda name: f"s{name}")
SOUNDS = st.one_of(st.sampled_from(["", "default"]), NAMES, NAMES.map(lambda name: f"{name}.caf"))
CHANNELS = st.text("abcXYZ019._-", max_size=63).map(lambda name: f"c{name}")
PRESENTATIONS = st.builds(
    Presentation, st.sampled_from(Level), SOUNDS, CHANNELS | st.just(""), st.floats(0.01, 1, allow_nan=False)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
PUSHES = st.builds(
    Push,
    message_id=st.uuids().map(str),
    title=TEXTS.map(lambda text: f"t{text}"),
    body=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    link=st.text("/abc%~通", min_size=1, max_size=255),
    kind=st.sampled_from(["case", "notice", "alert"]),
    ttl=st.integers(0, 3_000_000),
    collapse_key=st.none() | st.text("abcXYZ019._-", min_size=1, max_size=64),
    priority=st.sampled_from(["high", "normal"]),
    presentation=PRESENTATIONS,
    tag=st.just("") | st.text("abcXYZ019_-", min_size=1, max_size=64),
    thread=st.just("") | st.text("abcXYZ019_-", min_size=1, max_size=64),
    withdrawn=st.sampled_from(["", "recalled", "superseded"]),
    image=st.just("") | st.text("abc/.%20", max_size=480).map(lambda path: f"https://a.example/{path}"),
    badge=st.none() | st.integers(0, 9_999),
)


# -- what each platform is sent ----------------------------------------------------------------------------------


@given(PUSHES)
@settings(max_examples=tries(60, 150))
def test_every_message_is_one_that_google_apple_and_browsers_take(one: Push) -> None:
    body = encoded(one)
    assert not [error.message for error in JUDGE.iter_errors(body)]
    assert wrong_with(body) == []
    message = body["message"]
    assert len(message["apns"]["headers"]["apns-collapse-id"].encode()) <= MAX_COLLAPSE_BYTES
    apple = of_fcm(body)["ios"]["payload"]
    assert len(orjson.dumps(apple)) <= MAX_PAYLOAD_BYTES
    # The same name on every platform, so that one and the same newer message replaces it everywhere.
    names = {message["android"]["notification"]["tag"], message["apns"]["headers"]["apns-collapse-id"]}
    web = orjson.loads(payload(one))
    assert {*names, web["tag"]} == {one.tag or one.collapse_key or one.message_id}
    assert len(payload(one)) <= MAX_PLAINTEXT_BYTES
    assert web.get("state", "") == message["data"].get("state", "") == one.withdrawn
    assert re.fullmatch("[A-Za-z0-9_-]{1,32}", request_headers(one).get("Topic", "none"))
    silent = not one.presentation.sound
    assert web["silent"] is silent
    assert web["renotify"] is not silent
    assert ("sound" in message["apns"]["payload"]["aps"]) is not silent
    assert ("sound" in message["android"]["notification"]) is not silent


@given(PUSHES)
def test_what_was_read_on_another_phone_leaves_the_screen_and_shows_nothing(one: Push) -> None:
    read = one._replace(withdrawn="read", presentation=PresentationSettings().withdrawn)
    body = encoded(read)
    assert not [error.message for error in JUDGE.iter_errors(body)]
    assert wrong_with(body) == []
    message = body["message"]
    assert "notification" not in message
    assert "notification" not in message["android"]
    assert message["data"]["state"] == "read"
    assert message["data"]["tag"] == read.name
    aps = message["apns"]["payload"]["aps"]
    assert aps == {"content-available": 1} | ({} if one.badge is None else {"badge": one.badge})
    kind = "background" if one.badge is None else "alert"
    assert message["apns"]["headers"]["apns-push-type"] == kind
    assert of_fcm(body)["ios"]["payload"]["aps"] == aps


@given(PUSHES)
@pytest.mark.filterwarnings("ignore:Message.token is deprecated")
def test_firebase_admin_writes_the_same_for_the_same(one: Push) -> None:
    pytest.importorskip("firebase_admin")
    from firebase_admin import messaging
    from firebase_admin._messaging_encoder import MessageEncoder

    level, sound, channel, volume = one.presentation
    body = encoded(one)["message"]
    critical = messaging.CriticalSound(name=sound, critical=True, volume=volume) if sound else None
    aps = messaging.Aps(
        badge=one.badge,
        sound=critical if level == "critical" else sound or None,
        thread_id=one.thread or None,
        category=(one.category or None) if one.kind == "notice" else None,
        mutable_content=bool(one.image),
        content_available=bool(one.withdrawn),
        custom_data={"interruption-level": str(level)},
    )
    name = one.tag or one.collapse_key or one.message_id
    theirs = messaging.Message(
        token="phone-0001",
        data={"message_id": one.message_id, "kind": one.kind, "link": one.link}
        | ({"state": one.withdrawn} if one.withdrawn else {})
        | ({"category": one.category} if one.category else {})
        | ({"severity": one.severity} if one.severity else {}),
        notification=messaging.Notification(title=one.title, body=one.body or None, image=one.image or None),
        android=messaging.AndroidConfig(
            collapse_key=one.collapse_key,
            priority=one.priority,
            ttl=timedelta(seconds=min(one.ttl, 2_419_200)),
            notification=messaging.AndroidNotification(
                tag=name,
                channel_id=channel or None,
                sound=sound.partition(".")[0] or None,
                visibility=None if one.kind == "case" else "public",
                priority={"passive": "low", "active": "default", "time-sensitive": "high", "critical": "max"}[level],
            ),
        ),
        apns=messaging.APNSConfig(
            headers=body["apns"]["headers"],
            payload=messaging.APNSPayload(aps=aps),
            fcm_options=messaging.APNSFCMOptions(image=one.image) if one.image else None,
        ),
    )
    expected = orjson.loads(orjson.dumps(MessageEncoder().default(theirs)))
    ours = {**body, "android": {**body["android"], "priority": body["android"]["priority"].lower()}}
    assert ours == expected


def _headers(**headers: str) -> dict[str, Any]:
    return {"apns": {"headers": headers}}


def _aps(aps: Any) -> dict[str, Any]:
    return {"apns": {"payload": {"aps": aps}}}


def _shown(shown: Any) -> dict[str, Any]:
    return {"android": {"notification": shown}}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (_headers(**{"apns-collapse-id": "通" * 22}), "message.apns.headers.apns-collapse-id"),
        (_headers(**{"apns-priority": "high"}), "message.apns.headers.apns-priority"),
        (_headers(**{"apns-push-type": "Alert"}), "message.apns.headers.apns-push-type"),
        (_headers(**{"apns-push-type": "background", "apns-priority": "10"}), "message.apns"),
        (_aps({"interruption-level": "urgent"}), "message.apns.payload.aps.interruption-level"),
        (_aps({"sound": {"critical": 2, "name": "a"}}), "message.apns.payload.aps.sound"),
        (_aps({"sound": {"critical": 1, "name": "a", "volume": 2}}), "message.apns.payload.aps.sound"),
        (_aps({"sound": ""}), "message.apns.payload.aps.sound"),
        (_aps([]), "message.apns.payload.aps"),
        ({"apns": {"payload": {"aps": {}, "more": "x" * 4096}}}, "message.apns.payload"),
        (_shown({"notification_priority": "HIGH"}), "message.android.notification.notification_priority"),
        (_shown({"visibility": "public"}), "message.android.notification.visibility"),
        (_shown({"channel": "a"}), "message.android.notification"),
    ],
)
def test_the_sandbox_refuses_what_google_or_apple_would(changes: dict[str, Any], field: str) -> None:
    message = {"token": "a", "notification": {"title": "t"}, **changes}
    assert [name for name, _ in wrong_with({"message": message})] == [field]


# -- the settings ------------------------------------------------------------------------------------------------


def test_each_kind_is_as_loud_as_its_matter() -> None:
    shown = PresentationSettings()
    assert shown.of("alert") == (Level.TIME_SENSITIVE, "default", "alerts", 1.0)
    assert shown.of("case") == (Level.ACTIVE, "default", "cases", 1.0)
    assert shown.of("notice") == (Level.PASSIVE, "", "notices", 1.0)
    assert shown.withdrawn == (Level.PASSIVE, "", "withdrawn", 1.0)


HOSTILE = {
    "an unknown level": ({"alert": {"level": "urgent"}}, "presentation.alert.level"),
    "a level in capitals": ({"case": {"level": "Active"}}, "presentation.case.level"),
    "a folder in a sound": ({"alert": {"sound": "../siren.caf"}}, "sound is '../siren.caf'"),
    "a sound's path": ({"case": {"sound": "/res/raw/siren"}}, 'write "default"'),
    "a sound in capitals, which Android can't have": ({"notice": {"sound": "Siren.caf"}}, "lower case"),
    "an ending that iOS does not play": ({"notice": {"sound": "siren.mp3"}}, "sound is 'siren.mp3'"),
    "a sound of a space": ({"alert": {"sound": " "}}, "sound is ' '"),
    "a channel too long": ({"alert": {"channel": "a" * 65}}, "64 at most"),
    "an empty channel": ({"notice": {"channel": ""}}, "channel is ''"),
    "a channel with a line break": ({"case": {"channel": "cases\n"}}, "channel is 'cases\\\\n'"),
    "a critical notice": ({"notice": {"level": "critical", "sound": "default"}}, "for alerts alone"),
    "a critical case": ({"case": {"level": "critical"}}, "for alerts alone"),
    "a critical alert without a sound": ({"alert": {"level": "critical", "sound": ""}}, "set sound"),
    "a volume of nothing": ({"alert": {"volume": 0}}, "volume is 0"),
    "a volume beyond all": ({"alert": {"volume": 11}}, "volume is 11"),
    "a volume for a case": ({"case": {"volume": 0.5}}, "volume"),
    "a kind that there is not": ({"reminder": {}}, "reminder"),
    "a channel for what is withdrawn": ({"withdrawn_channel": "a b"}, "withdrawn_channel is 'a b'"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_a_setting_that_no_phone_understands_is_refused_at_the_start_with_its_place(
    tmp_path: Path, case: str
) -> None:
    presentation, word = HOSTILE[case]
    given = {"mobile_push": {"presentation": presentation}}
    with pytest.raises(ConfigurationError) as refused:
        async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings=given):
            pass
    told = str(refused.value)
    assert word.replace("\\\\", "\\") in told or word in told
    assert "presentation" in told


async def test_a_part_of_a_kinds_table_leaves_the_rest_as_it_is(tmp_path: Path) -> None:
    given = {"presentation": {"alert": {"sound": "siren.caf"}, "notice": {"level": "active", "sound": "default"}}}
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, settings={"mobile_push": given}) as door:
        shown = door.platform[PUSH].settings.presentation
    assert shown.of("alert") == (Level.TIME_SENSITIVE, "siren.caf", "alerts", 1.0)
    assert shown.of("notice") == (Level.ACTIVE, "default", "notices", 1.0)


SEVERITIES = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"]


@given(
    st.lists(st.sampled_from(SEVERITIES), min_size=1, max_size=4),
    st.sampled_from(["Actual", "Exercise", "Test"]),
    st.sampled_from(["Alert", "Update", "Cancel"]),
    st.sampled_from(Level),
)
def test_an_alerts_severity_lowers_how_loud_it_is_and_never_raises_it(
    severities: list[str], status: str, kind: str, level: Level
) -> None:
    shown = PresentationSettings(alert=AlertPresentation(level=level, sound="siren.caf"))
    cap = {"status": status, "msg_type": kind, "info": [{"severity": one} for one in severities]}
    one = shown.of_alert(cap)
    if kind == "Cancel":
        assert one == shown.withdrawn
        return
    order = list(Level)
    assert order.index(one.level) <= order.index(level)
    assert (one.sound, one.channel) == ("siren.caf", "alerts"), "an alert sounds, also a minor one"
    if set(severities) == {"Minor"}:
        assert one.level in {Level.PASSIVE, Level.ACTIVE}
    elif level != Level.CRITICAL:
        assert one.level == level
    else:
        severe = status == "Actual" and {"Extreme", "Severe"} & set(severities)
        assert one.level == (Level.CRITICAL if severe else Level.TIME_SENSITIVE)


# -- the threads of cases ----------------------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32), st.text(max_size=40), st.uuids(), st.text(max_size=40), st.uuids())
def test_a_thread_is_one_case_of_one_person_and_says_nothing_of_either(
    key: bytes, person: str, case: Any, other: str, another: Any
) -> None:
    threads = Threads(key)
    name = threads.name(person, case)
    assert re.fullmatch("[A-Za-z0-9_-]{22}", name)
    assert name == threads.name(person, str(case)), "as the driver of either database hands the id over"
    assert str(case) not in name
    assert (threads.name(other, case) == name) == (other == person)
    assert (threads.name(person, another) == name) == (another == case)
    assert Threads(bytes(32)).name(person, case) != name or key == bytes(32)


async def register(door: Door, token: str, person: str = "wang", **more: Any) -> None:
    phone = {"provider": "fcm", "token": token, "platform": "ios", "language": "en", **more}
    (await door.citizen(person).post("/v1/devices", phone)).created()


async def test_messages_of_one_case_thread_and_collapse_and_those_of_another_stay(
    door: Door, sandbox: FcmSandbox
) -> None:
    await register(door, "phone-0001")
    await register(door, "phone-0002", platform="android")
    one, two = str(uuid4()), str(uuid4())
    for case in (one, one, two, one, None):
        await send(door, "wang", case_id=case)
    await until(lambda: len(sandbox.received) == 10)
    seen: dict[str, set[str]] = {}
    for received in sandbox.received:
        message = received.message
        shown, apns = message["android"]["notification"], message["apns"]
        name = shown["tag"]
        assert name == apns["headers"]["apns-collapse-id"]
        assert apns["payload"]["aps"].get("thread-id", message["data"]["message_id"]) == name
        assert "collapse_key" not in message["android"], "Google would keep four for a phone that is off"
        seen.setdefault(name, set()).add(message["data"]["message_id"])
    threads = door.platform[THREADS]
    assert len(seen.pop(threads.name("wang", one))) == 3
    assert len(seen.pop(threads.name("wang", two))) == 1
    [(name, ids)] = seen.items()
    assert ids == {name}, "what is about no case stands by itself"
    assert len((await door.citizen("wang").get("/v1/inbox")).ok()["items"]) == 5, "the inbox has them all"

    # A service has a message before that is written down.    await until_equal(Delivery.filter(state="sent").count, 10)


async def test_two_people_of_one_case_have_names_of_their_own(door: Door, sandbox: FcmSandbox) -> None:
    case = str(uuid4())
    for number, person in enumerate(("wang", "li")):
        await register(door, f"phone-000{number}", person)
        await send(door, person, case_id=case)
    await until(lambda: len(sandbox.received) == 2)
    assert len({one.message["android"]["notification"]["tag"] for one in sandbox.received}) == 2


async def test_the_key_of_threads_is_made_once_and_a_broken_one_is_named(tmp_path: Path) -> None:
    plugins = {"mobile_push": "mobile_push"}
    names = set()
    for _ in range(2):
        async with open_door(tmp_path, plugins) as door:
            names.add(door.platform[THREADS].name("wang", "c"))
            file = door.platform.settings.keys_folder / KEY_FILE
    assert len(names) == 1
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(b"short")
    with pytest.raises(ValueError, match=f"{KEY_FILE}.*delete it"):
        async with open_door(tmp_path, plugins):
            pass


# -- pictures ----------------------------------------------------------------------------------------------------

NO_PICTURES = {
    "a host inside the house": "https://10.0.0.7/a.png",
    "this machine": "https://127.0.0.1/a.png",
    "this machine by IPv6": "https://[::1]/a.png",
    "a name of one word": "https://intranet/a.png",
    "a name of one network": "https://pictures.local/a.png",
    "a link-local address": "https://169.254.169.254/a.png",
    "half an IPv6 address": "https://[::1/a.png",
    "a port that is none": "https://city.example:99999/a.png",
    "a password": "https://user:secret@city.example/a.png",
    "Chinese in the path": "https://city.example/图.png",
    "a Chinese host": "https://城市.example/a.png",
    "an empty label": "https://city..example/a.png",
    "a drawing": "https://city.example/a.SVG",
    "a page": "https://city.example/a.html?b=c.png",
}


@pytest.mark.parametrize("case", NO_PICTURES)
def test_a_picture_that_no_phone_could_show_is_refused_with_what_to_do(case: str) -> None:
    assert wrong_with_picture(NO_PICTURES[case]).endswith(".")


@pytest.mark.parametrize(
    "address",
    [
        "https://city.example/a.png",
        "https://cdn.city.example:8443/a?size=2#x",
        "https://8.8.8.8/a.jpg",
        "https://xn--fiq228c.example/%E5%9B%BE",
    ],
)
def test_a_picture_of_a_public_host_is_taken(address: str) -> None:
    assert wrong_with_picture(address) == ""


NOTICE = {
    "department": "traffic",
    "title": {"zh-CN": "停水通知", "en": "No water on Friday"},
    "body": {"zh-CN": "周五9时至12时停水。", "en": "Friday, 9 to 12."},
    "audience": {"everyone": True},
}
PICTURE = "https://city.example/water.png"


def publisher(door: Door) -> Any:
    return door.staff("sun", "traffic:publisher")


async def test_a_bad_picture_of_a_notice_is_refused_at_its_field(door: Door) -> None:
    for address in NO_PICTURES.values():
        reply = await publisher(door).post("/v1/notices", {**NOTICE, "image": address})
        problem = reply.problem(422, "invalid-fields")
        assert [one["pointer"] for one in problem["problems"]] == ["/image"], address


async def test_a_notice_comes_with_its_picture_and_by_default_without_a_sound(door: Door, sandbox: FcmSandbox) -> None:
    await register(door, "phone-0001")
    (await publisher(door).post("/v1/notices", {**NOTICE, "image": PICTURE})).created()
    (await publisher(door).post("/v1/notices", NOTICE)).created()
    await until(lambda: len(sandbox.received) == 2)
    # Of two that are sent at the same moment either may arrive first.
    messages = sorted((one.message for one in sandbox.received), key=lambda one: "image" not in one["notification"])
    pictured, plain = messages
    assert pictured["notification"]["image"] == PICTURE
    assert pictured["apns"]["fcm_options"] == {"image": PICTURE}
    assert pictured["apns"]["payload"]["aps"] == {"interruption-level": "passive", "mutable-content": 1}
    assert plain["apns"]["payload"]["aps"] == {"interruption-level": "passive"}
    assert "fcm_options" not in plain["apns"]
    assert plain["android"]["notification"]["channel_id"] == "notices"
    assert "sound" not in plain["android"]["notification"]


async def test_a_copy_of_a_notice_bears_no_picture_and_no_word(door: Door, sandbox: FcmSandbox) -> None:
    await register(door, "phone-0001")
    row = await Broadcast.create(
        kind="notice", department="traffic", state="published", title=NOTICE["title"], body=NOTICE["body"], link="/n",
        image=PICTURE, audience={"people": {"items": ["zone-pass"], "states": ["approved"]}}, author="sun",
        created_at=datetime.now(UTC), expires_at=datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    await inbox_messages.store(door.platform, [new_message(kind="notice", title=row.title)], 3600, broadcast=row)
    door.platform[PUSH].wake()
    await until(lambda: len(sandbox.received) == 1)
    raw = sandbox.received[0].raw.decode()
    assert "city.example" not in raw
    assert "停水" not in raw
    assert sandbox.received[0].message["android"]["notification"]["channel_id"] == "notices"


# -- the preview -------------------------------------------------------------------------------------------------


@pytest.fixture
async def everywhere(tmp_path: Path, sandbox: FcmSandbox) -> AsyncIterator[tuple[Door, WebPushSandbox]]:
    """A platform with FCM and Web Push, and the latter's sandbox."""
    write_key(tmp_path / "webpush.pem")
    account = sandbox.service_account_file(tmp_path / "account.json")
    fcm = {
        "service_account_file": str(account),
        "base_url": sandbox.base_url,
        "topics_url": sandbox.topics_url,
        "at_once": 10,
    }
    web = {"private_key_file": str(tmp_path / "webpush.pem"), "contact": "mailto:push@city.example", "loopback": True}
    own = {"fcm": fcm, "webpush": web, "alerts": {"sender": "alerts@city.example"}, "one_person": ["traffic"]}
    async with WebPushSandbox() as service, open_door(tmp_path, PLUGINS, settings={"mobile_push": own}) as door:
        yield door, service


async def test_the_preview_shows_to_the_letter_what_each_platform_gets_in_both_languages(
    everywhere: tuple[Door, WebPushSandbox], sandbox: FcmSandbox
) -> None:
    door, service = everywhere
    for language in LANGUAGES:
        await register(door, f"phone-{language}", language=language)
        subscription = service.subscribe(door.platform[PUSH].webpush_key)
        web = {"provider": "webpush", "platform": "web", "language": language, "subscription": subscription}
        (await door.citizen("wang").post("/v1/devices", web)).created()
    sun = publisher(door)
    draft = (await sun.post("/v1/notices", {**NOTICE, "image": PICTURE, "draft": True})).created()
    shown = (await sun.get(draft["links"]["preview"])).ok()
    assert set(shown["platforms"]) == {"android", "ios", "web"}
    (await sun.post(f"{draft['links']['self']}/actions/publish", {})).ok()
    await until(lambda: len(sandbox.received) == 2 and len(service.received) == 2)
    platforms = shown["platforms"]
    for received in sandbox.received:
        message = received.message
        language = message["token"].removeprefix("phone-")
        assert message["notification"]["title"] == NOTICE["title"][language]  # type: ignore[index]
        android, ios = platforms["android"][language], platforms["ios"][language]
        assert android["notification"] == {**message["notification"], **message["android"]["notification"]}
        assert android["data"] == message["data"]
        assert ios["payload"]["aps"] == {
            "alert": {"title": NOTICE["title"][language], "body": NOTICE["body"][language]},  # type: ignore[index]
            **message["apns"]["payload"]["aps"],
        }
        assert ios["payload"]["fcm_options"] == message["apns"]["fcm_options"]
        for name in ("apns-push-type", "apns-priority", "apns-collapse-id"):
            assert ios["headers"][name] == message["apns"]["headers"][name]
    titles = {one.message["title"]: one for one in service.received}
    for language in LANGUAGES:
        got = titles[NOTICE["title"][language]]  # type: ignore[index]
        assert platforms["web"][language]["payload"] == got.message
        assert got.message["image"] == PICTURE
        assert got.message["silent"] is True
        assert got.headers["Urgency"] == platforms["web"][language]["headers"]["Urgency"]


async def test_the_preview_of_a_notice_to_named_people_shows_what_their_phones_get(door: Door) -> None:
    audience = {"people": {"items": ["zone-pass"], "states": ["approved"]}}
    draft = (await publisher(door).post("/v1/notices", {**NOTICE, "audience": audience, "draft": True})).created()
    shown = (await publisher(door).get(draft["links"]["preview"])).ok()
    told = orjson.dumps([shown["providers"], shown["platforms"]]).decode()
    for word in (*NOTICE["title"].values(), *NOTICE["body"].values()):  # type: ignore[attr-defined]
        assert word not in told
    alert = shown["platforms"]["ios"]["en"]["payload"]["aps"]["alert"]
    assert alert == {"title": "You have a new message about your case"}


# -- Web Push ----------------------------------------------------------------------------------------------------


async def test_a_browser_gets_the_thread_as_tag_and_topic(everywhere: tuple[Door, WebPushSandbox]) -> None:
    door, service = everywhere
    web = {"provider": "webpush", "platform": "web", "subscription": service.subscribe(door.platform[PUSH].webpush_key)}
    (await door.citizen("wang").post("/v1/devices", web)).created()
    case = str(uuid4())
    for one in (case, case, None):
        await send(door, "wang", case_id=one)
    await until(lambda: len(service.received) == 3)
    name = door.platform[THREADS].name("wang", case)
    tagged = [(one.message["tag"], one.message.get("thread"), one.headers.get("Topic")) for one in service.received]
    assert tagged.count((name, name, name)) == 2
    [alone] = [one for one in tagged if one[0] != name]
    assert alone[1:] == (None, None)
    assert {one.message["silent"] for one in service.received} == {False}


# -- alerts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "level"),
    [("Extreme", "time-sensitive"), ("Severe", "time-sensitive"), ("Unknown", "time-sensitive"), ("Minor", "active")],
)
async def test_an_alert_sounds_on_an_iphone_and_has_a_channel_on_android(
    everywhere: tuple[Door, WebPushSandbox], sandbox: FcmSandbox, severity: str, level: str
) -> None:
    door, _ = everywhere
    await register(door, "phone-0001")
    local = door.platform.now().astimezone(door.platform.settings.timezone)
    info = {
        "language": "en", "category": ["Met"], "event": "Storm", "urgency": "Immediate", "severity": severity,
        "certainty": "Observed", "headline": "Storm",
        "expires": (local + timedelta(hours=1)).isoformat(timespec="seconds"),
        "area": [{"area_desc": "Mianyang", "geocode": [{"value_name": "GB/T 2260", "value": "510700"}]}],
    }  # fmt: skip
    alert = {
        "department": "traffic", "status": "Actual", "msg_type": "Alert", "scope": "Public", "info": [info],
        "audience": {"everyone": True},
    }  # fmt: skip
    draft = (await publisher(door).post("/v1/alerts", {**alert, "draft": True})).created()
    shown = (await publisher(door).get(draft["links"]["preview"])).ok()
    (await publisher(door).post(f"/v1/alerts/{draft['id']}/actions/publish", {})).ok()
    await until(lambda: len(sandbox.received) == 1)
    message = sandbox.received[0].message
    aps = message["apns"]["payload"]["aps"]
    assert (aps["interruption-level"], aps["sound"]) == (level, "default")
    assert message["apns"]["headers"]["apns-priority"] == "10"
    assert message["android"]["notification"]["channel_id"] == "alerts"
    assert message["android"]["notification"]["visibility"] == "PUBLIC"
    assert shown["platforms"]["ios"]["en"]["payload"]["aps"]["interruption-level"] == level
