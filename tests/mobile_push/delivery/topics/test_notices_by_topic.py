"""Notices by FCM's topics: nobody is missed, and nobody is woken who wished to be left alone."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from banshi import LANGUAGES
from banshi.testing import Door
from mobile_push.audience import quiet_hours
from mobile_push.audience.topic_names import topic_name
from mobile_push.broadcasts import publication
from mobile_push.reports.report import report_of
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Broadcast, Chunk, Device, FanOut, TopicChange, TopicRound
from tests.mobile_push.delivery.fan_out import TITLE, ended
from tests.mobile_push.delivery.topics.followers import (
    alert,
    awake,
    expected,
    follow,
    followed,
    heard,
    hours,
    reached,
    register,
    sends,
    settled,
    something,
)
from tests.waiting import until

NOW, LATER = hours()


@pytest.fixture(autouse=True)
def stubborn(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, no topic is given up while a test lets its notice wait."""
    monkeypatch.setattr("mobile_push.delivery.claims.delivery_job.MAX_ATTEMPTS", 10_000)


async def notice(door: Door, audience: dict[str, Any] | None = None) -> Broadcast:
    return await alert(door, audience or {"everyone": True}, "notice")


async def city(door: Door) -> None:
    """Six phones in two languages; the owners of two of them have quiet hours, which are over for one of them."""
    for number in range(3):
        await register(door, f"wang-{number}", f"chinese-{number}")
        await register(door, f"smith-{number}", f"english-{number}", "en")
    await follow(door, "wang-0", quiet_hours=NOW)
    await follow(door, "smith-0", quiet_hours=LATER)
    await settled()


async def waiting(door: Door, sandbox: FcmSandbox) -> Broadcast:
    """A notice that the provider, which is down, has refused for each topic, and is asked for by nobody just now."""
    sandbox.behaviour.unavailable_share = 1.0
    one = await notice(door)
    await until(lambda: refused(one))
    return one


async def condition(language: str) -> str:
    """What is asked of the provider for all phones of a language whose owners don't mind."""
    name = (await TopicRound.get()).round
    return f"'{name}.everyone.{language}' in topics && !('{name}.minded' in topics)"


async def refused(one: Broadcast) -> bool:
    due = await Chunk.filter(broadcast_id=one.id, state="due").values_list("code", "lease_until")
    return set(due) == {("UNAVAILABLE", 0)}


EVERYBODY = {f"{language}-{number}" for language in ("chinese", "english") for number in range(3)}


async def test_a_notice_to_everyone_is_one_request_a_language_and_one_for_each_phone_whose_owner_minds(
    door: Door, sandbox: FcmSandbox
) -> None:
    await city(door)
    assert followed(sandbox) == await expected(door)
    one = await notice(door)
    assert await heard(one) == Counter(handed=2, accepted=1, later=1)
    assert reached(sandbox, one) == Counter(EVERYBODY - {"chinese-0"})
    assert sends(sandbox, one) == 3
    for received in sandbox.received:
        if received.followers is not None:
            language = "en" if ".en'" in received.token else "zh-CN"
            assert received.message["notification"]["title"] == TITLE[language]
            assert {token[:7] for token in received.followers} == {"english" if language == "en" else "chinese"}
            assert received.message["android"]["priority"] == "NORMAL"
    assert (await FanOut.get(broadcast_id=one.id)).found == 2


async def test_a_report_says_what_was_handed_to_topics_and_counts_those_who_were_walked(door: Door) -> None:
    await city(door)
    one = await notice(door)
    await heard(one)
    report = (await report_of(door.platform, one)).document(door.platform)
    assert [topic["state"] for topic in report["topics"]] == ["handed to topic"] * 2
    assert report["total"]["phones"] == 2
    assert report["total"]["accepted"] == report["total"]["waiting"] == 1
    assert report["total"]["waiting_for"] == {"quiet hours": 1}


async def test_one_in_quiet_hours_is_not_woken_by_a_topic_and_gets_the_notice_when_they_end(
    open_topics: Any, sandbox: FcmSandbox, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_topics(database=database) as door:
        await city(door)
        one = await notice(door)
        await heard(one)
        assert "chinese-0" not in reached(sandbox, one)
        (held,) = await Chunk.filter(broadcast_id=one.id, code="quiet hours")
        assert (held.size, held.state) == (1, "due")

        def morning(begins: Any, ends: Any, zone: str, now: Any) -> float:
            return quiet_hours.quiet_for(begins, ends, zone, now + timedelta(hours=4))

        monkeypatch.setattr("mobile_push.delivery.phones.quiet_for", morning)
        await Chunk.filter(id=held.id).update(not_before=0)
        assert (await ended(one))["accepted"] == 2
        assert reached(sandbox, one) == Counter(EVERYBODY)


async def test_one_who_wishes_no_notices_gets_none_and_alerts_as_before(door: Door, sandbox: FcmSandbox) -> None:
    await city(door)
    await follow(door, "wang-1", notices=False)
    await follow(door, "wang-0", quiet_hours=None)
    await settled()
    one = await notice(door)
    assert await ended(one) == Counter(handed=2, accepted=1, unwanted=1)
    assert reached(sandbox, one) == Counter(EVERYBODY - {"chinese-1"})
    warning = await alert(door, {"everyone": True})
    assert await ended(warning) == Counter(handed=2)
    assert reached(sandbox, warning) == Counter(EVERYBODY)
    assert all("condition" not in one.message for one in sandbox.received if one.message["data"]["kind"] == "alert")


@pytest.mark.parametrize("wishes", [{"quiet_hours": NOW}, {"notices": False}])
async def test_one_who_wishes_so_a_moment_before_publication_is_not_woken(
    open_topics: Any, sandbox: FcmSandbox, database: str, wishes: Any
) -> None:
    async with open_topics(database=database) as door:
        await city(door)
        sandbox.behaviour.topic_faults = {"chinese-2": "INTERNAL"}
        await follow(door, "wang-2", **wishes)
        one = await notice(door)
        outcomes = await heard(one)
        assert outcomes["handed"] == 0, "the provider doesn't know yet"
        assert reached(sandbox, one) == Counter(EVERYBODY - {"chinese-0", "chinese-2"})
        sandbox.behaviour.topic_faults = {}
        await settled()
        another = await notice(door)
        assert (await heard(another))["handed"] == 2
        assert reached(sandbox, another) == Counter(EVERYBODY - {"chinese-0", "chinese-2"})


async def test_one_who_wishes_so_while_a_notice_waits_for_the_provider_is_not_woken_and_nobody_is_missed(
    open_topics: Any, sandbox: FcmSandbox, database: str
) -> None:
    async with open_topics(database=database) as door:
        await city(door)
        one = await waiting(door, sandbox)
        await follow(door, "wang-2", quiet_hours=NOW)
        sandbox.behaviour.unavailable_share = 0.0
        outcomes = await heard(one)
        assert outcomes["handed"] == 0
        assert outcomes["by token"] == 2
        assert reached(sandbox, one) == Counter(EVERYBODY - {"chinese-0", "chinese-2"})
        assert (await report_of(door.platform, one)).topics == []
        await settled()
        assert followed(sandbox) == await expected(door)


async def test_one_whose_wishes_end_while_a_notice_waits_is_not_missed(door: Door, sandbox: FcmSandbox) -> None:
    await city(door)
    one = await waiting(door, sandbox)
    await follow(door, "wang-0", quiet_hours=None)
    await asyncio.sleep(0.1)
    sandbox.behaviour.unavailable_share = 0.0
    outcomes = await ended(one)
    assert (outcomes["handed"], outcomes["accepted"]) == (2, 2)
    assert reached(sandbox, one) == Counter(EVERYBODY)


async def test_one_whose_wishes_have_ended_is_reached_by_the_topic_again(door: Door, sandbox: FcmSandbox) -> None:
    await city(door)
    for person in ("wang-0", "smith-0"):
        await follow(door, person, quiet_hours=None)
    await settled()
    assert followed(sandbox) == await expected(door)
    one = await notice(door)
    assert await ended(one) == Counter(handed=2)
    assert reached(sandbox, one) == Counter(EVERYBODY)


async def test_whatever_people_do_while_a_notice_waits_nobody_is_missed_or_woken_against_their_wish(
    open_topics: Any, sandbox: FcmSandbox, database: str
) -> None:
    chance, handed = random.Random(5), 0
    async with open_topics(database=database) as door:
        for number in range(3):
            await register(door, f"quiet-{number}", f"quiet-token-{number}", ("zh-CN", "en")[number % 2])
        for _ in range(8):
            await settled()
            one = await waiting(door, sandbox)
            for _ in range(chance.randrange(4)):
                await something(door, chance)
            woken, left = await awake()
            sandbox.behaviour.unavailable_share = 0.0
            handed += (await heard(one))["handed"]
            assert woken <= set(reached(sandbox, one))
            assert not left & set(reached(sandbox, one))
    assert handed, "topics were used"


async def test_with_a_cap_a_notice_goes_to_each_phone_and_is_counted_and_an_alert_to_the_topic(
    open_topics: Any, sandbox: FcmSandbox
) -> None:
    async with open_topics(notices_a_day=1) as door:
        await register(door, "wang", "phone-token-1")
        await settled()
        assert await ended(await notice(door)) == Counter(accepted=1)
        assert await ended(await notice(door)) == Counter({"enough today": 1})
        assert await ended(await alert(door, {"everyone": True})) == Counter(handed=2)
        assert (await Device.get()).notices == 1


@pytest.mark.parametrize(
    ("language", "fault", "more"), [("zh-CN", "INVALID_ARGUMENT", {"later": 1}), ("en", "INTERNAL", {"later": 3})]
)
async def test_a_condition_that_the_provider_will_not_have_or_fails_again_and_again_costs_nobody_the_notice(
    door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch, language: str, fault: str, more: Any
) -> None:
    await city(door)
    monkeypatch.setattr("mobile_push.delivery.claims.delivery_job.MAX_ATTEMPTS", 2)
    sandbox.behaviour.faults = {await condition(language): fault}
    one = await notice(door)
    assert await heard(one) == Counter({"handed": 1, "by token": 1, "accepted": 3, **more})
    assert reached(sandbox, one) == Counter(EVERYBODY - {"chinese-0"})
    assert not await Chunk.filter(state="parked").exists()


@pytest.mark.parametrize(
    ("topics", "settings", "handed", "walked", "counted"),
    [(True, {}, 2, 1, 0), (False, {}, 0, 5, 0), (True, {"notices_a_day": 1}, 0, 5, 5)],
    ids=["as before", "without topics", "with a cap"],
)
async def test_a_notice_that_waits_when_a_server_stops_is_gone_on_with_by_the_next_as_that_one_is_set(
    open_topics: Any, sandbox: FcmSandbox, topics: bool, settings: Any, handed: int, walked: int, counted: int
) -> None:
    async with open_topics() as door:
        await city(door)
        one = await waiting(door, sandbox)
    sandbox.behaviour.unavailable_share = 0.0
    async with open_topics(topics, **settings):
        outcomes = await heard(one)
        assert (outcomes["handed"], outcomes["accepted"]) == (handed, walked)
        assert reached(sandbox, one) == Counter(EVERYBODY - {"chinese-0"})
        assert await Device.filter(notices=1).count() == counted


async def test_a_notice_that_is_recalled_while_it_waits_goes_to_nobody(door: Door, sandbox: FcmSandbox) -> None:
    await city(door)
    one = await waiting(door, sandbox)
    await publication.recall(door.platform, one, door.platform.now())
    await ended(one)
    sandbox.behaviour.unavailable_share = 0.0
    assert (await ended(await notice(door, {"topics": ["weather"]})))["handed"] == 2
    assert sends(sandbox, one) == 0


async def test_a_notice_that_waits_for_its_topics_holds_up_no_other(door: Door, sandbox: FcmSandbox) -> None:
    await city(door)
    sandbox.behaviour.faults = {await condition(language): "UNAVAILABLE" for language in LANGUAGES}
    one = await notice(door)
    await until(lambda: refused(one))
    await follow(door, "smith-0", topics=["weather"])
    other = await notice(door, {"topics": ["weather"]})
    assert await heard(other) == Counter(handed=2, accepted=1)
    assert (await FanOut.get(broadcast_id=one.id)).state == "due"
    sandbox.behaviour.faults = {}
    await heard(one)
    assert reached(sandbox, one) == Counter(EVERYBODY - {"chinese-0"})


async def test_a_token_that_is_nobodys_keeps_notices_from_topics_until_the_provider_has_said_so_again(
    door: Door, sandbox: FcmSandbox
) -> None:
    await city(door)
    sandbox.behaviour.topic_faults = {"chinese-1": "NOT_FOUND"}
    await follow(door, "wang-1", quiet_hours=NOW)
    await until(TopicChange.filter(code="NOT_FOUND", attempts=1).exists)
    assert (await heard(await notice(door)))["handed"] == 0
    await TopicChange.all().update(not_before=0)
    await until(TopicChange.filter(code="NOT_FOUND", attempts=2).exists)
    assert (await heard(await notice(door)))["handed"] == 2


async def test_a_round_from_before_there_were_those_who_mind_is_begun_anew(
    open_topics: Any, sandbox: FcmSandbox
) -> None:
    async with open_topics() as door:
        await city(door)
        await TopicRound.all().update(round="0a1b2c3d")
    async with open_topics() as door:
        await settled()
        (round_,) = await TopicRound.all()
        assert round_.round != "0a1b2c3d"
        assert followed(sandbox).items() >= (await expected(door)).items()
        one = await notice(door)
        assert await heard(one) == Counter(handed=2, accepted=1, later=1)
        assert reached(sandbox, one) == Counter(EVERYBODY - {"chinese-0"})


@pytest.mark.parametrize("subject", ["everyone", "weather", "department:traffic", "a" * 64, "department:a-1"])
def test_the_names_of_topics_have_nothing_that_a_condition_could_mistake(subject: str) -> None:
    assert re.fullmatch(r"m[0-9a-f]{8}\.[a-z0-9.-]+\.(zh-CN|en)", topic_name("m01234567", subject, "zh-CN"))
