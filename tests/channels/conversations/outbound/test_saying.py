"""What is said unasked: promised, sent once and inside a window, and what became of it is said as it is."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tortoise.expressions import Q

from banshi import Stale, Update, Write
from banshi.foundation.retry import Retry
from banshi.testing import Door, open_door
from conversations import CONVERSATIONS, Content, Joined, Later, Left, Received, Reply, Text
from conversations.outbound import courier, saying
from conversations.outbound.courier import COURIERS, Courier
from conversations.outbound.sender import title_of
from conversations.outbound.states import TABLE
from conversations.tables.models import ChannelConversation, ContactLink, Said, Window
from tests.channels.provider import LOST, Provider, opened_provider
from tests.places import ROOT
from tests.readers.tables import tables_with
from tests.servers.ports import free_port
from tests.waiting import until

OUTLET = ROOT / "tests" / "channels" / "outlet"
PETITIONS = ROOT / "plugins" / "departments" / "petitions"


class Account:
    name = "outlet:one"


@dataclass
class Chat:
    """Somebody who writes on the channel, and what is said to them unasked."""

    door: Door
    provider: Provider
    contact: str = "o-zhang"
    count: int = 0

    async def writes(self, content: Content | str = "你好") -> str:
        self.count += 1
        content = Text(content) if isinstance(content, str) else content
        platform = self.door.platform
        received = Received(key=f"{self.contact}{self.count}", contact=self.contact, content=content, at=platform.now())
        return (await platform[CONVERSATIONS].take(Account(), received)).text

    async def told(self, text: str, **about: Any) -> UUID:
        conversations = self.door.platform[CONVERSATIONS]
        conversation = await conversations.find(Account.name, self.contact)
        assert conversation
        return await conversations.say(conversation, Reply(text=text), **{"by": "engine", **about})

    async def settled(self, said: UUID) -> Said:
        await until(lambda: Said.filter(~Q(state__in=["waiting", "unknown"]) | ~Q(settled_at=None), id=said).exists())
        return await Said.get(id=said)

    async def left(self) -> dict[str, int | None]:
        return {row.kind: row.sends_left for row in await Window.all()}


@asynccontextmanager
async def chat(folder: Path, database: str = "") -> AsyncIterator[Chat]:
    plugins: dict[str, Path | str] = {"petitions": PETITIONS, "conversations": "conversations", "outlet": OUTLET}
    platform = {"database": database} if database else {}
    async with (
        opened_provider() as provider,
        open_door(folder, plugins, settings={"outlet": {"url": provider.url}}, platform=platform) as door,
    ):
        yield Chat(door, provider)


def test_every_state_is_reached_and_nothing_leads_back() -> None:
    assert {"waiting"}.union(*TABLE.values()) == {*TABLE}

    def after(state: Any, way: tuple[str, ...]) -> None:
        assert state not in way
        for one in TABLE[state]:
            after(one, (*way, state))

    after("waiting", ())


async def test_what_is_said_reaches_them_once_and_its_window_has_one_less(tmp_path: Path, database: str) -> None:
    async with chat(tmp_path, database) as zhang:
        await zhang.writes()
        one, again = [await zhang.told("您的申请已受理。", key="case-7") for _ in range(2)]
        assert one == again
        row = await zhang.settled(one)
        assert (row.state, row.provider_id, row.window) == ("accepted", "m1", "typed")
        assert zhang.provider.got == [("o-zhang", "您的申请已受理。")]
        assert await zhang.left() == {"typed": 4}


async def test_a_promise_stands_or_falls_with_what_caused_it(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        row = await ChannelConversation.get(contact="o-zhang")
        said = saying.promise(zhang.door.platform, row, Reply(text="不会发出"), by="engine")
        stale = Update(ChannelConversation, {"id": row.id, "version": 99}, {"version": 100})
        with pytest.raises(Stale):
            await zhang.door.platform.store.commit(Write([stale], [said]))
        assert await Said.all().count() == 0


async def test_each_message_opens_the_window_of_its_kind_and_the_sixth_has_none(tmp_path: Path, database: str) -> None:
    async with chat(tmp_path, database) as zhang:
        await zhang.writes()
        for number in range(5):
            assert (await zhang.settled(await zhang.told(f"第{number}条"))).state == "accepted"
        shut = await zhang.settled(await zhang.told("第六条"))
        assert (shut.state, zhang.provider.asked) == ("shut", 5)
        # It is said with the next answer, which opens the window anew; and never again.
        assert (await zhang.writes("在吗")).startswith("第六条\n")
        assert (await Said.get(id=shut.id)).state == "late"
        assert "第六条" not in await zhang.writes("进度")
        assert await zhang.left() == {"typed": 5}


async def test_the_window_that_ends_first_is_spent_first(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        await zhang.writes(Joined())
        rows = [await zhang.settled(await zhang.told(f"第{number}条")) for number in range(4)]
        assert [row.window for row in rows] == ["tapped", "tapped", "tapped", "typed"]


async def test_a_window_ends_by_its_time_and_with_whoever_leaves(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        begun = zhang.door.platform.now()
        zhang.door.platform.now = lambda: begun + timedelta(hours=48, minutes=1)
        assert (await zhang.settled(await zhang.told("太晚了"))).state == "shut"
        zhang.door.platform.now = lambda: begun
        await zhang.writes()
        await zhang.writes(Left())
        assert (await zhang.settled(await zhang.told("人走了"))).state == "shut"
        assert not zhang.provider.asked


async def test_a_refusal_in_a_200_is_a_refusal_and_what_isn_t_counted_is_given_back(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        zhang.provider.codes.append(43004)
        row = await zhang.settled(await zhang.told("您好"))
        assert (row.state, row.code, row.why["zh-CN"]) == ("refused", "43004", "对方已取消关注。")
        assert await zhang.left() == {"typed": 5}


async def test_what_the_provider_takes_later_is_sent_later_in_its_order_and_costs_once(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        zhang.provider.codes.extend([45011, 45011])
        rows = [await zhang.told(text) for text in ("一", "二", "三")]
        assert [(await zhang.settled(row)).state for row in rows] == ["accepted"] * 3
        assert zhang.provider.texts == ["一", "二", "三"]
        assert await zhang.left() == {"typed": 2}


async def test_what_waits_for_no_certain_moment_is_tried_again_after_pauses_that_grow_to_a_bound(
    tmp_path: Path,
) -> None:
    async with chat(tmp_path) as zhang:
        mine, _ = zhang.door.platform[COURIERS]
        for attempts, seconds in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 16), (10_000, 16)):
            now = time.monotonic() * 1000 + mine._ahead_ms
            changed, _ = mine._changes(Said(attempts=attempts), courier.Way(), Later())
            waits = changed["not_before"] - now
            assert seconds * 1000 - 1 <= waits <= seconds * 1000 + 500


async def test_who_is_not_ready_has_nothing_marked_so_that_a_kill_meanwhile_leaves_no_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LATER", Retry(0.05, 0.8))
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        mine, _ = zhang.door.platform[COURIERS]
        asked = list[str]()
        answers: list[Any] = [Later(), TypeError("a plugin's own mistake"), Later(), None]

        async def ready(account: str) -> Later | None:
            (row,) = await Said.all()
            assert (row.state, row.is_sending) == ("waiting", False)
            asked.append(account)
            if isinstance(answer := answers.pop(0), Exception):
                raise answer
            return answer

        monkeypatch.setattr(mine._ways, "_ready", ready)
        row = await zhang.settled(await zhang.told("一"))
        assert (row.state, zhang.provider.texts, asked) == ("accepted", ["一"], [Account.name] * 4)
        assert await zhang.left() == {"typed": 4}


async def test_what_is_refused_for_now_again_and_again_is_refused_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "RETRY", Retry(0.001, 0.032))
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        zhang.provider.codes.extend([-1] * courier.MAX_REFUSALS)
        row = await zhang.settled(await zhang.told("您好"))
        assert (row.state, row.code, zhang.provider.asked) == ("refused", "-1", courier.MAX_REFUSALS)
        assert await zhang.left() == {"typed": 5}


async def test_a_window_that_the_provider_has_shut_between_is_shut_here_too_and_another_one_is_tried(
    tmp_path: Path,
) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        await zhang.writes(Joined())
        zhang.provider.codes.append(45047)
        row = await zhang.settled(await zhang.told("一"))
        assert (row.state, row.window) == ("accepted", "typed")
        assert await zhang.left() == {"tapped": 0, "typed": 4}
        zhang.provider.codes.append(45015)
        assert (await zhang.settled(await zhang.told("二"))).state == "shut"
        assert zhang.provider.texts == ["一"]


async def test_a_lost_answer_is_said_as_such_and_nothing_is_sent_again(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        zhang.provider.codes.append(LOST)
        assert (await zhang.settled(await zhang.told("一"))).state == "unknown"
        await zhang.settled(await zhang.told("二"))
        assert zhang.provider.texts == ["一", "二"]
        # It may have been counted, so it isn't given back.
        assert await zhang.left() == {"typed": 3}


async def test_of_what_is_worth_saying_for_a_while_alone_a_lost_answer_is_tried_again_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "RETRY", Retry(0.001, 0.032))
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        until = zhang.door.platform.now() + timedelta(hours=1)
        zhang.provider.codes.append(LOST)
        assert (await zhang.settled(await zhang.told("预警一", until=until))).state == "accepted"
        assert zhang.provider.texts == ["预警一", "预警一"]
        # The lost answers may have been counted: of five messages three are left, and what comes after is said later.
        zhang.provider.codes.extend([LOST] * courier.MAX_REFUSALS)
        assert (await zhang.settled(await zhang.told("预警二", until=until))).state == "shut"
        assert zhang.provider.texts[2:] == ["预警二"] * 3
        assert "预警二" in await zhang.writes("在吗")


async def test_a_provider_that_is_away_is_asked_until_it_is_back(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        sender = zhang.door.platform[COURIERS][0]._ways._sender
        object.__setattr__(sender, "url", f"http://127.0.0.1:{free_port()}/send")
        said = await zhang.told("一")
        await asyncio.sleep(0.3)
        assert (await Said.get(id=said)).state == "waiting"
        object.__setattr__(sender, "url", zhang.provider.url)
        assert (await zhang.settled(said)).state == "accepted"
        assert await zhang.left() == {"typed": 4}


async def test_what_the_provider_says_of_it_later_counts_once(tmp_path: Path, database: str) -> None:
    async with chat(tmp_path, database) as zhang:
        await zhang.writes()
        conversations = zhang.door.platform[CONVERSATIONS]
        arrived, failed = [(await zhang.settled(await zhang.told(text))).provider_id for text in ("一", "二")]
        assert await conversations.delivered(Account.name, arrived, arrived=True)
        assert await conversations.delivered(Account.name, failed, arrived=False, code="user-block")
        assert not await conversations.delivered(Account.name, failed, arrived=True)
        # Of another account's message nothing is known, so that is kept, once.
        told = [await conversations.delivered("outlet:another", arrived, arrived=False) for _ in range(2)]
        assert told == [True, False]
        rows = await Said.all().order_by("id")
        assert [(row.state, row.code) for row in rows] == [("delivered", ""), ("failed", "user-block")]


async def test_what_is_for_one_citizen_alone_is_said_to_nobody_else_by_that_contact(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        codes = "/v1/conversations/codes"
        await zhang.writes((await zhang.door.citizen("zhang", "张示例").post(codes)).created()["digits"])
        await zhang.writes("1")
        assert (await zhang.settled(await zhang.told("给张的", person="zhang"))).state == "accepted"
        await Window.all().update(sends_left=0)
        shut = await zhang.settled(await zhang.told("也给张的", person="zhang"))
        assert shut.state == "shut"
        await ContactLink.all().update(ended_at=zhang.door.platform.now())
        assert "也给张的" not in await zhang.writes("你好")
        assert (await zhang.settled(await zhang.told("还给张的", person="zhang"))).code == "unbound"
        await zhang.writes((await zhang.door.citizen("zhang", "张示例").post(codes)).created()["digits"])
        await zhang.writes("1")
        assert "也给张的" in await zhang.writes("你好")
        assert zhang.provider.texts == ["给张的"]


async def test_while_what_goes_out_is_held_nothing_is_sent_and_an_operator_may_give_it_up(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        store = zhang.door.platform.store
        await store.connection.execute_query(
            "INSERT INTO banshi_hold (name, since, reason) VALUES ('outbox', 0, 'restored')"
        )
        said = await zhang.told("一")
        await asyncio.sleep(0.2)
        assert await saying.HELD.waiting(store) == {"messages": 1}
        assert await saying.HELD.drop(store, "messages", int(zhang.door.platform.now().timestamp() * 1000) + 1) == 1
        row = await Said.get(id=said)
        assert (row.state, row.code, bool(row.settled_at)) == ("refused", "given-up", True)
        await store.connection.execute_query("DELETE FROM banshi_hold")
        await zhang.settled(await zhang.told("二"))
        assert zhang.provider.texts == ["二"]


async def test_what_is_said_is_in_their_data_without_the_officer_and_forgotten_with_them(
    tmp_path: Path, database: str
) -> None:
    async with chat(tmp_path, database) as zhang:
        person = zhang.door.citizen("zhang", "张示例")
        await zhang.writes((await person.post("/v1/conversations/codes")).created()["digits"])
        await zhang.writes("1")
        await zhang.settled(await zhang.told("请补交照片 q4711", by="officer", officer="li-4711"))
        held = (await person.get("/v1/me/data")).ok()["held"]["conversations"]["conversations_said"]
        assert [row["words"]["text"] for row in held] == ["请补交照片 q4711"]
        assert "li-4711" not in str(held)
        (await person.delete("/v1/me")).ok()
        assert await tables_with(zhang.door, "q4711", "li-4711") == set()


async def test_an_account_is_called_what_its_channel_calls_it_and_else_by_its_name(tmp_path: Path) -> None:
    async with chat(tmp_path) as zhang:
        assert title_of(zhang.door.platform, "outlet:one") == {"zh-CN": "市民服务号", "en": "Citizens' service"}
        assert title_of(zhang.door.platform, "outlet:two")["en"] == "outlet:two"


# -- kills ---------------------------------------------------------------------------------------------------------


async def test_of_two_processes_each_message_is_sent_by_one(tmp_path: Path, database: str) -> None:
    """A hundred messages, so that both have some on their way."""
    async with chat(tmp_path, database) as zhang:
        await zhang.writes()
        people = [Chat(zhang.door, zhang.provider, f"o-{number}") for number in range(20)]
        await asyncio.gather(*(one.writes() for one in people))
        # What another process has of its own.
        outlet = next(one for _, one in zhang.door.platform.registry.offered(courier.OUTLETS))
        other = Courier(zhang.door.platform, outlet, zhang.door.platform[COURIERS][0]._ways._sender)
        zhang.door.platform.store.on_rows(Said, other.wake.set)
        running = asyncio.create_task(other.run())
        said = [await one.told(f"{one.contact}-{number}") for number in range(5) for one in people]
        states = Counter([(await zhang.settled(one)).state for one in said])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert states == {"accepted": 100}
        assert Counter(zhang.provider.texts) == {f"{one.contact}-{number}": 1 for one in people for number in range(5)}


async def test_whoever_dies_before_a_send_leaves_it_to_another_and_while_sending_leaves_it_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LEASE_S", 0.3)
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        mine, _ = zhang.door.platform[COURIERS]
        died = asyncio.Event()

        async def dead(*_: Any) -> None:
            died.set()
            await asyncio.Event().wait()

        # Claimed, and not yet marked.
        with monkeypatch.context() as patched:
            patched.setattr(mine, "_begun", dead)
            one = await zhang.told("一")
            await asyncio.wait_for(died.wait(), 5)
        assert (await zhang.settled(one)).state == "accepted"
        # Marked, and not yet recorded.
        with monkeypatch.context() as patched:
            patched.setattr(mine, "_record", dead)
            two = await zhang.told("二")
            assert (await zhang.settled(two)).state == "unknown"
        assert zhang.provider.texts == ["一", "二"]
        assert await zhang.left() == {"typed": 3}
        for task in list(mine._under_way):
            task.cancel()


async def test_a_message_that_a_provider_knows_again_is_spent_once_however_often_its_worker_dies(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LEASE_S", 0.3)
    async with chat(tmp_path, database) as zhang:
        await zhang.writes()
        mine, _ = zhang.door.platform[COURIERS]
        mine._knows_again, deaths = True, list[Any]()

        async def dead(*sent: Any) -> None:
            deaths.append(sent)
            await asyncio.Event().wait()

        with monkeypatch.context() as patched:
            patched.setattr(mine, "_record", dead)
            said = await zhang.told("一")
            await until(lambda: len(deaths) == 2)
        assert (await zhang.settled(said)).state == "accepted"
        assert (zhang.provider.texts, await zhang.left()) == (["一"] * 3, {"typed": 4})
        for task in list(mine._under_way):
            task.cancel()


async def test_what_a_dead_worker_had_spent_goes_into_no_window_that_was_opened_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LEASE_S", 0.3)
    async with chat(tmp_path) as zhang:
        await zhang.writes()
        mine, _ = zhang.door.platform[COURIERS]
        mine._knows_again = True

        async def dead(*_: Any) -> None:
            await zhang.writes("在吗")
            await asyncio.Event().wait()

        with monkeypatch.context() as patched:
            patched.setattr(mine, "_record", dead)
            said = await zhang.told("一")
            await until(lambda: zhang.count == 2)
        assert (await zhang.settled(said)).state == "accepted"
        assert await zhang.left() == {"typed": 4}
        for task in list(mine._under_way):
            task.cancel()
