"""A token that all processes share: the vendor's next one ends the last, and none of them ends another's."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from banshi.builtin.outgoing import access_token, shared_tokens
from banshi.builtin.outgoing.models import SharedToken
from banshi.foundation.encryption.secrets import SEAL, Seal
from banshi.sdk.outgoing import AccessToken, Consequence, NoToken, Refused, SharedTokens, Token
from banshi.testing import Door, open_door
from tests.banshi.builtin.outgoing.token_process import ask_for
from tests.places import TRAFFIC
from tests.processes.commands import FORKED
from tests.tries import tries

#: Seconds for which a token is good, and for which two processes ask.
LIFE_S, ASKED_S = 2.0, tries(5.0, 60.0)


class Vendor:
    """As QQ and Feishu do it: whoever asks for a token ends the one before."""

    def __init__(self) -> None:
        #: Moments at which a token was given out, and how often each was taken or refused.
        self.given: list[float] = []
        self.taken: dict[str, int] = {}
        self.refused = 0
        #: Tokens that are withdrawn before their end.
        self.withdrawn: set[str] = set()
        self.url = ""

    @property
    def newest(self) -> str:
        return f"t{len(self.given)}"

    async def token(self, _: web.Request) -> web.Response:
        self.given.append(time.monotonic())
        value = self.newest
        await asyncio.sleep(0.05)
        return web.json_response({"value": value, "seconds": LIFE_S})

    async def work(self, request: web.Request) -> web.Response:
        value = request.match_info["value"]
        if value != self.newest or value in self.withdrawn or time.monotonic() > self.given[-1] + LIFE_S + 0.5:
            self.refused += 1
            return web.json_response({"code": 11244})
        self.taken[value] = self.taken.get(value, 0) + 1
        return web.json_response({})


@asynccontextmanager
async def serving() -> AsyncIterator[Vendor]:
    vendor, application = Vendor(), web.Application()
    application.router.add_post("/token", vendor.token)
    application.router.add_get("/send/{value}", vendor.work)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    vendor.url = f"http://{host}:{port}"
    yield vendor
    await runner.cleanup()


@pytest.mark.timeout(60 + 2 * ASKED_S)
async def test_two_processes_never_end_each_others_tokens(database: str, tmp_path: Path) -> None:
    """It takes five seconds, in which a token of two is renewed twice and withdrawn once."""
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}):
        pass  # its tables and keys
    async with serving() as vendor:
        names = ["one", "other"]
        given = [(tmp_path, TRAFFIC, database, vendor.url, name, ASKED_S) for name in names]
        processes = [FORKED.Process(target=ask_for, args=args, daemon=True) for args in given]
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            if vendor.taken.get("t2", 0) >= 10:
                vendor.withdrawn.add("t2")
            await asyncio.sleep(0.01)
        ended = [json.loads((tmp_path / name).read_text()) for name in names]
    for one in ended:
        assert one["done"] > 50
        assert one.keys() <= {"done", "later"}
        assert one.get("later", 0) < one["done"], "most have the next one in the same call"
    # Each was given out because the one before was nearly over, or withdrawn: never twice for two processes.
    ages = [after - before for before, after in itertools.pairwise(vendor.given)]
    assert vendor.withdrawn == {"t2"}
    assert ages.pop(1) < 0.7 * LIFE_S
    assert min(ages) >= 0.7 * LIFE_S
    assert sum(vendor.taken.values()) == sum(one["done"] for one in ended)
    # Whoever has the old one in its hand when the next is given out is refused once, and reads the next.
    assert vendor.refused <= 20 * len(vendor.given)


# -- one process -------------------------------------------------------------------------------------------------


@pytest.fixture
async def door(database: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as opened:
        yield opened


class Counted:
    """Gives out token:1, token:2 …: with a sign that no sealed text has by chance."""

    def __init__(self, seconds: float = 7200.0) -> None:
        self.given, self.seconds = 0, seconds
        self.fails: Exception | None = None

    async def fetch(self, _: str) -> Token:
        await asyncio.sleep(0.02)
        if self.fails:
            raise self.fails
        self.given += 1
        return Token(f"token:{self.given}", self.seconds)


async def test_a_hundred_at_once_ask_the_vendor_once_and_again_for_one_that_is_refused(door: Door) -> None:
    vendor, shared = Counted(), SharedTokens(door.platform)
    found = await asyncio.gather(*(shared.token("qq:1", vendor.fetch, "", 60.0) for _ in range(100)))
    assert {one.value for one in found} == {"token:1"}
    assert all(7100 < one.seconds <= 7200 for one in found)
    found = await asyncio.gather(*(shared.token("qq:1", vendor.fetch, "token:1", 60.0) for _ in range(100)))
    assert {one.value for one in found} == {"token:2"}
    assert (await shared.token("qq:2", vendor.fetch, "", 60.0)).value == "token:3"
    assert vendor.given == 3


async def test_its_row_tells_nobody_the_token_and_another_key_gets_another(door: Door, tmp_path: Path) -> None:
    vendor, shared = Counted(), SharedTokens(door.platform)
    await shared.token("qq:1", vendor.fetch, "", 60.0)
    sealed = (await SharedToken.get(name="qq:1")).sealed
    assert "token:1" not in sealed
    assert door.platform[SEAL].opened(sealed) == "token:1"
    door.platform.put(SEAL, Seal(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    assert (await shared.token("qq:1", vendor.fetch, "", 60.0)).value == "token:2"


async def test_while_one_fetches_the_next_all_others_go_on_with_the_one_that_is_good(door: Door) -> None:
    vendor, shared = Counted(), SharedTokens(door.platform)
    await shared.token("qq:1", vendor.fetch, "", 60.0)
    await SharedToken.filter(name="qq:1").update(renew_at=0)
    found = await asyncio.gather(*(shared.token("qq:1", vendor.fetch, "", 60.0) for _ in range(20)))
    assert sorted({one.value for one in found}) == ["token:1", "token:2"]
    assert vendor.given == 2


async def test_whoever_fails_gives_the_lease_back_and_whoever_dies_holds_it_for_its_rest(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_tokens, "LEASE_S", 1.0)
    vendor, shared, asked = Counted(), SharedTokens(door.platform), asyncio.Event()
    vendor.fails = Refused("40164", Consequence.OURS)
    with pytest.raises(Refused) as refused:
        await shared.token("qq:1", vendor.fetch, "", 60.0)
    assert refused.value.consequence is Consequence.OURS
    assert not (await SharedToken.get()).lease_until

    async def dies(_: str) -> Token:
        asked.set()
        await asyncio.sleep(60)
        raise AssertionError

    task = asyncio.create_task(shared.token("qq:1", dies, "", 60.0))
    await asyncio.wait_for(asked.wait(), 10)
    task.cancel()
    begun, vendor.fails = time.monotonic(), None
    assert (await shared.token("qq:1", vendor.fetch, "", 60.0)).value == "token:1"
    assert 0.5 < time.monotonic() - begun < 10


async def test_a_vendor_that_hangs_has_a_limit_and_the_next_may_ask(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_token, "FETCH_S", 0.1)
    shared, vendor = SharedTokens(door.platform), Counted()

    async def hangs(_: str) -> Token:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(NoToken):
        await AccessToken("qq:1", hangs, shared=shared).value()
    assert await AccessToken("qq:1", vendor.fetch, shared=shared).value() == "token:1"
    assert await AccessToken("qq:1", hangs, shared=shared).value() == "token:1"
