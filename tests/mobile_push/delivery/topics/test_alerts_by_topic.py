"""Alerts by FCM's topics: who follows is who should, and everybody is reached, by the topic or by their token."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from banshi import LANGUAGES
from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door
from mobile_push.audience.quiet_hours import quiet_for
from mobile_push.broadcasts import publication
from mobile_push.delivery.service import PUSH
from mobile_push.phones import registration
from mobile_push.phones.erasure import end_deliveries
from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import (
    Broadcast,
    Chunk,
    Device,
    FanOut,
    Follow,
    Profile,
    Silence,
    TopicChange,
    TopicRound,
)
from tests.mobile_push.conftest import hurry

Until = Callable[..., Awaitable[None]]

TITLE = {"zh-CN": "台风红色预警", "en": "Typhoon: red warning"}
TOPICS = {"weather": {"zh-CN": "天气", "en": "Weather"}, "water": {"zh-CN": "停水", "en": "Water"}}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here, and nobody waits for what was under way when topics were turned on."""
    hurry(
        monkeypatch,
        {
            "delivery.claims.delivery_job.OPERATOR_PAUSE_S": 0.1,
            "delivery.planner.MAX_SLEEP_S": 0.05,
            "audience.topic_names.SETTLING_S": 0.0,
            "delivery.topics.sync.LOOK_S": 0.02,
            "delivery.topics.sync.MAX_PHONES_A_STEP": 7,
        },
    )


@pytest.fixture
def open_topics(open_push: Any) -> Any:
    """A platform whose alerts go by topic."""

    def opened(topics: Any = True, **settings: Any) -> Any:
        return open_push(fcm={"topics": topics}, topics=TOPICS, **settings)

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
        profile = await Profile.get_or_none(person=device.person)
        minds = profile is not None and (profile.quiet_from is not None or not profile.notices)
        if minds or await Silence.filter(person=device.person, about__startswith="notice:").exists():
            found.setdefault(f"{round_.round}.minded", set()).add(device.token)
    return found


def followed(sandbox: FcmSandbox) -> dict[str, set[str]]:
    return {topic: set(tokens) for topic, tokens in sandbox.topics.followers.items() if tokens}


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


@pytest.fixture
def heard(until: Until) -> Callable[..., Awaitable[Counter[str]]]:
    """`await heard(notice)`: what became of it, once nothing of it is due any more but what waits for quiet hours."""

    async def waited(one: Broadcast) -> Counter[str]:
        async def over() -> bool:
            walks = await FanOut.filter(broadcast_id=one.id, state="due").count()
            return (
                not walks and not await Chunk.filter(broadcast_id=one.id, state="due", code__not="quiet hours").count()
            )

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
    assert await ended(one) == Counter({"handed": 2})
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
    ({"everyone": True}, "notice", 2),
    ({"topics": ["weather"]}, "notice", 2),
    ({"departments": ["traffic"]}, "notice", 2),
    ({"topics": ["weather", "water"]}, "notice", 0),
    ({"divisions": ["330100"]}, "notice", 0),
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


async def test_who_follows_is_who_should_after_whatever_phones_and_people_do_at_once(
    open_topics: Any, sandbox: FcmSandbox, settled: Any, ended: Any, heard: Any, database: str
) -> None:
    chance, most = random.Random(11), 0
    async with open_topics(database=database) as door:
        # What happens at once is another order each time: until enough of it was there.
        for count in range(12):
            if count >= 6 and most >= 4:
                break
            faults = ("INTERNAL", "UNAVAILABLE", "PERMISSION_DENIED")
            sandbox.behaviour.topic_faults = {token: chance.choice(faults) for token in TOKENS if chance.random() < 0.3}
            for _ in range(6):
                await asyncio.gather(*(something(door, chance) for _ in range(3)))
            # Whatever is still under way: whoever is there gets an alert, though perhaps twice.
            phones = {device.token for device in await Device.all()}
            one = await alert(door, {"everyone": True})
            await ended(one)
            assert phones <= set(reached(sandbox, one))
            woken, left = await awake()
            one = await alert(door, {"everyone": True}, "notice")
            await heard(one)
            assert woken <= set(reached(sandbox, one))
            assert not left & set(reached(sandbox, one))
            sandbox.behaviour.topic_faults = {}
            await settled(door)
            assert followed(sandbox) == await expected(door)
            most = max(most, len(followed(sandbox)))
        assert most >= 4, "phones of both languages, and topics, were among it"
        assert sum(sends(sandbox, one) for one in await Broadcast.all()) >= 12


async def test_a_wish_beside_a_phone_that_changes_hands_leaves_nobody_in_a_topic_that_they_dont_follow(
    open_topics: Any, sandbox: FcmSandbox, settled: Any, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former owner wishes for a topic while the new one takes the phone; neither sees what the other writes yet."""
    wish: asyncio.Task[None] | None = None

    async def end_deliveries_slowly(platform: Any, connection: Any, device: Any, person: str) -> None:
        nonlocal wish
        wish = asyncio.create_task(follow(door, "wang", topics=["water"]))
        await asyncio.wait([wish], timeout=0.3)
        await end_deliveries(platform, connection, device, person)

    async with open_topics(database=database) as door:
        await register(door, "wang", "phone-token-1")
        phone = await register(door, "li", "phone-token-2")
        await settled(door)
        monkeypatch.setattr(registration, "end_deliveries", end_deliveries_slowly)
        (await door.citizen("li").call("PATCH", f"/v1/devices/{phone}", json={"token": "phone-token-1"})).ok()
        assert wish is not None
        await wish
        await settled(door)
        assert [set(tokens) for tokens in followed(sandbox).values()] == [{"phone-token-1"}]
        assert followed(sandbox) == await expected(door)


async def test_turning_topics_on_lets_everybody_who_is_there_follow_and_turning_them_off_ends_it(
    open_topics: Any, sandbox: FcmSandbox, settled: Any, ended: Any
) -> None:
    async with open_topics(False) as door:
        for number in range(20):
            await register(door, f"wang-{number}", f"phone-token-{number:02}", ("zh-CN", "en")[number % 2])
            if number % 3 == 0:
                await follow(door, f"wang-{number}", topics=["weather"])
        assert (await ended(await alert(door, {"everyone": True}))) == Counter(accepted=20)
        assert not await TopicRound.exists()
        assert not await TopicChange.exists()
    async with open_topics() as door:
        await settled(door)
        first = await expected(door)
        assert followed(sandbox) == first
        assert sum(map(len, first.values())) == 20 + 7
    async with open_topics() as door:
        assert await expected(door) == first, "a restart changes nothing"
        assert (await ended(await alert(door, {"everyone": True}))) == Counter(handed=2)
        sandbox.behaviour.topic_faults = {"phone-token-00": "INTERNAL"}
        await follow(door, "wang-0", topics=[])
    sandbox.behaviour.topic_faults = {}
    async with open_topics(False) as door:
        assert not await TopicChange.exists(), "no token stays behind"
        assert (await ended(await alert(door, {"everyone": True}))) == Counter(accepted=20)
        await follow(door, "wang-3", topics=[])
    async with open_topics() as door:
        await settled(door)
        second = await expected(door)
        assert {topic: tokens for topic, tokens in followed(sandbox).items() if topic not in first} == second
        one = await alert(door, {"topics": ["weather"]})
        assert await ended(one) == Counter(handed=2)
        assert reached(sandbox, one) == Counter(f"phone-token-{number:02}" for number in (6, 9, 12, 15, 18))


async def test_before_everybody_is_written_down_an_alert_goes_to_each_phone_by_its_token(
    open_topics: Any, sandbox: FcmSandbox, ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_push.audience.topic_names.SETTLING_S", 60.0)
    async with open_topics() as door:
        await register(door, "wang", "phone-token-1")
        one = await alert(door, {"everyone": True})
        assert await ended(one) == Counter(accepted=1)
        assert await TopicChange.filter(follow=True).count() == 1


async def test_no_change_is_ticked_off_while_a_message_to_topics_is_under_way(
    door: Door, sandbox: FcmSandbox, settled: Any, ended: Any, until: Until
) -> None:
    phone = await register(door, "wang", "phone-token-1")
    await settled(door)
    sandbox.behaviour.unavailable_share = 1.0
    one = await alert(door, {"everyone": True})

    async def planned() -> bool:
        return await Chunk.filter(broadcast_id=one.id, code="UNAVAILABLE").exists()

    await until(planned)
    # Neither of the two messages has gone out, and the phone changes from one topic to the other.
    (await door.citizen("wang").call("PATCH", f"/v1/devices/{phone}", json={"language": "en"})).ok()
    await asyncio.sleep(0.2)
    assert await TopicChange.all().count() == 2
    assert list(followed(sandbox).values()) == [{"phone-token-1"}]
    sandbox.behaviour.unavailable_share = 0.0
    outcomes = await ended(one)
    assert outcomes["handed"] == 2
    assert outcomes["later"] >= 2
    assert sends(sandbox, one) == 2
    assert reached(sandbox, one) == Counter(["phone-token-1"])
    await settled(door)
    assert followed(sandbox) == await expected(door)


async def test_a_recalled_alert_goes_to_no_topic_any_more(
    door: Door, sandbox: FcmSandbox, settled: Any, ended: Any, until: Until
) -> None:
    await register(door, "wang", "phone-token-1")
    await settled(door)
    sandbox.behaviour.unavailable_share = 1.0
    one = await alert(door, {"everyone": True})
    await until(lambda: sandbox.answers["UNAVAILABLE"] >= 2)
    await publication.recall(door.platform, one, door.platform.now())
    await ended(one)
    sandbox.behaviour.unavailable_share = 0.0
    await register(door, "li", "phone-token-2")
    await settled(door)
    assert sends(sandbox, one) == 0


async def test_a_later_wish_is_carried_out_after_an_earlier_one_that_is_under_way(
    door: Door, sandbox: FcmSandbox, settled: Any, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, subscribe = asyncio.Event(), asyncio.Event(), FcmProvider.subscribe

    async def slow(self: Any, topic: str, tokens: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await subscribe(self, topic, tokens)

    monkeypatch.setattr(FcmProvider, "subscribe", slow)
    phone = await register(door, "wang", "phone-token-1")
    await begun.wait()
    assert (await door.citizen("wang").call("DELETE", f"/v1/devices/{phone}")).status == 204
    await asyncio.sleep(0.1)
    assert not followed(sandbox)
    go_on.set()
    await settled(door)
    assert not followed(sandbox)
    assert len(sandbox.topics.followers) == 1


async def test_a_phone_that_the_provider_will_not_have_is_asked_for_again_tomorrow_and_goes_by_token(
    door: Door, sandbox: FcmSandbox, until: Until, ended: Any
) -> None:
    sandbox.behaviour.topic_faults = {"phone-token-1": "TOO_MANY_TOPICS"}
    phone = await register(door, "wang", "phone-token-1")

    async def refused() -> bool:
        return await TopicChange.filter(code="TOO_MANY_TOPICS").exists()

    await until(refused)
    change = await TopicChange.get(code="TOO_MANY_TOPICS")
    assert change.not_before / 1000 - time.time() > 80_000
    assert await ended(await alert(door, {"everyone": True})) == Counter(handed=2, accepted=1)
    assert (await door.citizen("wang").call("DELETE", f"/v1/devices/{phone}")).status == 204

    async def gone() -> bool:
        return not await TopicChange.exists()

    await until(gone)


async def test_nothing_is_asked_before_its_retry_after_and_then_nothing_is_lost(
    door: Door, sandbox: FcmSandbox, settled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []
    subscribe = FcmProvider.subscribe

    async def noted(self: Any, topic: str, tokens: Any) -> Any:
        calls.append(time.monotonic())
        receipts = await subscribe(self, topic, tokens)
        sandbox.behaviour.quota_share = 0.0
        return receipts

    sandbox.behaviour.quota_share, sandbox.behaviour.quota_retry_after = 1.0, 1
    monkeypatch.setattr(FcmProvider, "subscribe", noted)
    await register(door, "wang", "phone-token-1")
    await settled(door)
    assert len(calls) == 2
    assert calls[1] - calls[0] >= 1.0
    assert followed(sandbox) == await expected(door)


async def test_of_several_processes_one_carries_changes_out_and_another_goes_on_when_it_stops(
    open_topics: Any, sandbox: FcmSandbox, settled: Any, until: Until
) -> None:
    async with open_topics() as second:
        async with open_topics() as first:
            await register(first, "wang", "phone-token-1")
            await settled(second)
            (holder,) = await TopicRound.all().values_list("holder", flat=True)
            await register(second, "li", "phone-token-2")
            await settled(second)
            assert await TopicRound.all().values_list("holder", flat=True) == [holder]
        await register(second, "zhang", "phone-token-3")
        await settled(second)
        assert followed(sandbox) == await expected(second)


async def test_a_setting_that_says_neither_yes_nor_no_is_refused_by_name(open_topics: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"mobile_push.*topics"):
        async with open_topics("always"):
            pass
