"""An integrator's first service, in plain Node.js: from its registration to a citizen's decided case and push."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from mobile_push.sandbox import FcmSandbox
from tests.places import ROOT
from tests.plugins.services_office import open_city, until
from tests.town.programs import SECRET, program_at

EXAMPLE = ROOT / "docs" / "examples" / "remote_service.mjs"
FIRE = ROOT / "plugins" / "departments" / "fire"

#: What the docs promise: a whole service, without a package.
MOST_LINES = 75

#: A push is at its provider so many seconds after the decision, on a machine with other work.
PATIENCE = 5.0


@pytest.mark.skipif(not shutil.which("node") and os.environ.get("CI") != "true", reason="Node.js is not installed")
async def test_a_service_in_plain_node_decides_a_case_and_the_citizens_phone_rings(tmp_path: Path) -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    async with FcmSandbox() as google:
        key = google.service_account_file(tmp_path / "key.json")
        fcm = {"service_account_file": str(key), "base_url": google.base_url, "topics_url": google.topics_url}
        async with open_city(tmp_path, settings={"mobile_push": {"fcm": fcm}}, fire=FIRE) as city:
            await program_at(city)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            environment = os.environ | {
                "BANSHI_URL": city.url,
                "CLIENT_ID": "bc_tests",
                "CLIENT_SECRET": SECRET + "bc_tests",
                "ENDPOINT": f"http://127.0.0.1:{port}/banshi",
            }
            output = asyncio.subprocess.PIPE
            node = await asyncio.create_subprocess_exec(
                "node", str(EXAMPLE), env=environment, stdout=output, stderr=asyncio.subprocess.STDOUT
            )
            try:
                assert node.stdout is not None
                told = await asyncio.wait_for(node.stdout.readline(), 30)
                assert told.startswith(b"registered and proven"), told
                await decided(city, google)
            finally:
                node.kill()
                await node.wait()


async def decided(city: Door, google: FcmSandbox) -> None:
    """The department approves the service, a citizen asks, the service decides, the phone rings."""
    boss, wang = city.staff("boss", "fire:administrator"), city.citizen("wang")
    waiting = (await boss.get("/v1/service-approvals")).ok()["items"][0]["version"]["id"]
    (await boss.post(f"/v1/service-approvals/{waiting}/actions/approve")).ok()
    (await wang.post("/v1/devices", {"provider": "fcm", "token": "wangs-phone", "platform": "android"})).created()
    refused = await wang.post("/v1/items/smoke-alarm/cases", {"answers": {"alarms": 11}})
    assert refused.problem(422, "invalid-fields")["problems"][0]["detail"] == "Ten alarms are the most for one home."
    case = (await wang.post("/v1/items/smoke-alarm/cases", {"answers": {"alarms": 3}})).created()["id"]

    async def is_approved() -> Any:
        return (await wang.get(f"/v1/cases/{case}")).ok()["state"] == "approved"

    await until(is_approved)
    begun = time.monotonic()
    await until(lambda: sum(one.is_for("wangs-phone") for one in google.received) == 2, PATIENCE)
    assert time.monotonic() - begun < PATIENCE
    shown = (await wang.get(f"/v1/cases/{case}")).ok()
    assert [step["action"] for step in shown["timeline"]] == ["submit", "accept", "approve"]
