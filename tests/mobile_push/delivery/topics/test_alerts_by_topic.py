"""Alerts by FCM's topics: who follows is who should, and everybody is reached, by the topic or by their token."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from typing import Any

import pytest

from banshi import LANGUAGES
from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door
from mobile_push.broadcasts import publication
from mobile_push.phones import registration
from mobile_push.phones.erasure import end_deliveries
from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import (
    Broadcast,
    Chunk,
    Device,
    FanOut,
    TopicChange,
    TopicRound,
)
from tests.mobile_push.conftest import none_of
from tests.mobile_push.delivery.fan_out import TITLE, ended
from tests.mobile_push.delivery.topics.followers import (
    TOKENS,
    alert,
    awake,
    expected,
    follow,
    followed,
    heard,
    reached,
    register,
    sends,
    settled,
    something,
)
from tests.waiting import until


async def test_an_alert_to_everyone_is_one_request_a_language_and_reaches_each_phone_once_in_its_own(
    door: Door, sandbox: FcmSandbox
) -> None:
    for number in range(6):
        await register(door, f"wang-{number}", f"chinese-{number}")
        await register(door, f"smith-{number}", f"english-{number}", "en")
    await settled()
    one = await alert(door, {"everyone": True})
    assert await ended(one) == Counter({"handed": 2})
    assert sends(sandbox, one) == len(LANGUAGES) == 2
    assert reached(sandbox, one) == Counter(device.token for device in await Device.all())
    for received in sandbox.received:
        language = received.token.rpartition(".")[2]
        assert received.message["notification"]["title"] == TITLE[language]
        assert {token[:7] for token in received.followers or ()} == {"english" if language == "en" else "chinese"}


async def test_what_is_known_of_a_topic_is_that_it_was_handed_over_and_no_figure_of_phones(door: Door) -> None:
    for number in range(3):
        await register(door, f"wang-{number}", f"phone-token-{number}")
    await settled()
    one = await alert(door, {"everyone": True})
    assert await ended(one) == Counter({"handed": 2})
    assert (await FanOut.get(broadcast_id=one.id)).found == 0
    for chunk in await Chunk.filter(broadcast_id=one.id):
        assert (chunk.size, chunk.devices, chunk.outcomes, chunk.state) == (0, b"", {"handed": 1}, "done")


async def test_a_phone_that_the_provider_was_not_told_of_yet_is_reached_by_its_token(
    door: Door, sandbox: FcmSandbox
) -> None:
    await register(door, "wang", "phone-token-1")
    await settled()
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
    door: Door, sandbox: FcmSandbox
) -> None:
    for number, wishes in enumerate(
        [{}, {"topics": ["weather"]}, {"topics": ["weather", "water"]}, {"departments": ["traffic"]}]
    ):
        await register(door, f"wang-{number}", f"phone-token-{number}", ("zh-CN", "en")[number % 2])
        if wishes:
            await follow(door, f"wang-{number}", **wishes)
    await settled()
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


async def test_who_follows_is_who_should_after_whatever_phones_and_people_do_at_once(
    open_topics: Any, sandbox: FcmSandbox, database: str
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
            await settled()
            assert followed(sandbox) == await expected(door)
            most = max(most, len(followed(sandbox)))
        assert most >= 4, "phones of both languages, and topics, were among it"
        assert sum(sends(sandbox, one) for one in await Broadcast.all()) >= 12


async def test_a_wish_beside_a_phone_that_changes_hands_leaves_nobody_in_a_topic_that_they_dont_follow(
    open_topics: Any, sandbox: FcmSandbox, database: str, monkeypatch: pytest.MonkeyPatch
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
        await settled()
        monkeypatch.setattr(registration, "end_deliveries", end_deliveries_slowly)
        (await door.citizen("li").call("PATCH", f"/v1/devices/{phone}", json={"token": "phone-token-1"})).ok()
        assert wish is not None
        await wish
        await settled()
        assert [set(tokens) for tokens in followed(sandbox).values()] == [{"phone-token-1"}]
        assert followed(sandbox) == await expected(door)


async def test_turning_topics_on_lets_everybody_who_is_there_follow_and_turning_them_off_ends_it(
    open_topics: Any, sandbox: FcmSandbox
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
        await settled()
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
        await settled()
        second = await expected(door)
        assert {topic: tokens for topic, tokens in followed(sandbox).items() if topic not in first} == second
        one = await alert(door, {"topics": ["weather"]})
        assert await ended(one) == Counter(handed=2)
        assert reached(sandbox, one) == Counter(f"phone-token-{number:02}" for number in (6, 9, 12, 15, 18))


async def test_before_everybody_is_written_down_an_alert_goes_to_each_phone_by_its_token(
    open_topics: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_push.audience.topic_names.SETTLING_S", 60.0)
    async with open_topics() as door:
        await register(door, "wang", "phone-token-1")
        one = await alert(door, {"everyone": True})
        assert await ended(one) == Counter(accepted=1)
        assert await TopicChange.filter(follow=True).count() == 1


async def test_no_change_is_ticked_off_while_a_message_to_topics_is_under_way(door: Door, sandbox: FcmSandbox) -> None:
    phone = await register(door, "wang", "phone-token-1")
    await settled()
    sandbox.behaviour.unavailable_share = 1.0
    one = await alert(door, {"everyone": True})
    await until(Chunk.filter(broadcast_id=one.id, code="UNAVAILABLE").exists)
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
    await settled()
    assert followed(sandbox) == await expected(door)


async def test_a_recalled_alert_goes_to_no_topic_any_more(door: Door, sandbox: FcmSandbox) -> None:
    await register(door, "wang", "phone-token-1")
    await settled()
    sandbox.behaviour.unavailable_share = 1.0
    one = await alert(door, {"everyone": True})
    await until(lambda: sandbox.answers["UNAVAILABLE"] >= 2)
    await publication.recall(door.platform, one, door.platform.now())
    await ended(one)
    sandbox.behaviour.unavailable_share = 0.0
    await register(door, "li", "phone-token-2")
    await settled()
    assert sends(sandbox, one) == 0


async def test_a_later_wish_is_carried_out_after_an_earlier_one_that_is_under_way(
    door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
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
    await settled()
    assert not followed(sandbox)
    assert len(sandbox.topics.followers) == 1


async def test_a_phone_that_the_provider_will_not_have_is_asked_for_again_tomorrow_and_goes_by_token(
    door: Door, sandbox: FcmSandbox
) -> None:
    sandbox.behaviour.topic_faults = {"phone-token-1": "TOO_MANY_TOPICS"}
    phone = await register(door, "wang", "phone-token-1")
    await until(TopicChange.filter(code="TOO_MANY_TOPICS").exists)
    change = await TopicChange.get(code="TOO_MANY_TOPICS")
    assert change.not_before / 1000 - time.time() > 80_000
    assert await ended(await alert(door, {"everyone": True})) == Counter(handed=2, accepted=1)
    assert (await door.citizen("wang").call("DELETE", f"/v1/devices/{phone}")).status == 204
    await until(lambda: none_of(TopicChange.all()))


async def test_nothing_is_asked_before_its_retry_after_and_then_nothing_is_lost(
    door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
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
    await settled()
    assert len(calls) == 2
    assert calls[1] - calls[0] >= 1.0
    assert followed(sandbox) == await expected(door)


async def test_of_several_processes_one_carries_changes_out_and_another_goes_on_when_it_stops(
    open_topics: Any, sandbox: FcmSandbox
) -> None:
    async with open_topics() as second:
        async with open_topics() as first:
            await register(first, "wang", "phone-token-1")
            await settled()
            (holder,) = await TopicRound.all().values_list("holder", flat=True)
            await register(second, "li", "phone-token-2")
            await settled()
            assert await TopicRound.all().values_list("holder", flat=True) == [holder]
        await register(second, "zhang", "phone-token-3")
        await settled()
        assert followed(sandbox) == await expected(second)


async def test_a_setting_that_says_neither_yes_nor_no_is_refused_by_name(open_topics: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"mobile_push.*topics"):
        async with open_topics("always"):
            pass
