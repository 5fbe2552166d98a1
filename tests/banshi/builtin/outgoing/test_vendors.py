"""Calls of a vendor's API: however they end, what follows is right, and nothing that was perhaps done is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from banshi.builtin.outgoing import access_token
from banshi.sdk.outgoing import AccessToken, Codes, Consequence, NoToken, Refused, Request, Token, Vendor
from tests.servers.fault_proxy import unanswered
from tests.servers.ports import free_port

BEIJING = timezone(timedelta(hours=8))

CODES = Codes(
    {"40001": Consequence.TOKEN, "45009": Consequence.SPENT, "45015": Consequence.SHUT, "-1": Consequence.SOON},
    day=BEIJING,
)


def read(status: int, _: Mapping[str, str], body: bytes) -> Any:
    """The document of an answer, as WeChat's are."""
    try:
        found = orjson.loads(body) if status == 200 else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Refused("", Consequence.UNKNOWN)
    if code := found.get("errcode"):
        raise CODES.refused(code)
    return found


class Service:
    """The vendor's side."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        #: What it answers with, in turn; the last one for good. A number is an errcode.
        self.answers: list[Any] = [0]
        #: What its token endpoint does.
        self.token: Any = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(str(request.rel_url))
        how = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return await self._done(how, request)

    async def give_token(self, request: web.Request) -> web.StreamResponse:
        if self.token is not None:
            return await self._done(self.token, request)
        return web.json_response({"value": f"t{len(self.asked)}", "seconds": 7200})

    async def _done(self, how: Any, request: web.Request) -> web.StreamResponse:
        match how:
            case "html":
                return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
            case "500":
                return web.json_response({"errcode": 0}, status=500)
            case "moved":
                raise web.HTTPFound("/elsewhere")
            case "hang":
                await asyncio.sleep(30)
            case "cut":
                assert request.transport
                request.transport.close()
            case "long":
                return web.Response(body=b'{"a": "' + b"x" * 2_000_000)
            case int():
                return web.json_response({"errcode": how} if how else {"done": True})
        return web.Response()


@asynccontextmanager
async def opened(timeout_s: float = 1.0) -> AsyncIterator[tuple[Service, Vendor, AccessToken]]:
    service, application = Service(), web.Application()
    application.router.add_post("/token", service.give_token)
    application.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with aiohttp.ClientSession() as session:
        vendor = Vendor(session, f"http://{host}:{port}/", timeout_s)

        async def fetch(_: str) -> Token:
            found = await vendor.ask(Request(method="POST", path="/token", is_safe=True), read)
            return Token(found["value"], found["seconds"])

        token = AccessToken("vendor", fetch)
        yield service, vendor, token
        await token.close()
    await runner.cleanup()


def send(token: str) -> Request:
    return Request(method="POST", path="/send", query={"access_token": token}, document={"text": "你好"})


LOST = ("html", "500", "moved", "hang", "cut", "long")


@pytest.mark.parametrize("how", LOST)
async def test_of_what_was_sent_and_not_answered_nobody_knows_and_it_is_not_sent_again(how: str) -> None:
    async with opened() as (service, vendor, token):
        service.answers = [how]
        with pytest.raises(Refused) as refused:
            await vendor.ask_with(token, send, read)
        assert (refused.value.code, refused.value.consequence) == ("", Consequence.UNKNOWN)
        assert not refused.value.comes_again
        assert service.asked == ["/send?access_token=t0"]


@pytest.mark.parametrize("how", LOST)
async def test_what_harms_nobody_is_asked_for_again_where_its_answer_is_lost(how: str) -> None:
    async with opened() as (service, vendor, _):
        service.answers = [how]
        with pytest.raises(Refused) as refused:
            await vendor.ask(Request(method="GET", path="/menu", is_safe=True), read)
        # What is larger than whoever asks can take stays that.
        expected = Consequence.REFUSED if how == "long" else Consequence.SOON
        assert refused.value.consequence is expected


@pytest.mark.parametrize("how", LOST)
async def test_however_the_token_endpoint_fails_nothing_was_sent(how: str) -> None:
    async with opened() as (service, vendor, token):
        service.token = how
        with pytest.raises(NoToken) as refused:
            await vendor.ask_with(token, send, read)
        assert refused.value.consequence is Consequence.SOON
        assert not service.asked


@pytest.mark.parametrize("away", ["nobody", "unanswered"])
async def test_before_a_connection_stands_nothing_was_sent(away: str) -> None:
    with unanswered() as silent:
        port = silent if away == "unanswered" else free_port()
        async with aiohttp.ClientSession() as session:
            vendor = Vendor(session, f"http://127.0.0.1:{port}", 1.0)
            with pytest.raises(Refused) as refused:
                await vendor.ask(send("t"), read)
    assert refused.value.consequence is Consequence.SOON
    assert refused.value.__cause__ is None, "an address may hold the token"


async def test_a_token_that_is_refused_costs_another_one_and_the_same_call_once_more() -> None:
    async with opened() as (service, vendor, token):
        service.answers = [40001, 0]
        assert await vendor.ask_with(token, send, read) == {"done": True}
        assert service.asked == ["/send?access_token=t0", "/send?access_token=t1"]
        assert not token.suspect


async def test_a_token_that_is_refused_twice_is_soon_and_then_nobody_asks_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened() as (service, vendor, token):
        service.answers = [40001]
        with pytest.raises(Refused) as refused:
            await vendor.ask_with(token, send, read)
        assert (refused.value.code, refused.value.consequence) == ("40001", Consequence.SOON)
        for _ in range(20):
            with pytest.raises(NoToken):
                await vendor.ask_with(token, send, read)
        assert len(service.asked) == 2
        monkeypatch.setattr(access_token, "FAILURE_HOLDS_S", 0.0)
        token._renew_at = 0.0
        service.answers = [0]
        assert await vendor.ask_with(token, send, read) == {"done": True}


async def test_a_refusal_for_another_reason_accepts_the_token() -> None:
    async with opened() as (service, vendor, token):
        service.answers = [40001, 45015, 40001, 0]
        with pytest.raises(Refused) as refused:
            await vendor.ask_with(token, send, read)
        assert (refused.value.code, refused.value.consequence) == ("45015", Consequence.SHUT)
        assert await vendor.ask_with(token, send, read) == {"done": True}


async def test_a_token_that_takes_too_long_ends_the_call_in_its_time() -> None:
    async with opened(0.5) as (service, vendor, _):

        async def slow(_: str) -> Token:
            await asyncio.sleep(30)
            raise AssertionError

        token = AccessToken("slow", slow)
        async with asyncio.timeout(5):
            with pytest.raises(NoToken):
                await vendor.ask_with(token, send, read)
        await token.close()
        assert not service.asked


# -- codes -------------------------------------------------------------------------------------------------------


def test_a_code_that_nobody_knows_is_a_refusal_or_what_the_vendors_table_says() -> None:
    assert CODES.refused(99999).consequence is Consequence.REFUSED
    assert Codes({}, other=Consequence.OURS).refused("what").consequence is Consequence.OURS
    assert str(CODES.refused(-1)) == "the vendor answers -1"


def test_what_is_spent_is_whole_again_when_the_day_turns_where_the_vendor_is() -> None:
    spent = CODES.refused(45009)
    assert CODES.again_at(spent, datetime(2026, 11, 29, 15, 59, tzinfo=UTC)) == datetime(2026, 11, 29, 16, tzinfo=UTC)
    assert CODES.again_at(spent, datetime(2026, 11, 29, 16, 1, tzinfo=UTC)) == datetime(2026, 11, 30, 16, tzinfo=UTC)


def test_what_the_vendor_says_about_when_goes_before() -> None:
    now = datetime(2026, 11, 29, 15, 59, tzinfo=UTC)
    then = now + timedelta(seconds=7)
    assert CODES.again_at(Refused("429", Consequence.SOON, then), now) == then
    assert CODES.again_at(Refused("429", Consequence.SPENT, then), now) == then
    assert CODES.again_at(CODES.refused(-1), now) is None
