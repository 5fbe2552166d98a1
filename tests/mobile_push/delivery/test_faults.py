"""What goes wrong around deliveries: kills, clocks that jump, services that are away. Nothing is lost.

`benchmarks/chaos.py` has the long forms, with their figures.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import CapturingLogger
from tortoise.exceptions import OperationalError

from banshi.foundation.database.store import CLOCK
from banshi.testing import Door, open_door
from mobile_push.delivery.claims.chunks import Chunks
from mobile_push.delivery.claims.rows import Rows
from mobile_push.delivery.claims.verdicts import Verdicts
from mobile_push.delivery.metrics import Teller
from mobile_push.delivery.phones import Phones
from mobile_push.delivery.service import PUSH
from mobile_push.delivery.topics.changes import kept
from mobile_push.providers.webpush.vapid import write_key
from mobile_push.sandbox import FcmSandbox
from mobile_push.sandbox.webpush.push_service import WebPushSandbox
from mobile_push.tables.lanes import Lane
from mobile_push.tables.models import Broadcast, Device, FanOut
from tests.mobile_push.conftest import PLUGINS, SMALL, hurry, metric, new_message, nothing_due
from tests.mobile_push.delivery.fan_out import arrived, broadcast, phones, publish
from tests.places import ROOT, TRAFFIC
from tests.processes import commands
from tests.waiting import until

HOUR = 3_600_000


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here, and chunks are small."""
    hurry(
        monkeypatch,
        {
            **SMALL,
            "delivery.claims.delivery_job.OPERATOR_PAUSE_S": 0.3,
            "banshi.builtin.outgoing.access_token.FAILURE_HOLDS_S": 0.2,
        },
    )


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`turn(HOUR)`: SQLite's clock is an hour ahead from now on."""
    right = CLOCK["sqlite"]

    def turned(milliseconds: int) -> None:
        monkeypatch.setitem(CLOCK, "sqlite", f"({right} + {milliseconds})")

    return turned


async def notice(door: Door, *providers: str) -> Broadcast:
    """A notice to everyone, published."""
    return await publish(door, await broadcast(door, lasts=86_400), *providers)


async def unanswered(door: Door) -> float:
    """Sends so far without an answer: the provider may have taken each, and each goes out again.

    On a busy machine frames of a stream that was given up may come a second late: the client ends such a connection.
    """
    return sum([await metric(door, f'banshi_push_attempts_total{{code="{code}"') for code in ("timeout", "connection")])


def sent_once(sandbox: FcmSandbox, tokens: list[str], again: float) -> bool:
    """Whether every phone got its message, and `again` of them at most got it once more."""
    got = arrived(sandbox)
    return got.keys() == set(tokens) and got.total() - len(tokens) <= again


async def test_a_clock_that_jumps_an_hour_ahead_and_back_sends_nothing_twice_and_holds_nothing_up(
    open_push: Any, sandbox: FcmSandbox, turn: Any
) -> None:
    sandbox.behaviour.latency = 0.02
    async with open_push(fcm={"per_minute": 12_000}) as door:
        tokens = await phones(door, 300)
        await notice(door)
        await until(lambda: len(sandbox.received) >= 50)
        turn(HOUR)
        await door.platform[PUSH].accept([new_message(f"phone-{number}") for number in range(40)])
        await until(lambda: len(sandbox.received) >= 150)
        turn(0)
        await until(nothing_due)
    assert arrived(sandbox) == Counter(tokens) + Counter(tokens[:40])


@pytest.mark.sqlite
async def test_what_a_dead_server_had_claimed_while_the_clock_was_ahead_is_not_held_for_an_hour(
    tmp_path: Path, open_push: Any, sandbox: FcmSandbox, turn: Any
) -> None:
    # This one has no way to FCM, and lives on, so that no lease is taken for a dead server's.
    async with open_door(tmp_path, PLUGINS) as other:
        tokens = await phones(other, 40)
        turn(HOUR)
        await notice(other, "fcm")
        await until(lambda: FanOut.filter(state="done").count())
        await other.platform[PUSH].accept([new_message("phone-1")])
        dead: Any = SimpleNamespace(name="fcm", longest_send=1.0)
        push = other.platform[PUSH]
        verdicts = Verdicts(other.platform, dead, push.metrics, Teller("fcm"), kept)
        claims = (
            Rows(other.platform, dead, push.settings, push.metrics, verdicts),
            Chunks(other.platform, dead, push.settings, verdicts),
        )
        for source in claims:
            assert len(await source.claim(Lane.NOTICE, 64))
        turn(0)
        async with open_push():
            await until(lambda: sandbox.answers["OK"] == 41)
            await until(nothing_due)
    assert arrived(sandbox) == Counter([*tokens, "phone-000001"])


@pytest.mark.sqlite
async def test_a_lease_that_a_living_server_holds_is_nobody_elses(
    tmp_path: Path, open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_door(tmp_path, PLUGINS) as other:
        await phones(other, 16)
        await notice(other, "fcm")
        await until(lambda: FanOut.filter(state="done").count())
        push = other.platform[PUSH]
        living: Any = SimpleNamespace(name="fcm", longest_send=1.0)
        chunks = Chunks(
            other.platform, living, push.settings, Verdicts(other.platform, living, push.metrics, Teller(""), kept)
        )
        assert len(await chunks.claim(Lane.NOTICE, 64)) == 16
        async with open_push():
            await asyncio.sleep(0.3)
            assert not sandbox.received
    # Now nobody lives who could have claimed anything.
    async with open_push():
        await until(nothing_due)
    assert max(arrived(sandbox).values()) == 1
    assert len(sandbox.received) == 16


async def test_phones_that_were_given_up_while_the_database_was_away_are_not_forgotten(
    open_push: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, away = Chunks.record, [True]

    async def sometimes(self: Chunks) -> bool:
        if away and sandbox.received:
            raise OperationalError("the database is away")
        return await record(self)

    monkeypatch.setattr(Chunks, "record", sometimes)
    async with open_push(lease=1.2, fcm={"timeout": 0.5, "per_minute": 6_000}) as door:
        tokens = await phones(door, 60)
        await notice(door)
        await until(lambda: sandbox.received)
        await asyncio.sleep(0.5)  # longer than a lease leaves for another send
        assert len(sandbox.received) < 60
        away.clear()
        await until(nothing_due)
        assert sent_once(sandbox, tokens, await unanswered(door)), arrived(sandbox).most_common(3)


async def test_phones_of_a_claim_that_failed_half_way_are_not_forgotten(
    open_push: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, calls = Phones.read, []

    async def sometimes(self: Phones, lane: Lane, *asked: Any) -> Any:
        calls.append(lane)
        if len(calls) == 2:
            raise OperationalError("the database is away")
        return await read(self, lane, *asked)

    monkeypatch.setattr(Phones, "read", sometimes)
    async with open_push(lease=1.2, fcm={"timeout": 0.5}) as door:
        tokens = await phones(door, 32)
        await notice(door)
        await until(nothing_due)
        assert sent_once(sandbox, tokens, await unanswered(door)), arrived(sandbox).most_common(3)


async def test_a_token_endpoint_that_is_down_for_a_while_costs_nothing_but_time(
    open_push: Any, sandbox: FcmSandbox
) -> None:
    async with open_push(fcm={"per_minute": 12_000}) as door:
        tokens = await phones(door, 200)
        await notice(door)
        await until(lambda: len(sandbox.received) >= 40)
        sandbox.behaviour.cut = {"/token"}
        sandbox.tokens.expire()
        asked = sandbox.token_requests
        await asyncio.sleep(0.8)
        assert len(sandbox.received) < 200
        assert sandbox.token_requests - asked < 12, "a dead endpoint is not hammered"
        sandbox.behaviour.cut = set()
        await until(nothing_due)
    assert arrived(sandbox) == Counter(tokens)


@pytest.mark.parametrize("fault", ["wrong_project", "token_refused"])
async def test_wrong_credentials_forget_no_phone_tell_the_operators_and_once_mended_everything_goes_out(
    open_push: Any, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr("mobile_push.delivery.metrics.log", log)
    setattr(sandbox.behaviour, fault, True)
    async with open_push() as door:
        tokens = await phones(door, 50)
        await notice(door)
        await until(lambda: metric(door, 'banshi_push_attempts_total{code="'))
        await until(lambda: door.platform[PUSH].couriers[0].pace.resting > 0)
        words = [call.args[0] for call in log.calls if call.method_name == "error"]
        assert words == ["the push project is misconfigured; tokens are kept, sending goes on once mended"]
        assert await Device.all().count() == 50
        setattr(sandbox.behaviour, fault, False)
        await until(nothing_due)
        assert await Device.all().count() == 50
    assert arrived(sandbox) == Counter(tokens)


async def test_a_provider_that_never_answers_is_left_alone_and_the_others_go_on(
    tmp_path: Path, sandbox: FcmSandbox
) -> None:
    write_key(tmp_path / "vapid.pem")
    sandbox.behaviour.hang = True
    key = sandbox.service_account_file(tmp_path / "key.json")
    fcm = {"service_account_file": str(key), "base_url": sandbox.base_url, "at_once": 25, "timeout": 0.3}
    webpush = {"private_key_file": str(tmp_path / "vapid.pem"), "contact": "mailto:push@example.org", "loopback": True}
    settings = {"mobile_push": {"fcm": fcm, "webpush": webpush}}
    async with WebPushSandbox() as browsers, open_door(tmp_path, PLUGINS, settings=settings) as door:
        subscription = browsers.subscribe(
            (await door.anyone.get("/v1/push/webpush-key")).ok()["application_server_key"]
        )
        document = {"provider": "webpush", "platform": "web", "subscription": subscription}
        (await door.citizen("li").post("/v1/devices", document)).created()
        tokens = await phones(door, 60)
        await notice(door, "fcm", "webpush")
        couriers = {one.provider.name: one for one in door.platform[PUSH].couriers}
        await until(lambda: couriers["fcm"].pace.resting > 0)
        await door.platform[PUSH].accept([new_message("li")])
        await until(lambda: len(browsers.received) == 2)
        assert not sandbox.received
        await until(lambda: couriers["fcm"].pace.resting > 0 and not couriers["fcm"].pace.under_way)
        before = await unanswered(door)
        sandbox.behaviour.hang = False
        await until(nothing_due)
        assert couriers["fcm"].pace.under_way == 0
        assert sent_once(sandbox, tokens, await unanswered(door) - before), arrived(sandbox).most_common(3)


@pytest.mark.sqlite
async def test_a_server_that_is_killed_is_replaced_at_once_and_its_phones_get_their_notice(
    tmp_path: Path, sandbox: FcmSandbox
) -> None:
    sandbox.behaviour.latency = 0.02
    async with open_door(tmp_path, PLUGINS) as door:
        tokens = await phones(door, 400)
        await notice(door, "fcm")
    config = tmp_path / "plugins.toml"
    config.write_text(
        f'[platform]\ndata = "{tmp_path / "data"}"\nlog_level = "warning"\n'
        f'[plugins.traffic]\npath = "{TRAFFIC}"\napi = 1\n'
        '[plugins.mobile_push]\npackage = "mobile_push"\napi = 1\n[plugins.mobile_push.settings]\nlease = 60\n'
        "[plugins.mobile_push.settings.fcm]\n"
        f'service_account_file = "{sandbox.service_account_file(tmp_path / "key.json")}"\n'
        f'base_url = "{sandbox.base_url}"\nper_minute = 12000\nat_once = 20\n'
    )
    for enough in (100, 400):
        server = commands.begin(ROOT, "--config", config, "serve", "--port", "0")
        try:
            # The lease is a minute: what the killed had claimed is free again because nobody else lives.
            await until(lambda enough=enough: len(arrived(sandbox)) >= enough, 40)
        finally:
            server.close()
    assert set(arrived(sandbox)) == set(tokens)
    assert arrived(sandbox).total() - 400 <= 2 * 20, "what was under way, and what was not recorded yet"


async def test_a_send_that_takes_long_slows_no_other_down(open_push: Any, sandbox: FcmSandbox) -> None:
    async with open_push(fcm={"per_minute": 6_000}) as door:
        tokens = await phones(door, 150)
        sandbox.behaviour.latency = 0.5
        await notice(door)
        await until(lambda: sandbox.received)
        started, before = time.monotonic(), len(sandbox.received)
        await until(nothing_due)
        took = time.monotonic() - started
        # Of 20 at once, 16 may be a notice's: 32 a second.
        assert (150 - before) / took > 16, f"{150 - before} in {took:.1f} s"
    assert arrived(sandbox) == Counter(tokens)


async def test_a_new_key_file_takes_the_place_of_one_that_was_withdrawn_without_a_restart(
    tmp_path: Path, open_push: Any, sandbox: FcmSandbox
) -> None:
    new = await asyncio.to_thread(rsa.generate_private_key, 65537, 2048)
    async with open_push(fcm={"per_minute": 3_000}) as door:
        tokens = await phones(door, 100)
        await notice(door)
        await until(lambda: len(sandbox.received) >= 20)
        sandbox.tokens._keys = [new]
        sandbox.tokens.expire()
        await until(lambda: door.platform[PUSH].couriers[0].pace.resting > 0)
        (tmp_path / "key.json").write_text("half a file")  # whoever copies it is not done yet
        await asyncio.sleep(0.3)
        assert await Device.all().count() == 100
        (tmp_path / "key.json").unlink()
        sandbox.service_account_file(tmp_path / "key.json")
        await until(nothing_due)
    assert arrived(sandbox) == Counter(tokens)
