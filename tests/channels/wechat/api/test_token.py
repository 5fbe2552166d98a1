"""WeChat's access token: the same for all processes, forced by one of them where WeChat withdraws it; and its codes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tortoise.expressions import F

from banshi.builtin.limits.models import Quota
from banshi.builtin.outgoing import access_token
from banshi.sdk.limits import spend, used
from banshi.sdk.outgoing import Consequence, NoToken, Vendor
from tests.channels.wechat.phones import APPID, NOBODY, SECRET, TOKEN, bureau
from wechat.api.client import FORCED_TOKENS, Api
from wechat.api.codes import CODES
from wechat.sandbox.account import Account, Keys
from wechat.sandbox.control import WeChatSandbox
from wechat.settings import AccountSettings

MENU, TOKEN_PATH = "/cgi-bin/menu/get", "/cgi-bin/stable_token"


@asynccontextmanager
async def opened(*, may_force: bool = True) -> AsyncIterator[tuple[WeChatSandbox, Api, list[bool]]]:
    """WeChat, and a client that has a token; and each time at which it asked whether it may force another."""
    asked: list[bool] = []

    async def forces() -> bool:
        asked.append(may_force)
        return may_force

    account = Account(Keys(appid=APPID, secret=SECRET, token=TOKEN))
    nowhere: Any = None
    async with WeChatSandbox(NOBODY, account=account) as wechat, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{wechat.port}"
        settings = AccountSettings(appid=APPID, secret=SECRET, token=TOKEN, base_url=url)
        api = Api(settings, Vendor(session, url, 5.0), nowhere, forces)
        await api.post("/cgi-bin/menu/create", {"button": [{"type": "click", "name": "a", "key": "a"}]})
        yield wechat, api, asked
        await api.close()


async def test_one_that_another_process_has_replaced_is_fetched_and_not_forced() -> None:
    async with opened() as (wechat, api, forced):
        wechat.tokens.withdraw()
        answers = await asyncio.gather(*(api.get(MENU) for _ in range(50)))
        assert all("menu" in one for one in answers)
        assert forced == []
        assert wechat.account.calls[TOKEN_PATH, 0] == 2


async def test_one_that_is_refused_and_still_given_out_is_forced_once_for_all() -> None:
    async with opened() as (wechat, api, forced):
        wechat.tokens._withdrawn |= {*wechat.tokens.ends}
        answers = await asyncio.gather(*(api.get(MENU) for _ in range(50)))
        assert all("menu" in one for one in answers)
        assert forced == [True]
        assert wechat.account.calls[TOKEN_PATH, 0] == 3


async def test_where_none_may_be_forced_the_refused_one_is_tried_again_after_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access_token, "FAILURE_HOLDS_S", 0.5)
    async with opened(may_force=False) as (wechat, api, forced):
        wechat.account.faults.codes[MENU] = 40001
        found = await asyncio.gather(*(api.get(MENU) for _ in range(50)), return_exceptions=True)
        assert {(type(one), getattr(one, "code", ""), getattr(one, "consequence", None)) for one in found} == {
            (NoToken, "40001", Consequence.SOON)
        }
        assert forced == [False]
        wechat.account.faults.codes.clear()
        await asyncio.sleep(0.6)
        assert "menu" in await api.get(MENU)
        assert wechat.account.calls[TOKEN_PATH, 0] == 3


def test_twenty_a_day_may_be_forced_half_a_minute_apart() -> None:
    assert (FORCED_TOKENS.most, FORCED_TOKENS.apart_s) == (20, 30)
    midnight = datetime(2026, 11, 29, 16, tzinfo=UTC)
    assert midnight.astimezone(FORCED_TOKENS.day).strftime(FORCED_TOKENS.period) == "2026-11-30"


async def test_what_an_account_had_spent_before_the_upgrade_is_spent_after_it(
    empty_database: str, tmp_path: Path
) -> None:
    async with bureau(tmp_path, empty_database) as door:
        assert await spend(door.platform, f"wechat:{APPID}", FORCED_TOKENS)
        run = door.platform.store.connection.execute_query
        await run("INSERT INTO wechat_quota SELECT * FROM banshi_quota")
        await run("INSERT INTO wechat_quota VALUES ('wechat:x/articles', '2026-11', 3, 1)")
        await run("UPDATE wechat_quota SET used = 19 WHERE used = 1")
        await run("DELETE FROM banshi_quota")
        await run("DELETE FROM tortoise_migrations WHERE app = 'wechat' AND name = '0006_told'")
    async with bureau(tmp_path, empty_database) as door:
        assert {(row.key, row.used) for row in await Quota.all()} == {
            (f"wechat:{APPID}/force-token", 19),
            ("wechat:x/articles", 3),
        }
        assert await used(door.platform, f"wechat:{APPID}", FORCED_TOKENS) == 19
        for is_left in (True, False):
            await Quota.all().update(spent_at=F("spent_at") - 31_000)
            assert await spend(door.platform, f"wechat:{APPID}", FORCED_TOKENS) is is_left


# -- codes -------------------------------------------------------------------------------------------------------

#: As the facts list them, by what has to follow.
LISTED: dict[Consequence, tuple[Any, ...]] = {
    Consequence.TOKEN: (40001, 40014, 42001),
    Consequence.SHUT: (45015, 45047),
    Consequence.SOON: (-1, 45011),
    Consequence.SPENT: (45009,),
    Consequence.DEAD: (40003, 43004),
    Consequence.REFUSED: (40007, 43101, 45002, 48002, 99999),
    Consequence.OURS: (40037, 40164, 40200, 48001, 48004, 48006),
}


@pytest.mark.parametrize(("consequence", "codes"), LISTED.items())
def test_each_code_has_its_consequence(consequence: Consequence, codes: tuple[int, ...]) -> None:
    assert {CODES.refused(code).consequence for code in codes} == {consequence}


def test_what_a_day_of_wechats_has_used_up_comes_again_at_midnight_in_beijing() -> None:
    spent = CODES.refused(45009)
    assert CODES.again_at(spent, datetime(2026, 11, 29, 15, 59, tzinfo=UTC)) == datetime(2026, 11, 29, 16, tzinfo=UTC)
