"""Google's token endpoint is away for a while: what couldn't be sent arrives afterwards, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mobile_push.delivery.claims.delivery_job import MAX_ATTEMPTS, is_enough, may_have_arrived
from mobile_push.delivery.service import PUSH
from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.provider import NO_ACCESS_TOKEN, NO_CONNECTION, Outcome, Receipt
from mobile_push.sandbox import FcmSandbox
from tests.mobile_push.conftest import SMALL, hurry, metric, new_message, nothing_due, push
from tests.mobile_push.delivery.fan_out import arrived, phones
from tests.mobile_push.delivery.test_faults import notice, unanswered
from tests.servers.fault_proxy import FAULTS, OUTAGE_S, WAYS, FaultProxy, cut_off
from tests.servers.fault_proxy import unanswered as unanswered_port
from tests.servers.ports import free_port
from tests.tries import tries
from tests.waiting import until

#: Phones that get a notice, and those of them that get a message of their own too.
PHONES, CASES = 200, 40

#: With each after how many messages it begins.
MOMENTS = [("status", 0), ("garbage", 60), ("hang", 120), ("refused", 30), ("unanswered", 180)]
MOMENTS += [(how, before) for how in (*FAULTS, *WAYS) for before in (10, 90, 220)][: tries(0, 15)]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly, unless there is time for the whole."""
    if not tries(0, 1):
        hurry(monkeypatch, {**SMALL, "banshi.builtin.outgoing.access_token.FAILURE_HOLDS_S": 0.3})


@asynccontextmanager
async def outage(sandbox: FcmSandbox, network: FaultProxy, how: str) -> AsyncIterator[None]:
    """No access token is good any more, and meanwhile there is no other."""
    sandbox.tokens.expire()
    if how in WAYS:
        async with cut_off(network, how):
            yield
        return
    before = sandbox.behaviour
    broken: Any = {"/token": 500} if how == "status" else {"/token"}
    sandbox.behaviour = replace(before, **{how: broken})
    yield
    sandbox.behaviour = before


@pytest.mark.long
@pytest.mark.timeout(300 + OUTAGE_S)
@pytest.mark.parametrize(("how", "before"), MOMENTS)
async def test_what_could_not_be_sent_without_a_token_arrives_once_when_there_is_one_again(
    open_push: Any, sandbox: FcmSandbox, how: str, before: int
) -> None:
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(FaultProxy(to=sandbox.port, port=free_port()))
        away = await stack.enter_async_context(AsyncExitStack())
        if not before:
            await away.enter_async_context(outage(sandbox, network, how))
        fcm = {"per_minute": 12_000, "timeout": 3.0, "token_uri": f"http://127.0.0.1:{network.port}/token"}
        door = await stack.enter_async_context(open_push(fcm=fcm))
        tokens = await phones(door, PHONES)
        await notice(door)
        await door.platform[PUSH].accept([new_message(f"phone-{number}") for number in range(CASES)])
        whole = Counter(tokens) + Counter(tokens[:CASES])
        if before:
            await until(lambda: len(sandbox.received) >= before)
            await away.enter_async_context(outage(sandbox, network, how))
        await asyncio.sleep(OUTAGE_S)
        await until(lambda: metric(door, 'banshi_push_attempts_total{code="token-endpoint"'))
        assert len(sandbox.received) < whole.total()
        await away.aclose()
        await until(nothing_due, 90)
        got = arrived(sandbox)
        assert got.keys() == whole.keys()
        # Of what was sent and not answered in time nobody knows; a busy machine may be too slow for one.
        assert whole <= got
        assert got.total() - whole.total() <= await unanswered(door), got - whole


@pytest.mark.parametrize("receipt", [NO_ACCESS_TOKEN, NO_CONNECTION])
def test_without_a_token_or_a_connection_no_phone_has_it(receipt: Receipt) -> None:
    assert receipt.outcome is Outcome.RETRY
    assert not may_have_arrived(receipt)


def test_a_message_that_waits_for_a_token_is_never_given_up() -> None:
    assert not is_enough(MAX_ATTEMPTS * 100, NO_ACCESS_TOKEN)
    assert is_enough(MAX_ATTEMPTS, NO_CONNECTION)
    assert not is_enough(MAX_ATTEMPTS, Receipt(Outcome.MISCONFIGURED, "credentials"))


async def test_a_connection_that_is_never_made_is_told_apart_from_an_answer_that_never_comes(
    sandbox: FcmSandbox, tmp_path: Path
) -> None:
    key, token_uri = sandbox.service_account_file(tmp_path / "key.json"), f"{sandbox.url}/token"
    with unanswered_port() as port:
        there = f"http://127.0.0.1:{port}/v1/projects"
        async with FcmProvider(FcmSettings(key, base_url=there, token_uri=token_uri, timeout=1.0)) as fcm:
            assert await fcm.send(push(), "phone-1") == NO_CONNECTION
    async with FcmProvider(FcmSettings(key, base_url=sandbox.base_url, timeout=1.0)) as fcm:
        sandbox.behaviour.hang = {"/v1/projects/"}
        assert await fcm.send(push(), "phone-1") == Receipt(Outcome.RETRY, "timeout")
        sandbox.behaviour.hang = False
        for fault, code in (
            ({"status": {"/v1/projects/": 500}}, "HTTP_500"),
            ({"garbage": {"/v1/projects/"}}, "unreadable-answer"),
        ):
            sandbox.behaviour = replace(sandbox.behaviour, **fault)
            assert (await fcm.send(push(), "phone-1")).code == code
            sandbox.behaviour = type(sandbox.behaviour)()
    assert not sandbox.received
