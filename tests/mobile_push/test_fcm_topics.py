"""Alerts by FCM's topics: who follows is who should, and everybody is reached, by the topic or by their token."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from banshi import LANGUAGES
from banshi.testing import Door
from mobile_push.broadcasts import publication
from mobile_push.models import Broadcast, Chunk, Device, FanOut, Follow, TopicChange, TopicRound
from mobile_push.sandbox import FcmSandbox
from mobile_push.service import PUSH

Until = Callable[..., Awaitable[None]]

TITLE = {"zh-CN": "台风红色预警", "en": "Typhoon: red warning"}
TOPICS = {"weather": {"zh-CN": "天气", "en": "Weather"}, "water": {"zh-CN": "停水", "en": "Water"}}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here, and nobody waits for what was under way when topics were turned on."""
    monkeypatch.setattr("mobile_push.delivery.parcel.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("mobile_push.delivery.parcel.LONGEST_PAUSE", 0.2)
    monkeypatch.setattr("mobile_push.delivery.parcel.OPERATOR_PAUSE", 0.1)
    monkeypatch.setattr("mobile_push.delivery.courier.LONGEST_SLEEP", 0.05)
    monkeypatch.setattr("mobile_push.delivery.pace.FIRST_REST", 0.05)
    monkeypatch.setattr("mobile_push.delivery.pace.LONGEST_REST", 0.2)
    monkeypatch.setattr("mobile_push.topics.rounds.SETTLING", 0.0)
    monkeypatch.setattr("mobile_push.topics.keeper.LOOK", 0.02)
    monkeypatch.setattr("mobile_push.topics.keeper.STEP", 7)


@pytest.fixture
def open_topics(open_push: Any) -> Any:
    """A platform whose alerts go by topic."""

    def opened(*, fcm: dict[str, Any] | None = None, **settings: Any) -> Any:
        return open_push(fcm={"topics": True, **(fcm or {})}, topics=TOPICS, **settings)

    return opened


@pytest.fixture
async def door(open_topics: Any, settled: Any) -> Any:
    async with open_topics() as opened:
        await settled(opened)
        yield opened


@pytest.fixture
def settled(until: Until) -> Callable[[Door], Awaitable[None]]:
    """`await settled(door)`: everybody was there before is written down, and the provider has been told everything."""

    async def waited(door: Door) -> None:
        async def told() -> bool:
            return await TopicRound.filter(complete=True).exists() and not await TopicChange.exists()

        await until(told)

    return waited


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
    return found


def followed(sandbox: FcmSandbox) -> dict[str, set[str]]:
    return {topic: set(tokens) for topic, tokens in sandbox.followers.items() if tokens}


async def alert(door: Door, audience: dict[str, Any], kind: str = "alert", **changes: Any) -> Broadcast:
    now = door.platform.now()
    values: dict[str, Any] = {
        "kind": kind,
        "department": "traffic",
        "state": "draft",
        "title": TITLE,
        "body": {"zh-CN": "请勿外出", "en": "Stay inside"},
        "link": "/alerts/1",
        "audience": audience,
        "author": "li",
        "created_at": now,
        "expires_at": now + timedelta(hours=1),
    }
    one = await Broadcast.create(**values | changes)
    push = door.platform[PUSH]
    published = await publication.publish(door.platform, one, push.couriered)
    await push.announce()
    return published


@pytest.fixture
def ended(until: Until) -> Callable[..., Awaitable[Counter[str]]]:
    """`await ended(broadcast)`: what became of it, once nothing of it is due any more."""

    async def waited(one: Broadcast) -> Counter[str]:
        async def over() -> bool:
            walks = await FanOut.filter(broadcast_id=one.id, state="due").count()
            return not walks and not await Chunk.filter(broadcast_id=one.id, state="due").count()

        await until(over)
        total: Counter[str] = Counter()
        for chunk in await Chunk.filter(broadcast_id=one.id):
            total.update(chunk.outcomes)
        return total

    return waited


def reached(sandbox: FcmSandbox, one: Broadcast) -> Counter[str]:
    """The phones on which a broadcast arrived, however, and how often."""
    found: Counter[str] = Counter()
    for received in sandbox.received:
        if received.message["data"]["message_id"] == str(one.id):
            found.update([received.token] if received.followers is None else received.followers)
    return found


def sends(sandbox: FcmSandbox, one: Broadcast) -> int:
    return sum(received.message["data"]["message_id"] == str(one.id) for received in sandbox.received)


async def test_an_alert_to_everyone_is_one_request_a_language_and_reaches_each_phone_once_in_its_own(
    door: Door, sandbox: FcmSandbox, settled: Any, ended: Any
) -> None:
    for number in range(6):
        await register(door, f"wang-{number}", f"chinese-{number}")
        await register(door, f"smith-{number}", f"english-{number}", "en")
    await settled(door)
    one = await alert(door, {"everyone": True})
    assert await ended(one) == Counter({"handed": 2})
    assert sends(sandbox, one) == len(LANGUAGES) == 2
    assert reached(sandbox, one) == Counter(device.token for device in await Device.all())
    for received in sandbox.received:
        language = received.token.rpartition(".")[2]
        assert received.message["notification"]["title"] == TITLE[language]
        assert {token[:7] for token in received.followers or ()} == {"english" if language == "en" else "chinese"}


async def test_what_is_known_of_a_topic_is_that_it_was_handed_over_and_no_figure_of_phones(
    door: Door, settled: Any, ended: Any
) -> None:
    for number in range(3):
        await register(door, f"wang-{number}", f"phone-token-{number}")
    await settled(door)
    one = await alert(door, {"everyone": True})
    await ended(one)
    assert (await FanOut.get(broadcast_id=one.id)).found == 0
    for chunk in await Chunk.filter(broadcast_id=one.id):
        assert (chunk.size, chunk.devices, chunk.outcomes, chunk.state) == (0, b"", {"handed": 1}, "done")


async def test_a_phone_that_the_provider_was_not_told_of_yet_is_reached_by_its_token(
    door: Door, sandbox: FcmSandbox, settled: Any, ended: Any
) -> None:
    await register(door, "wang", "phone-token-1")
    await settled(door)
    sandbox.behaviour.topic_faults = {"phone-token-2": "INTERNAL", "phone-token-3": "TOO_MANY_TOPICS"}
    await register(door, "li", "phone-token-2")
    await register(door, "zhang", "phone-token-3", "en")
    one = await alert(door, {"everyone": True})
    assert await ended(one) == Counter({"handed": 2, "accepted": 2})
    assert reached(sandbox, one) == Counter(["phone-token-1", "phone-token-2", "phone-token-3"])
    assert (await FanOut.get(broadcast_id=one.id)).found == 2


#: Audience, kind, and how many topics it is handed to.
AUDIENCES: list[tuple[dict[str, Any], str, int]] = [
    ({"everyone": True}, "alert", 2),
    ({"everyone": True, "topics": ["weather"]}, "alert", 2),
    ({"topics": ["weather"]}, "alert", 2),
    ({"departments": ["traffic"]}, "alert", 2),
    ({"topics": ["weather", "water"]}, "alert", 0),
    ({"topics": ["weather"], "departments": ["traffic"]}, "alert", 0),
    ({"topics": ["weather"], "divisions": ["330100"]}, "alert", 0),
    ({"divisions": ["330100"]}, "alert", 0),
    ({"everyone": True}, "notice", 0),
    ({"topics": ["weather"]}, "notice", 0),
]


async def test_an_audience_goes_by_topic_where_it_is_one_and_reaches_the_same_phones_either_way(
    door: Door, sandbox: FcmSandbox, settled: Any, ended: Any
) -> None:
    for number, wishes in enumerate(
        [{}, {"topics": ["weather"]}, {"topics": ["weather", "water"]}, {"departments": ["traffic"]}]
    ):
        await register(door, f"wang-{number}", f"phone-token-{number}", ("zh-CN", "en")[number % 2])
        if wishes:
            await follow(door, f"wang-{number}", **wishes)
    await settled(door)
    for audience, kind, handed in AUDIENCES:
        one = await alert(door, audience, kind)
        outcomes = await ended(one)
        wanted = {f"phone-token-{number}" for number in range(4)} if "everyone" in audience else set()
        if "weather" in audience.get("topics", ()):
            wanted |= {"phone-token-1", "phone-token-2"}
        if "departments" in audience:
            wanted |= {"phone-token-3"}
        assert reached(sandbox, one) == Counter(wanted), (audience, kind)
        assert outcomes == +Counter(handed=handed, accepted=0 if handed else len(wanted)), (audience, kind)
