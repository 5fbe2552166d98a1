"""WeChat, or its access token alone, is away for a while: what certainly wasn't sent arrives afterwards, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from banshi import Write
from banshi.builtin.outgoing import access_token
from banshi.kernel.outbox import consumer
from banshi.kernel.outbox.outbox import message_rows
from banshi.testing import Door
from conversations import CONVERSATIONS, Reply
from conversations.outbound import alerts
from conversations.tables.models import ChannelConversation, ContactLink, Said, Window
from tests.channels.wechat.phones import APPID, KEY, NOBODY, SECRET, TOKEN, bureau, result
from tests.channels.wechat.telling.test_alerts import in_force
from tests.servers.fault_proxy import FAULTS, OUTAGE_S, WAYS, FaultProxy, cut_off
from tests.servers.ports import free_port
from tests.tries import tries
from tests.waiting import until
from wechat.sandbox.account import Account, Follower, Keys, Template
from wechat.sandbox.control import WeChatSandbox

#: People who are told an alert, a result and an officer's answer each; and seconds that it may take on a busy machine.
PEOPLE, PATIENCE_S = tries(25, 200), tries(60, 180)

TOKEN_PATH = "/cgi-bin/stable_token"
TEMPLATE, SEND = "/cgi-bin/message/template/send", "/cgi-bin/message/custom/send"

ALERT: dict[str, Any] = {"way": "template", "template": "tpl-alert", "fields": {"thing1": "title"}}
RESULT: dict[str, Any] = {"way": "template", "template": "tpl-case", "fields": {"character_string1": "number"}}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put off comes again soon, unless there is time for the whole."""
    if tries(0, 1):
        return
    monkeypatch.setattr(alerts, "LOOK_S", 0.3)
    monkeypatch.setattr(consumer, "JITTER_S", 0.1)
    monkeypatch.setattr(access_token, "FAILURE_HOLDS_S", 0.3)


@dataclass(frozen=True, slots=True)
class City:
    """Our server, WeChat, and the way in between."""

    door: Door
    wechat: WeChatSandbox
    network: FaultProxy
    followers: dict[UUID, Follower]

    def seen(self) -> Counter[str]:
        """What the phones have shown, all of them together."""
        return Counter(
            one.text for me in self.followers.values() for one in me.seen if one.via in {"notice", "service"}
        )

    async def tell_everybody(self) -> Counter[str]:
        """Promise each an alert, a result of their own and an officer's answer; what the phones have to show then."""
        platform, whole = self.door.platform, Counter[str]()
        rows: list[Any] = []
        for number, conversation in enumerate(self.followers):
            own = {"id": str(UUID(int=number + 1)), "person": f"citizen-{number}"}
            told = result(self.door, str(number), **own)
            rows += message_rows(platform, told, f"result-{number}")
            await platform[CONVERSATIONS].say(conversation, Reply(text=f"答复{number}"), by="officer")
            whole += Counter({f"答复{number}": 1, f"办理结果\n{told.number}": 1, "预警\n71001": 1})
        await platform.store.commit(Write(rows=rows))
        await in_force(self.door, 71001)
        return whole


async def bind_everybody(door: Door, wechat: WeChatSandbox, count: int) -> dict[UUID, Follower]:
    """As many followers with an open window, each bound to a citizen."""
    now, found, rows = door.platform.now(), dict[UUID, Follower](), list[Any]()
    for number in range(count):
        me = wechat.phone(f"市民{number}").me
        me.follows = True
        wechat.account.open_window(me, "typed")
        of = {"account": f"wechat:{APPID}", "contact": me.openid, "state": "idle", "memory": {}}
        one = ChannelConversation(begun_at=now, heard_at=now, **of)
        bound = {"person": f"citizen-{number}", "known": {}, "way": "digits", "linked_at": now}
        rows += [one, ContactLink(conversation_id=one.id, **bound)]
        rows.append(Window(conversation_id=one.id, kind="words", until=now + timedelta(hours=48), sends_left=5))
        found[one.id] = me
    await door.platform.store.commit(Write(rows=rows))
    return found


@asynccontextmanager
async def city(folder: Path, count: int = PEOPLE, **more: Any) -> AsyncIterator[City]:
    account = Account(Keys(appid=APPID, secret=SECRET, token=TOKEN, aes_key=KEY))
    account.limits.attempts = 1
    for name, title, field in (("tpl-alert", "预警", "thing1"), ("tpl-case", "办理结果", "character_string1")):
        account.templates[name] = Template("template", title, f"{{{{{field}.DATA}}}}")
    async with AsyncExitStack() as stack:
        wechat = await stack.enter_async_context(WeChatSandbox(NOBODY, account=account))
        network = await stack.enter_async_context(FaultProxy(to=wechat.port, port=free_port()))
        settings = {"base_url": f"http://127.0.0.1:{network.port}", "notice": RESULT, "alert_notice": ALERT, **more}
        door = await stack.enter_async_context(bureau(folder, push=True, **settings))
        yield City(door, wechat, network, await bind_everybody(door, wechat, count))


@asynccontextmanager
async def outage(city: City, how: str) -> AsyncIterator[None]:
    """No token that was given out is good any more, and meanwhile there is no other."""
    city.wechat.tokens.withdraw()
    if how in WAYS:
        async with cut_off(city.network, how):
            yield
        return
    faults = city.wechat.account.faults
    broken: Any = {TOKEN_PATH: 500} if how == "status" else {TOKEN_PATH}
    setattr(faults, how, broken)
    yield
    setattr(faults, how, type(broken)())


async def all_are_accepted() -> bool:
    return {row.state for row in await Said.all()} <= {"accepted", "delivered"}


#: With each a share of what is to be told that arrives before: what is on its way when the network itself breaks off is
#: nobody's to know, so there it is nothing.
MOMENTS = [("status", 0.0), ("garbage", 0.3), ("hang", 0.6), ("refused", 0.0), ("unanswered", 0.0)]
MOMENTS += [(how, share) for how in FAULTS for share in (0.1, 0.5, 0.9)][: tries(0, 9)]


@pytest.mark.long
@pytest.mark.timeout(60 + OUTAGE_S + 2 * PATIENCE_S)
@pytest.mark.parametrize(("how", "share"), MOMENTS)
async def test_what_could_not_be_sent_without_a_token_arrives_once_when_there_is_one_again(
    how: str, share: float, tmp_path: Path
) -> None:
    """It takes long: the outage is lived through."""
    async with city(tmp_path, timeout=3) as one, AsyncExitStack() as stack:
        if not share:
            await stack.enter_async_context(outage(one, how))
        whole = await one.tell_everybody()
        if share:
            await until(lambda: one.seen().total() >= share * whole.total(), PATIENCE_S)
            await stack.enter_async_context(outage(one, how))
        await asyncio.sleep(OUTAGE_S)
        assert one.seen().total() < whole.total()
        await stack.aclose()
        await until(lambda: one.seen().total() >= whole.total(), PATIENCE_S)
        assert one.seen() == whole
        # A phone shows it a moment before that is written down.
        await until(all_are_accepted, PATIENCE_S)
        asked = [n for (path, what), n in one.wechat.account.calls.items() if path == TOKEN_PATH and what]
        assert sum(asked) <= 2 + OUTAGE_S / access_token.FAILURE_HOLDS_S, "nobody hammers at a token that isn't there"
    assert {*FAULTS, *WAYS} == {name for name, _ in MOMENTS}


async def test_a_token_that_is_refused_with_a_code_holds_everything_back_until_that_is_mended(tmp_path: Path) -> None:
    async with city(tmp_path, 2) as one:
        faults, calls = one.wechat.account.faults, one.wechat.account.calls
        faults.codes[TOKEN_PATH] = 40164
        whole = await one.tell_everybody()
        await until(lambda: calls[TOKEN_PATH, 40164] >= 3)
        assert not one.seen()
        faults.codes.clear()
        await until(lambda: one.seen().total() >= whole.total())
        assert one.seen() == whole


async def test_while_a_token_is_waited_for_nothing_is_marked_so_that_a_kill_leaves_no_doubt(tmp_path: Path) -> None:
    async with city(tmp_path, 3) as one:
        one.wechat.account.faults.hang = {TOKEN_PATH}
        whole = await one.tell_everybody()
        await until(lambda: Said.exclude(kind="").exists())
        for _ in range(20):
            assert {(row.state, row.is_sending) for row in await Said.all()} == {("waiting", False)}
            await asyncio.sleep(0.05)
        assert one.wechat.account.calls[TOKEN_PATH, "hang"]
        one.wechat.account.faults.hang = set()
        await until(lambda: one.seen().total() >= whole.total())
        assert one.seen() == whole


async def test_a_good_token_that_wechat_refuses_by_mistake_costs_seconds(tmp_path: Path) -> None:
    """Another one was forced just now, so none may be: WeChat counts half a minute in between."""
    async with city(tmp_path, 2) as one:
        faults, calls = one.wechat.account.faults, one.wechat.account.calls
        faults.codes = {SEND: 40001, TEMPLATE: 40001}
        whole = await one.tell_everybody()
        await until(lambda: calls[SEND, 40001] + calls[TEMPLATE, 40001] >= 6)
        faults.codes = {}
        await until(lambda: one.seen().total() >= whole.total(), 20)
        assert one.seen() == whole
