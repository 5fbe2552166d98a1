"""Who follows which topic, who is to, and what reaches them."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from banshi import LANGUAGES
from banshi.testing import Door
from mobile_push.audience.quiet_hours import quiet_for
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Broadcast, Device, Follow, Profile, Silence, TopicChange, TopicRound
from tests.mobile_push.conftest import none_of
from tests.mobile_push.delivery.fan_out import broadcast, ended, publish
from tests.waiting import until

TOPICS = {"weather": {"zh-CN": "天气", "en": "Weather"}, "water": {"zh-CN": "停水", "en": "Water"}}


async def settled() -> None:
    """Until everybody who was there before is written down, and the provider has been told everything."""
    await until(TopicRound.filter(complete=True).exists)
    await until(lambda: none_of(TopicChange.all()))


async def register(door: Door, person: str, token: str, language: str = "zh-CN") -> str:
    body = {"provider": "fcm", "token": token, "platform": "android", "language": language}
    reply = await door.citizen(person).post("/v1/devices", body)
    return str(reply.created()["id"])


async def follow(door: Door, person: str, **wishes: Any) -> None:
    (await door.citizen(person).call("PATCH", "/v1/preferences", json=wishes)).ok()


async def expected(door: Door) -> dict[str, set[str]]:
    """Whoever is to follow what, by the phones and wishes that there are."""
    (round_,) = await TopicRound.filter(active=True)
    found: dict[str, set[str]] = {}
    for device in await Device.filter(provider="fcm"):
        follows = [row.topic for row in await Follow.filter(person=device.person)]
        names = ["everyone"]
        names += [f"department.{one[11:]}" if one.startswith("department:") else f"topic.{one}" for one in follows]
        for name in names:
            found.setdefault(f"{round_.round}.{name}.{device.language}", set()).add(device.token)
        profile = await Profile.get_or_none(person=device.person)
        minds = profile is not None and (profile.quiet_from is not None or not profile.notices)
        if minds or await Silence.filter(person=device.person, about__startswith="notice:").exists():
            found.setdefault(f"{round_.round}.minded", set()).add(device.token)
    return found


def followed(sandbox: FcmSandbox) -> dict[str, set[str]]:
    return {topic: set(tokens) for topic, tokens in sandbox.topics.followers.items() if tokens}


async def alert(door: Door, audience: dict[str, Any], kind: str = "alert") -> Broadcast:
    return await publish(door, await broadcast(door, kind, audience=audience))


async def heard(one: Broadcast) -> Counter[str]:
    """What became of it, once nothing of it is due any more but what waits for quiet hours."""
    return await ended(one, code__not="quiet hours")


def reached(sandbox: FcmSandbox, one: Broadcast) -> Counter[str]:
    """The phones on which a broadcast arrived, however, and how often."""
    found: Counter[str] = Counter()
    for received in sandbox.received:
        if received.message["data"]["message_id"] == str(one.id):
            found.update([received.token] if received.followers is None else received.followers)
    return found


def sends(sandbox: FcmSandbox, one: Broadcast) -> int:
    return sum(received.message["data"]["message_id"] == str(one.id) for received in sandbox.received)


def hours() -> tuple[dict[str, str], dict[str, str]]:
    """Quiet hours that last, and some that are far from now."""
    now = datetime.now(UTC)
    return tuple(  # type: ignore[return-value]
        {"from": f"{now + timedelta(hours=start):%H:%M}", "until": f"{now + timedelta(hours=end):%H:%M}"}
        | {"timezone": "UTC"}
        for start, end in ((-2, 3), (7, 9))
    )


async def awake() -> tuple[set[str], set[str]]:
    """The phones that a notice to everyone is to reach at once, and those that it mustn't."""
    woken: set[str] = set()
    left: set[str] = set()
    for device in await Device.all():
        wishes = await Profile.get_or_none(person=device.person) or Profile(person=device.person)
        wait = quiet_for(wishes.quiet_from, wishes.quiet_until, wishes.timezone, datetime.now(UTC))
        (woken if wishes.notices and not wait else left).add(device.token)
    return woken, left


PEOPLE, TOKENS = ("wang", "li", "smith"), tuple(f"phone-token-{number}" for number in range(5))


async def something(door: Door, chance: random.Random) -> None:
    """One thing that a phone or its owner does; it may come too late, as somebody else has the phone by now."""
    person, token = chance.choice(PEOPLE), chance.choice(TOKENS)
    citizen, language = door.citizen(person), chance.choice(LANGUAGES)
    phones = (await citizen.get("/v1/devices")).ok()["items"]
    phone = f"/v1/devices/{chance.choice(phones)['id']}" if phones else "/v1/devices/none"
    match chance.randrange(9):
        case 0 | 1 | 2:
            body = {"provider": "fcm", "token": token, "platform": "android", "language": language}
            reply = await citizen.post("/v1/devices", body)
        case 3:
            reply = await citizen.call("PATCH", phone, json={"language": language})
        case 4:
            reply = await citizen.call("PATCH", phone, json={"token": token, "language": language})
        case 5 | 6:
            topics = [one for one in TOPICS if chance.random() < 0.5]
            wishes: dict[str, Any] = {"topics": topics, "departments": ["traffic"] * chance.randrange(2)}
            if chance.random() < 0.5:
                wishes |= {"notices": chance.random() < 0.6, "quiet_hours": chance.choice([None, *hours()])}
            reply = await citizen.call("PATCH", "/v1/preferences", json=wishes)
        case 7:
            reply = await citizen.call("DELETE", phone)
        case _:
            reply = await citizen.call("DELETE", "/v1/me/push")
    assert reply.status in {200, 201, 204, 400, 404, 409, 422}, reply
