"""The access token: one question for all who wait, another one where WeChat withdraws it, and never a storm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from banshi.testing import Door, open_door
from wechat.api.codes import CODES, Consequence, Refused, consequence_of, tomorrow
from wechat.api.token import AccessToken
from wechat.quotas import FORCED_TOKENS, Limit, spend


class WeChat:
    """The side that gives tokens out."""

    def __init__(self) -> None:
        self.given, self.asked, self.forced = "first", 0, 0
        self.fails: Refused | None = None

    async def fetch(self, force: bool) -> tuple[str, float]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fails:
            raise self.fails
        if force:
            self.forced += 1
            self.given = f"forced-{self.forced}"
        return self.given, 7200.0


async def always() -> bool:
    return True


async def never() -> bool:
    return False


async def test_a_hundred_who_wait_ask_once() -> None:
    wechat = WeChat()
    token = AccessToken(wechat.fetch, always)
    assert {*await asyncio.gather(*(token.value() for _ in range(100)))} == {"first"}
    assert wechat.asked == 1


async def test_one_that_another_process_has_replaced_is_fetched_and_not_forced() -> None:
    wechat = WeChat()
    token = AccessToken(wechat.fetch, never)
    assert await token.value() == "first"
    wechat.given = "second"
    for _ in range(50):
        token.refuse("first")
    assert {*await asyncio.gather(*(token.value() for _ in range(100)))} == {"second"}
    assert (wechat.asked, wechat.forced) == (2, 0)


async def test_one_that_is_refused_and_still_given_out_is_forced_once() -> None:
    wechat = WeChat()
    token = AccessToken(wechat.fetch, always)
    await token.value()
    token.refuse("first")
    assert {*await asyncio.gather(*(token.value() for _ in range(100)))} == {"forced-1"}
    assert (wechat.asked, wechat.forced) == (3, 1)
    token.refuse("first")
    assert await token.value() == "forced-1"


async def test_where_another_process_forces_one_waits_and_asks_little() -> None:
    wechat = WeChat()
    token = AccessToken(wechat.fetch, never)
    await token.value()
    token.refuse("first")
    found = await asyncio.gather(*(token.value() for _ in range(100)), return_exceptions=True)
    assert all(isinstance(one, Refused) and one.consequence is Consequence.SOON for one in found)
    assert (wechat.asked, wechat.forced) == (2, 0)


async def test_a_failure_stands_for_a_moment() -> None:
    wechat = WeChat()
    wechat.fails = Refused(40164, Consequence.OPERATOR)
    token = AccessToken(wechat.fetch, always)
    found = await asyncio.gather(*(token.value() for _ in range(100)), return_exceptions=True)
    assert {str(one) for one in found} == {"WeChat answers errcode 40164"}
    assert wechat.asked == 1


# -- what is spent -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def platform_with_it(folder: Path) -> AsyncIterator[Door]:
    async with open_door(folder, {"conversations": "conversations", "wechat": "wechat"}) as door:
        yield door


async def test_a_limit_is_spent_by_all_together_and_whole_again_the_next_day(tmp_path: Path) -> None:
    from datetime import timedelta

    limit = Limit("a-try", 3)
    async with platform_with_it(tmp_path) as door:
        platform = door.platform
        spent = await asyncio.gather(*(spend(platform, "wechat:wx1", limit) for _ in range(10)))
        assert sum(spent) == 3
        assert await spend(platform, "wechat:wx2", limit)
        later = platform.now() + timedelta(days=1)
        platform.now = lambda: later
        assert await spend(platform, "wechat:wx1", limit)


async def test_two_that_have_to_lie_apart_do(tmp_path: Path) -> None:
    async with platform_with_it(tmp_path) as door:
        spent = [await spend(door.platform, "wechat:wx1", FORCED_TOKENS) for _ in range(2)]
        assert spent == [True, False]


# -- codes -------------------------------------------------------------------------------------------------------

#: As the facts list them, by what has to follow.
LISTED = {
    Consequence.TOKEN: (40001, 40014, 42001),
    Consequence.SHUT: (45015, 45047),
    Consequence.SOON: (-1, 45011),
    Consequence.TOMORROW: (45009,),
    Consequence.GONE: (40003, 43004),
    Consequence.REFUSED: (40007, 43101, 45002, 48002, 99999),
    Consequence.OPERATOR: (40037, 40164, 40200, 48001, 48004, 48006),
}


@pytest.mark.parametrize(("consequence", "codes"), LISTED.items())
def test_each_code_has_its_consequence(consequence: Consequence, codes: tuple[int, ...]) -> None:
    assert {consequence_of(code) for code in codes} == {consequence}


def test_no_code_means_that_all_is_well() -> None:
    assert 0 not in CODES


def test_a_day_of_wechats_ends_at_midnight_in_beijing() -> None:
    from datetime import UTC, datetime

    assert tomorrow(datetime(2026, 11, 29, 15, 59, tzinfo=UTC)) == datetime(2026, 11, 29, 16, 0, tzinfo=UTC)
    assert tomorrow(datetime(2026, 11, 29, 16, 1, tzinfo=UTC)) == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
