"""Servers that are killed between two ways to their phones: nobody is left out, and nobody gets it by both."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import open_door
from mobile_push.broadcasts.publication import publish
from mobile_push.sandbox import FcmSandbox
from mobile_push.sandbox.jpush.receipts import APP_KEY, MASTER_SECRET
from mobile_push.sandbox.jpush.service import JPushSandbox
from mobile_push.tables.models import Address, Chunk, Device
from tests.mobile_push.conftest import PLUGINS
from tests.mobile_push.delivery.fan_out import broadcast
from tests.places import ROOT, TRAFFIC
from tests.processes import commands
from tests.waiting import until

PHONES = 400


def registration_id(number: int) -> str:
    return f"1104a89792{number:09d}"


async def phones(now: Any) -> None:
    """Each is at JPush first, and at FCM as well."""
    rows, beside = [], []
    for number in range(PHONES):
        token, other = registration_id(number), f"phone-{number:06}"
        digests = [hashlib.sha256(f"{one}".encode()).hexdigest() for one in (token, other)]
        own = {"person": f"of-{number}", "provider": "jpush", "platform": "android", "language": "zh-CN", "ways": 1}
        row = Device(token=token, token_hash=digests[0], created_at=now, seen_at=now, **own)
        rows.append(row)
        beside.append(Address(device_id=row.id, provider="fcm", token=other, token_hash=digests[1], given_at=0))
    await Device.bulk_create(rows)
    await Address.bulk_create(beside)


@pytest.mark.sqlite
async def test_servers_that_are_killed_between_two_ways_leave_nobody_out(tmp_path: Path, sandbox: FcmSandbox) -> None:
    sandbox.behaviour.latency = 0.02
    async with open_door(tmp_path, PLUGINS) as door:
        await phones(door.platform.now())
        one = await broadcast(door, "notice")
        await publish(door.platform, one, ["fcm", "jpush"])
    async with JPushSandbox() as jpush:
        # At noon its day's quota is spent.
        jpush.behaviour.a_day = {"0": 100}
        config = tmp_path / "plugins.toml"
        config.write_text(
            f'[platform]\ndata = "{tmp_path / "data"}"\nlog_level = "warning"\n'
            f'[plugins.traffic]\npath = "{TRAFFIC}"\napi = 1\n'
            '[plugins.mobile_push]\npackage = "mobile_push"\napi = 1\n[plugins.mobile_push.settings]\nlease = 60\n'
            "[plugins.mobile_push.settings.fcm]\n"
            f'service_account_file = "{sandbox.service_account_file(tmp_path / "key.json")}"\n'
            f'base_url = "{sandbox.base_url}"\nper_minute = 12000\nat_once = 20\n'
            f'[plugins.mobile_push.settings.jpush]\napp_key = "{APP_KEY}"\nmaster_secret = "{MASTER_SECRET}"\n'
            f'base_url = "{jpush.url}"\n'
        )

        def got() -> Counter[int]:
            by_fcm = [int(str(message.token).rpartition("-")[2]) for message in sandbox.received]
            by_jpush = [int(token[10:]) for message in jpush.received for token in message.tokens]
            return Counter(by_fcm + by_jpush)

        for enough in (1, 150, PHONES):
            server = commands.begin(ROOT, "--config", config, "serve", "--port", "0")
            try:
                await until(lambda enough=enough: len(got()) >= enough, 60)
            finally:
                server.close()
    assert set(got()) == {*range(PHONES)}, "0 lost"
    twice = sum(count - 1 for count in got().values())
    assert twice <= 2 * 20, "what was under way, and what was not recorded yet"
    async with open_door(tmp_path, PLUGINS) as door:
        assert await Device.all().count() == PHONES, "nobody is forgotten"
        named = sum([chunk.twice for chunk in await Chunk.all()])
        assert named >= twice or await Chunk.filter(unsure=True).exists(), "each that came twice may be named"
