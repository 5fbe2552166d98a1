"""Phones on which nobody has signed in: alerts and notices of their area, and nobody behind them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from banshi.testing import Door, Person, Reply
from mobile_push.phones import upkeep
from mobile_push.phones.anonymous import flood
from mobile_push.phones.anonymous.flood import REGISTRATIONS
from mobile_push.phones.anonymous.subjects import subject_of
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import AnonymousDevice, Broadcast, Device, Follow, Profile
from tests.mobile_push.conftest import deliveries, hurry, send, until_equal
from tests.mobile_push.delivery.fan_out import TITLE
from tests.mobile_push.delivery.topics import followers
from tests.mobile_push.delivery.topics.followers import alert, settled
from tests.waiting import until

PHONE = "tourist-phone-0001"
HERE, ELSEWHERE = {"division": "510703"}, {"division": "110101"}
TOPICS = {"weather": {"zh-CN": "天气", "en": "Weather"}}

#: All that there may be of one phone.
TABLES = (Device, AnonymousDevice, Follow, Profile)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here."""
    hurry(monkeypatch, {"delivery.planner.MAX_SLEEP_S": 0.05, "audience.topic_names.SETTLING_S": 0.0})


async def ask(door: Door, token: str = PHONE, **changes: Any) -> Reply:
    body = {"provider": "fcm", "token": token, "platform": "android", **changes}
    return await door.anyone.post("/v1/devices/anonymous", body)


async def registered(door: Door, token: str = PHONE, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await ask(door, token, **changes)).created()
    return made


async def change(door: Door, made: dict[str, Any], secret: str | None = None, **body: Any) -> Reply:
    headers = {"Device-Secret": made["secret"] if secret is None else secret}
    return await door.anyone.call("PATCH", made["device"]["links"]["self"], json=body, headers=headers)


async def forget(door: Door, made: dict[str, Any], secret: str | None = None) -> Reply:
    headers = {"Device-Secret": made["secret"] if secret is None else secret}
    return await door.anyone.call("DELETE", made["device"]["links"]["self"], headers=headers)


async def signed_in(person: Person, token: str = PHONE) -> dict[str, Any]:
    body = {"provider": "fcm", "token": token, "platform": "android"}
    made: dict[str, Any] = (await person.post("/v1/devices", body)).created()
    return made


async def rows() -> list[int]:
    return [await model.all().count() for model in TABLES]


def reached(sandbox: FcmSandbox, one: Broadcast) -> list[str]:
    """The phones on which a broadcast arrived, as often as it did."""
    return sorted(followers.reached(sandbox, one).elements())


async def age(made: dict[str, Any], days: float) -> None:
    device = await Device.get(id=made["device"]["id"])
    await Device.filter(id=device.id).update(seen_at=device.seen_at - timedelta(days=days))


# -- what it gets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["alert", "notice"])
async def test_a_broadcast_for_an_area_reaches_an_anonymous_phone_there_and_none_elsewhere(
    door: Door, sandbox: FcmSandbox, kind: str
) -> None:
    await registered(door, "english-phone", area=HERE, language="en")
    await registered(door, "faraway-phone", area=ELSEWHERE)
    await registered(door, "nowhere-phone")
    one = await alert(door, {"divisions": ["510700"]}, kind)
    await until(lambda: sandbox.received)
    last = await alert(door, {"everyone": True})
    await until(lambda: len(reached(sandbox, last)) == 3)
    assert reached(sandbox, one) == ["english-phone"]
    (received,) = [each for each in sandbox.received if each.message["data"]["message_id"] == str(one.id)]
    assert received.message["notification"]["title"] == TITLE["en"]


async def test_a_place_a_topic_and_a_department_reach_it_as_they_reach_any_phone(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_push(topics=TOPICS) as door:
        place = {"location": {"latitude": 31.46712, "longitude": 104.67934}}
        made = await registered(door, "placed-phone", area=place, topics=["weather"], departments=["traffic"])
        # A hundred metres are kept, as of any phone.
        assert made["device"]["area"]["location"] == {"latitude": 31.467, "longitude": 104.679}
        await registered(door, "other-phone")
        circle = {"center": [104.679, 31.467], "radius_km": 1}
        ones = [
            await alert(door, audience, "notice")
            for audience in ({"circles": [circle]}, {"topics": ["weather"]}, {"departments": ["traffic"]})
        ]
        await until(lambda: len(sandbox.received) == 3)
        assert [reached(sandbox, one) for one in ones] == [["placed-phone"]] * 3


async def test_its_quiet_hours_and_its_wish_for_no_notices_hold_and_alerts_pass_both(
    door: Door, sandbox: FcmSandbox
) -> None:
    now = door.platform.city_time()
    begins, ends = (now - timedelta(hours=1)).strftime("%H:%M"), (now + timedelta(hours=1)).strftime("%H:%M")
    quiet = {"from": begins, "until": ends, "timezone": "Asia/Shanghai"}
    await registered(door, "quiet-phone", quiet_hours=quiet)
    await registered(door, "unwilling-phone", notices=False)
    await registered(door, "willing-phone")
    notice = await alert(door, {"everyone": True}, "notice")
    warning = await alert(door, {"everyone": True})
    await until(lambda: len(sandbox.received) == 4)
    assert reached(sandbox, notice) == ["willing-phone"]
    assert reached(sandbox, warning) == ["quiet-phone", "unwilling-phone", "willing-phone"]


async def test_a_public_notice_is_read_without_a_token_and_a_draft_or_one_to_people_is_not(door: Door) -> None:
    publisher = door.staff("sun", "traffic:publisher")
    body = {"department": "traffic", "title": TITLE, "content": {"zh-CN": "**细节**", "en": "**Details**"}}
    public = (await publisher.post("/v1/notices", {**body, "audience": {"divisions": ["510703"]}})).created()
    draft = (await publisher.post("/v1/notices", {**body, "audience": {"everyone": True}, "draft": True})).created()
    people = {"people": {"items": ["zone-pass"], "states": ["approved"]}}
    named = (await publisher.post("/v1/notices", {**body, "audience": people})).created()
    path = f"/v1/notices/{public['id']}"
    assert "Details" in str((await door.anyone.get(path, headers={"Accept-Language": "en"})).ok())
    for hidden in (draft, named):
        (await door.anyone.get(f"/v1/notices/{hidden['id']}")).problem(404, "not-found")


async def test_no_personal_message_reaches_it_and_no_token_may_bear_its_subject(
    door: Door, sandbox: FcmSandbox
) -> None:
    made = await registered(door)
    subject = subject_of(UUID(made["device"]["id"]))
    for path in ("/v1/inbox", "/v1/devices", "/v1/preferences"):
        (await door.citizen(subject).get(path)).problem(401, "unauthenticated")
    await signed_in(door.citizen("wang"), "phone-of-wang")
    personal = await send(door, "wang")
    await until(lambda: sandbox.received)
    assert [(one.token, one.message["data"]["message_id"]) for one in sandbox.received] == [
        ("phone-of-wang", personal.id)
    ]
    assert {str(row["device_id"]) for row in await deliveries(door)} & {made["device"]["id"]} == set()


async def test_topics_of_the_provider_have_it_until_it_signs_in_and_the_person_from_then_on(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    def following() -> set[str]:
        return {topic.partition(".")[2] for topic, tokens in sandbox.topics.followers.items() if PHONE in tokens}

    async with open_push(fcm={"topics": True}, topics=TOPICS) as door:
        await settled()
        made = await registered(door, topics=["weather"])
        await settled()
        assert following() == {"everyone.zh-CN", "topic.weather.zh-CN"}
        one = await alert(door, {"topics": ["weather"]})
        await until(lambda: reached(sandbox, one) == [PHONE])
        await signed_in(door.citizen("wang"))
        await settled()
        # What the phone wished before is not the person's wish.
        assert following() == {"everyone.zh-CN"}
        (await change(door, made)).problem(404, "not-found")
        every = await alert(door, {"everyone": True})
        await until(lambda: reached(sandbox, every) == [PHONE])


# -- its life -----------------------------------------------------------------------------------------------------


async def test_it_is_shown_what_it_sent_and_its_secret_once_and_neither_token_nor_secret_is_stored_as_they_are(
    door: Door,
) -> None:
    reply = await ask(door, area=HERE, language="en", departments=["traffic"])
    made = reply.created()
    device = made["device"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert device["area"] == {"division": "510703", "location": None}
    assert (device["language"], device["departments"], device["notices"]) == ("en", ["traffic"], True)
    assert len(made["secret"]) >= 43
    shown = await change(door, made)
    assert shown.ok() == {**device, "ends_at": shown.ok()["ends_at"]}
    assert PHONE.encode() not in reply.body + shown.body
    assert made["secret"].encode() not in shown.body
    (row,) = await AnonymousDevice.all()
    assert made["secret"] not in row.secret_hash
    # Nothing of a person, and nothing of the connection.
    stored = {name: str(value) for model in TABLES for one in await model.all() for name, value in dict(one).items()}
    assert not [name for name, value in stored.items() if "127.0.0.1" in value or made["secret"] in value]


async def test_it_changes_its_token_its_area_its_language_and_its_wishes(door: Door, sandbox: FcmSandbox) -> None:
    made = await registered(door, area=HERE, departments=["traffic"])
    body = {"token": "renewed-token", "area": ELSEWHERE, "language": "en", "departments": [], "notices": False}
    changed = (await change(door, made, **body)).ok()
    assert (changed["area"]["division"], changed["language"]) == ("110101", "en")
    assert (changed["departments"], changed["notices"]) == ([], False)
    one = await alert(door, {"divisions": ["110000"]})
    await until(lambda: reached(sandbox, one) == ["renewed-token"])
    assert (await change(door, made, area=None)).ok()["area"] is None


async def test_it_removes_itself_and_nothing_is_left(door: Door) -> None:
    made = await registered(door, area=HERE, departments=["traffic"])
    assert await rows() == [1, 1, 1, 1]
    assert (await forget(door, made)).status == 204
    assert await rows() == [0, 0, 0, 0]
    (await forget(door, made)).problem(404, "not-found")
    (await change(door, made)).problem(404, "not-found")


async def test_the_same_phone_again_is_one_registration_and_the_secret_before_ends(
    door: Door, sandbox: FcmSandbox
) -> None:
    first = await registered(door, area=HERE, departments=["traffic"])
    again = await registered(door, area=HERE)
    assert first["device"]["id"] != again["device"]["id"]
    assert await rows() == [1, 1, 0, 0]
    (await change(door, first)).problem(404, "not-found")
    one = await alert(door, {"divisions": ["510703"]})
    await until(lambda: reached(sandbox, one) == [PHONE])


async def test_the_same_phone_many_times_at_once_is_one_registration(door: Door) -> None:
    replies = await asyncio.gather(*(ask(door, departments=["traffic"]) for _ in range(12)))
    assert {reply.status for reply in replies} <= {201, 409}
    assert await rows() == [1, 1, 1, 1]


async def test_at_sign_in_the_phone_is_the_persons_and_the_anonymous_one_ends_without_a_second_alert(
    door: Door, sandbox: FcmSandbox
) -> None:
    made = await registered(door, area=HERE, departments=["traffic"])
    wang = door.citizen("wang")
    device = await signed_in(wang)
    assert device["id"] != made["device"]["id"]
    # Where the phone was at home before is not taken over: whose it was is not known.
    assert device["area"] is None
    assert await rows() == [1, 0, 0, 0]
    (await change(door, made)).problem(404, "not-found")
    one = await alert(door, {"everyone": True})
    last = await alert(door, {"everyone": True})
    await until(lambda: reached(sandbox, last))
    assert reached(sandbox, one) == [PHONE]
    assert len((await wang.get("/v1/devices")).ok()["items"]) == 1


async def test_a_persons_phone_that_takes_its_token_ends_it_too(door: Door) -> None:
    await registered(door, departments=["traffic"])
    wang = door.citizen("wang")
    device = await signed_in(wang, "another-token")
    (await wang.call("PATCH", f"/v1/devices/{device['id']}", json={"token": PHONE})).ok()
    assert await rows() == [1, 0, 0, 0]


async def test_use_puts_its_end_off_and_an_ended_one_is_refused_and_forgotten(door: Door) -> None:
    made, other = await registered(door, area=HERE, departments=["traffic"]), await registered(door, "another-phone")
    await age(made, 89)
    later = (await change(door, made)).ok()
    assert later["ends_at"] >= made["device"]["ends_at"]
    assert await upkeep.forget_ended(door.platform, 90) == 0
    await age(made, 91)
    problem = (await change(door, made)).problem(404, "not-found")
    assert "登记" in problem["detail"]
    assert await upkeep.forget_ended(door.platform, 90) == 1
    assert await rows() == [1, 1, 0, 0]
    assert (await change(door, other)).status == 200


async def test_a_dead_token_is_forgotten_as_others_are_and_what_is_left_of_it_a_round_later(
    door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MAX_PHONES_A_STEP", 2)
    good = [f"good-token-{number}" for number in range(5)]
    for token in good:
        await registered(door, token, departments=["traffic"])
    # The service is believed by what it takes; and of its dead addresses once it has taken something after them.
    heard = await alert(door, {"everyone": True})
    await until(lambda: reached(sandbox, heard) == good)
    sandbox.behaviour.unregistered = {f"dead-token-{number}" for number in range(5)}
    for number in range(5):
        made = await registered(door, f"dead-token-{number}", departments=["traffic"])
    heard = await alert(door, {"everyone": True})
    await until(lambda: reached(sandbox, heard) == good)
    await alert(door, {"everyone": True})
    await until_equal(Device.all().count, 5)
    (await change(door, made)).problem(404, "not-found")
    assert await upkeep.forget_ended(door.platform, 90) == 0
    assert await rows() == [5, 5, 5, 5]


# -- hostile ------------------------------------------------------------------------------------------------------


async def test_a_wrong_secret_and_another_phones_id_change_and_tell_nothing(door: Door) -> None:
    made, other = await registered(door), await registered(door, "another-phone")
    person = await signed_in(door.citizen("wang"), "phone-of-wang")
    before = [dict(row) for model in TABLES for row in await model.all()]
    answers = set()
    for secret in ("", "x", other["secret"], made["secret"][:-1], "秘密".encode().decode("latin-1"), "a" * 5000):
        for reply in (await change(door, made, secret, language="en"), await forget(door, made, secret)):
            answers.add(reply.problem(404, "not-found")["detail"])
    for identity in (str(uuid4()), person["id"], "nonsense", "' OR 1=1 --"):
        path = f"/v1/devices/anonymous/{identity}"
        headers = {"Device-Secret": made["secret"]}
        (await door.anyone.call("DELETE", path, headers=headers)).problem(404, "not-found")
    assert len(answers) == 1
    assert [dict(row) for model in TABLES for row in await model.all()] == before
    # Nor is it anybody's who has signed in.
    (await door.citizen("wang").delete(f"/v1/devices/{made['device']['id']}")).problem(404, "not-found")
    (await door.citizen("wang").call("PATCH", made["device"]["links"]["self"], json={})).problem(400, "token-not-taken")


async def test_the_phone_of_somebody_who_has_signed_in_is_not_taken_from_them(door: Door, sandbox: FcmSandbox) -> None:
    await signed_in(door.citizen("wang"))
    problem = (await ask(door)).problem(409, "conflict")
    assert "退出登录" in problem["detail"]
    made = await registered(door, "another-phone")
    (await change(door, made, token=PHONE)).problem(409, "conflict")
    await send(door, "wang")
    await until(lambda: sandbox.received)
    assert sandbox.received[0].token == PHONE


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"area": {"division": "510003"}}, "/area/division"),
    ({"area": {"division": "510703999999999"}}, "/area/division"),
    ({"area": {"location": {"latitude": 91, "longitude": 0}}}, "/area/location/latitude"),
    ({"area": {}}, "/area"),
    ({"topics": ["no-such-topic"]}, "/topics/0"),
    ({"departments": ["no-such"]}, "/departments/0"),
    ({"language": "xx"}, "/language"),
    ({"quiet_hours": {"from": "22:00", "until": "22:00", "timezone": "Asia/Shanghai"}}, "/quiet_hours/until"),
    ({"silent_categories": ["posting"]}, ""),
    ({"person": "wang"}, ""),
    ({"token": "short"}, "/token"),
]


async def test_what_there_isnt_is_refused_and_nothing_is_registered_or_changed(door: Door) -> None:
    made = await registered(door, "another-phone")
    for body, pointer in WRONG:
        for reply in (await ask(door, **body), await change(door, made, **body)):
            pointers = [one["pointer"] for one in reply.problem(422, "invalid-fields")["problems"]]
            assert pointers, body
            assert pointers[0].startswith(pointer), body
    assert await rows() == [1, 1, 0, 0]


async def test_a_stream_needs_somebody_who_has_signed_in(door: Door) -> None:
    problem = (await ask(door, provider="stream")).problem(422, "invalid-fields")
    told = "没有配置这种推送方式；可用的有：fcm。"
    assert problem["problems"] == [{"pointer": "/provider", "detail": told, "code": "unavailable"}]


async def test_ten_thousand_registrations_from_one_connection_are_slowed_down_and_leave_room_for_others(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    registrations = flood.Registrations(
        senders=flood.Senders(clock=lambda: clock[0]),
        all=flood.Bucket(2 * flood.OF_ONE[0], 2 * flood.OF_ONE[1], clock=lambda: clock[0]),
    )
    for name in ("senders", "all"):
        setattr(door.platform[REGISTRATIONS], name, getattr(registrations, name))

    class Request:
        def __init__(self, remote: str) -> None:
            self.remote = remote

    def taken(remote: str) -> bool:
        try:
            registrations.one_more(Request(remote))  # type: ignore[arg-type]
        except flood.TooManyRequests:
            return False
        return True

    assert sum(taken("192.0.2.1") for _ in range(10_000)) == 120
    assert sum(taken("192.0.2.2") for _ in range(10_000)) == 120
    # Over the network, from a third sender: all together have had what there is.
    reply = await ask(door)
    problem = reply.problem(429, "too-many-requests")
    assert int(reply.headers["Retry-After"]) >= 1
    assert "请稍等片刻" in problem["detail"]
    assert await rows() == [0, 0, 0, 0]
    clock[0] += 1.0
    assert (await ask(door)).status == 201


async def test_as_many_as_may_be_are_registered_and_a_phone_that_is_there_registers_again(open_push: Any) -> None:
    async with open_push(anonymous={"devices": 3}) as door:
        for number in range(3):
            await registered(door, f"tourist-{number}")
        reply = await ask(door)
        assert "登录" in reply.problem(429, "too-many-requests")["detail"]
        assert reply.headers["Retry-After"] == "3600"
        again = await registered(door, "tourist-1")
        assert (await forget(door, again)).status == 204
        assert (await ask(door)).status == 201
        # People who sign in have nothing to do with that.
        await signed_in(door.citizen("wang"), "phone-of-wang")


async def test_none_is_taken_where_none_may_be(open_push: Any) -> None:
    async with open_push(anonymous={"devices": 0}) as door:
        (await ask(door)).problem(429, "too-many-requests")
