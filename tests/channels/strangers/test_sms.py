"""An SMS gateway, by a stranger: every item, and nothing lost or twice when servers are killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from banshi.foundation.retry import Retry
from banshi.testing import Door
from conversations.outbound import courier
from conversations.tables.models import Said, Turn
from tests.channels.strangers import judge
from tests.channels.strangers.gateway import KEY, LOST, Gateway, opened_gateway, signature
from tests.servers.ports import free_port
from tests.waiting import until

SMS = Path(__file__).with_name("sms")


def test_it_has_300_lines_at_most() -> None:
    assert len((SMS / "__init__.py").read_text().splitlines()) <= 300


@pytest.mark.parametrize("channel", [SMS, judge.ROOT / "plugins" / "channels" / "qq"], ids=["a gateway", "bots"])
def test_it_knows_the_face_of_the_conversations_alone(channel: Path) -> None:
    assert not [one.name for one in channel.glob("*.py") if "from conversations." in one.read_text()]


@pytest.mark.long
async def test_every_item_ends_by_sms_as_it_does_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes long: a third of all items is talked to its end."""
    async with opened_gateway() as gateway:
        settings = {"sms": {"url": gateway.url, "key": KEY}}
        async with judge.sample_city(tmp_path, {"sms": SMS}, settings) as door:
            gateway.inbound, gateway.receipts = f"{door.url}/v1/sms/in", f"{door.url}/v1/sms/receipts"
            wanted = judge.share_of(door, 0)
            assert await judge.talk_all(door, gateway, wanted, monkeypatch) == judge.ends_of(wanted)


@pytest.mark.long
async def test_killed_twenty_times_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path, database: str) -> None:
    """It takes long: a server is begun anew after each kill."""
    async with opened_gateway() as gateway:
        port = free_port()
        own = f'[plugins.sms]\npath = "{SMS}"\napi = 1\n[plugins.sms.settings]\nurl = "{gateway.url}"\nkey = "{KEY}"\n'
        config = judge.written_config(tmp_path, database, own)
        url = f"http://127.0.0.1:{port}/v1/sms"
        gateway.inbound, gateway.receipts = f"{url}/in", f"{url}/receipts"
        killed = judge.Killed(config, port, "sms:city", gateway, part=0)
        await killed.run(at_end=gateway.receipts_are_taken)
        assert await killed.judge(tmp_path, database, ends="delivered") > judge.PHONES * judge.LAST


@asynccontextmanager
async def bureau(folder: Path) -> AsyncIterator[tuple[Door, Gateway]]:
    async with opened_gateway() as gateway:
        settings = {"sms": {"url": gateway.url, "key": KEY}}
        async with judge.bureau(folder, {"sms": SMS}, settings) as door:
            gateway.inbound, gateway.receipts = f"{door.url}/v1/sms/in", f"{door.url}/v1/sms/receipts"
            yield door, gateway


async def last_is(state: str) -> bool:
    """Once what the gateway has said of the last message is noted."""

    async def noted() -> bool:
        row = await Said.all().order_by("-id").first()
        return row is not None and row.state == state

    await until(noted)
    return True


async def test_a_lost_answer_is_tried_again_where_the_gateway_knows_the_message_and_comes_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "RETRY", Retry(0.01, 0.32))
    async with bureau(tmp_path) as (_, gateway):
        gateway.codes.extend([LOST, LOST])
        await gateway.writes("13800000000", "你好")
        assert await last_is("delivered")
        assert (len(gateway.phones["13800000000"]), gateway.repeated) == (1, 2)


async def test_what_a_gateway_without_windows_may_not_send_now_is_said_with_the_next_answer(tmp_path: Path) -> None:
    async with bureau(tmp_path) as (_, gateway):
        gateway.codes.append("QUOTA")
        await gateway.writes("13800000000", "你好")
        assert await last_is("shut")
        assert gateway.phones["13800000000"] == []
        await gateway.writes("13800000000", "进度")
        assert await last_is("delivered")
        (shown,) = gateway.phones["13800000000"]
        assert len((await Turn.all().order_by("id").first()).reply["text"]) < len(shown)  # type: ignore[union-attr]


async def test_what_the_gateway_has_not_signed_is_refused_and_receipts_of_nothing_change_nothing(
    tmp_path: Path,
) -> None:
    async with bureau(tmp_path) as (_, gateway):
        fields = {"id": "1", "from": "13800000000", "text": "你好"}
        assert not await gateway.post(gateway.inbound, {**fields, "sign": "0"})
        assert not await gateway.post(gateway.inbound, {"": ""})
        assert not await Turn.all().exists()
        await gateway.writes("13800000000", "你好")
        for receipt in ({"id": "out-9", "status": "DELIVRD"}, {"id": "out-1", "status": "UNDELIV"}):
            assert await gateway.post(gateway.receipts, {**receipt, "sign": signature(receipt)})
        assert await last_is("delivered")
