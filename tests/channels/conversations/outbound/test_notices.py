"""Notices of a channel's own: told once, said in the chat where they aren't taken, beside what is said there."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tortoise.transactions import in_transaction

from banshi.testing import Door, open_door
from conversations import CONVERSATIONS, Reply
from conversations.contacts.bound import bound
from conversations.outbound import courier, telling
from conversations.outbound.alerts import still_told
from conversations.outbound.telling import News
from conversations.tables.models import ChannelConversation, ContactLink, Said, Word
from tests.channels.conversations.outbound.test_saying import PETITIONS, ROOT
from tests.channels.provider import LOST, Provider, opened_provider
from tests.channels.strangers.judge import nothing_waits, written_config
from tests.processes import commands
from tests.tries import tries
from tests.waiting import WAIT_TIMEOUT_S, until

NOTICING = Path(__file__).with_name("noticing")
ACCOUNT = "noticing:one"


async def bind(door: Door, *people: str) -> None:
    """Contacts that are bound to citizens of the same name."""
    now = door.platform.now()
    for one in people:
        of = {"account": ACCOUNT, "contact": one, "state": "idle", "memory": {}}
        row = await ChannelConversation.create(begun_at=now, heard_at=now, **of)
        await ContactLink.create(conversation_id=row.id, person=one, known={}, way="digits", linked_at=now)


def plugins() -> dict[str, Path | str]:
    return {"petitions": PETITIONS, "conversations": "conversations", "noticing": NOTICING}


@asynccontextmanager
async def channel(folder: Path, *people: str, database: str = "") -> AsyncIterator[tuple[Door, Provider]]:
    platform = {"database": database} if database else {}
    async with (
        opened_provider() as provider,
        open_door(folder, plugins(), settings={"noticing": {"url": provider.url}}, platform=platform) as door,
    ):
        await bind(door, *people)
        yield door, provider


async def tell(door: Door, person: str, title: str, **more: Any) -> None:
    news = News(id=title, kind="case", known={"title": title}, words=f"在聊天里：{title}", **more)
    await telling.tell(door.platform, await bound(person, "noticing"), news)


async def say(door: Door, contact: str, text: str) -> None:
    conversation = await door.platform[CONVERSATIONS].find(ACCOUNT, contact)
    assert conversation
    await door.platform[CONVERSATIONS].say(conversation, Reply(text=text), by="officer")


async def states() -> list[tuple[str, str, str]]:
    return [(row.state, row.window, row.code) for row in await Said.all().order_by("id")]


# -- told ----------------------------------------------------------------------------------------------------------


async def test_news_are_told_once_by_a_notice_whoever_promises_them_again(tmp_path: Path, database: str) -> None:
    async with channel(tmp_path, "zhang", "li", database=database) as (door, provider):
        await asyncio.gather(*(tell(door, person, "已办结") for person in ("zhang", "li") for _ in range(5)))
        await until(nothing_waits)
        assert Counter(provider.got) == {("zhang", "case 已办结"): 1, ("li", "case 已办结"): 1}
        assert await states() == [("accepted", "notice", "")] * 2


async def test_where_there_is_no_notice_it_is_said_in_the_chat_and_the_row_says_why(tmp_path: Path) -> None:
    async with channel(tmp_path, "zhang") as (door, provider):
        await tell(door, "zhang", "没有通知")
        await until(nothing_waits)
        assert (provider.texts, await states()) == (["在聊天里：没有通知"], [("accepted", "", "none")])


async def test_a_notifier_that_fails_or_hangs_costs_nobody_their_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> Any:
        raise KeyError

    async def hangs(*_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr("conversations.outbound.ways.SEND_S", 0.2)
    async with channel(tmp_path, "zhang") as (door, provider):
        _, notices = door.platform[courier.COURIERS]
        for broken in (fails, hangs):
            monkeypatch.setattr(type(notices._ways._notifier), "notice", broken)
            await tell(door, "zhang", broken.__name__)
            await until(nothing_waits)
        assert provider.texts == ["在聊天里：fails", "在聊天里：hangs"]
        assert await states() == [("accepted", "", "no-notice")] * 2


async def test_a_notice_that_is_not_taken_ends_and_a_second_row_is_said_in_the_chat(
    tmp_path: Path, database: str
) -> None:
    async with channel(tmp_path, "zhang", database=database) as (door, provider):
        await tell(door, "zhang", "不收")
        await until(nothing_waits)
        assert provider.got == [("nobody", "case 不收"), ("zhang", "在聊天里：不收")]
        assert await states() == [("refused", "notice", "43101"), ("accepted", "", "")]


async def test_of_a_notice_whose_answer_is_lost_an_alert_alone_is_said_in_the_chat_too(tmp_path: Path) -> None:
    async with channel(tmp_path, "zhang") as (door, provider):
        provider.codes.extend([LOST])
        await tell(door, "zhang", "结果")
        await until(nothing_waits)
        provider.codes.extend([LOST])
        await tell(door, "zhang", "预警", until=door.platform.now() + timedelta(hours=1))
        await until(nothing_waits)
        assert provider.texts == ["case 结果", "case 预警", "在聊天里：预警"]
        assert [state for state, *_ in await states()] == ["unknown", "unknown", "accepted"]


async def test_what_was_told_of_alerts_is_found_by_an_index_however_much_was_ever_said(
    tmp_path: Path, database: str
) -> None:
    """It is looked for every few seconds."""
    async with channel(tmp_path, database=database) as (door, _), in_transaction() as connection:
        if door.platform.store.dialect == "postgres":
            # A table without rows would be read whole.
            await connection.execute_query("SET LOCAL enable_seqscan = off")
        told = still_told(door.platform.now())
        for looked in (told.limit(1), told.exclude(about__in=["", "alert"]).order_by("until").limit(50)):
            assert "conversations_said_until" in str([tuple(dict(row).values()) for row in await looked.explain()])


async def test_a_notice_neither_waits_behind_nor_holds_up_what_is_said_in_the_chat(tmp_path: Path) -> None:
    people = [f"p-{number}" for number in range(3 * courier.MAX_NOTICES_AT_ONCE)]
    async with channel(tmp_path, *people) as (door, provider):
        provider.answers.clear()
        for one in people:
            await tell(door, one, f"通知 {one}")
        await until(lambda: provider.asked == courier.MAX_NOTICES_AT_ONCE)
        await say(door, people[0], "先到的聊天")
        await say(door, people[-1], "后到的聊天")
        await until(lambda: {"先到的聊天", "后到的聊天"} <= {*provider.texts})
        # And the other way about: chats that hang hold no notice up.
        for number in range(2 * courier.MAX_AT_ONCE):
            await say(door, people[number % len(people)], f"聊天 {number}")
        provider.answers.set()
        await until(nothing_waits)
        assert set(Counter(provider.texts).values()) == {1}
        assert {state for state, *_ in await states()} == {"accepted"}


# -- the provider's word -------------------------------------------------------------------------------------------


async def test_a_word_that_comes_before_the_row_knows_the_id_and_again_ends_it_once(
    tmp_path: Path, database: str
) -> None:
    async with channel(tmp_path, "zhang", database=database) as (door, provider):
        conversations = door.platform[CONVERSATIONS]
        provider.answers.clear()
        await tell(door, "zhang", "结果")
        await until(lambda: provider.asked == 1)
        huge = "x" * 10_000_000
        assert await conversations.delivered(ACCOUNT, "m1", arrived=False, code=huge)
        assert not await conversations.delivered(ACCOUNT, "m1", arrived=True)
        assert await conversations.delivered("noticing:two", "m1", arrived=True)
        for no_id in ("", huge):
            assert not await conversations.delivered(ACCOUNT, no_id, arrived=True)
        provider.answers.set()
        await until(lambda: Said.filter(key__endswith="-chat", state="accepted").exists())
        assert not await conversations.delivered(ACCOUNT, "m1", arrived=True)
        assert await states() == [("failed", "notice", "x" * 64), ("accepted", "", "")]
        assert provider.texts == ["case 结果", "在聊天里：结果"]
        assert await Word.all().count() == 2


# -- unbound -------------------------------------------------------------------------------------------------------


async def test_whoever_unbinds_in_mid_notice_hears_nothing_of_it_in_the_chat(tmp_path: Path) -> None:
    async with channel(tmp_path, "zhang") as (door, provider):
        provider.answers.clear()
        await tell(door, "zhang", "不收")
        await until(lambda: provider.asked == 1)
        await ContactLink.all().update(ended_at=door.platform.now())
        provider.answers.set()
        await until(nothing_waits)
        await tell(door, "zhang", "以后")
        assert provider.texts == ["case 不收"]
        assert await states() == [("refused", "notice", "43101"), ("refused", "", "unbound")]


# -- kills ---------------------------------------------------------------------------------------------------------

KILLS = tries(2, 5)

#: By the step at which processes die, what becomes of the notices that were there: how often each was posted.
STEPS = {"asked": 0, "marked": 0, "answered": 1, "refused": 1}
PAIRS = [("asked", "sqlite"), ("marked", "postgres"), ("answered", "sqlite"), ("refused", "postgres")]


def configured(folder: Path, database: str, url: str, step: str) -> Path:
    own = f'url = "{url}"\ndies_at = "{step}"\nlives = "{folder / "lives"}"\n'
    noticing = f'[plugins.noticing]\npath = "{NOTICING}"\napi = 1\n[plugins.noticing.settings]\n{own}'
    return written_config(folder, database, noticing)


async def post_all(url: str, people: list[str]) -> None:
    """Promise each their news; whoever is killed meanwhile hears nothing."""
    async with aiohttp.ClientSession() as session:
        for one in people:
            for title in (f"{one} 结果", f"{one} 不收"):
                with suppress(aiohttp.ClientError):
                    await session.post(f"{url}/v1/noticing/told", json={"person": one, "title": title})


async def serve_until_killed(config: Path, people: list[str]) -> None:
    """A server that is asked to tell them all: of what is promised already it may die before it says where it is."""
    process = commands.begin(ROOT, "--config", config, "serve", "--port", "0")
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), WAIT_TIMEOUT_S)
        if said:
            await post_all(said.split()[-1], people)
        await until(lambda: process.returncode is not None, 60)
        assert process.returncode == -signal.SIGKILL
    finally:
        process.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("step", "database"), PAIRS, indirect=["database"])
async def test_a_server_that_is_killed_at_any_step_of_a_notice_loses_none_and_tells_none_twice(
    step: str, tmp_path: Path, database: str
) -> None:
    """It takes long: a server is begun anew after each kill."""
    people = [f"p-{number}" for number in range(6)]
    async with opened_provider() as provider:
        own, platform = {"noticing": {"url": provider.url}}, {"database": database}
        async with open_door(tmp_path, plugins(), settings=own, platform=platform) as door:
            await bind(door, *people)
        config = configured(tmp_path, database, provider.url, step)
        for _ in range(KILLS):
            (tmp_path / "lives").touch()
            await serve_until_killed(config, people)
        async with open_door(tmp_path, plugins(), settings=own, platform=platform) as door:
            for one in people:
                await tell(door, one, f"{one} 结果")
                await tell(door, one, f"{one} 不收")
            await Said.filter(state="waiting").update(lease_until=0)  # a minute later
            await until(nothing_waits, 60)
            rows = await Said.all()
    notices, got = [row for row in rows if row.kind], Counter(provider.texts)
    unknown = [row for row in notices if row.state == "unknown"]
    assert len(notices) == 2 * len(people)
    # What is refused is noted before the channel hears of it: only what is beside it on its way may be unknown.
    assert step == "refused" or bool(unknown) == (step != "asked"), Counter(
        (row.state, row.code, row.window, bool(row.kind)) for row in rows
    )
    assert set(got.values()) == {1}
    for row in notices:
        title = row.news["title"]
        posted = STEPS[step] if row in unknown else 1
        assert got[f"case {title}"] == posted or (row in unknown and got[f"case {title}"] <= 1), (title, row.state)
        assert got[f"在聊天里：{title}"] == (row.state == "refused")
    assert {row.state for row in rows} <= {"accepted", "refused", "unknown"}
