"""An app's part of a dynamic pass, in plain JavaScript: from the key in the phone to what an officer's scanner says."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from banshi.builtin.passes.wire import picture, shown
from banshi.testing import open_door
from tests.banshi.builtin.passes.test_dynamic_passes import FIRE, approved
from tests.banshi.builtin.passes.test_pass_ledger import scan, turn
from tests.places import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "dynamic_pass.mjs"

#: Longest time in seconds until a picture; a busy machine is no failure.
PATIENCE = 25.0


@pytest.mark.skipif(not shutil.which("node") and os.environ.get("CI") != "true", reason="Node.js is not installed")
async def test_an_app_in_plain_javascript_takes_its_pass_and_shows_one_that_is_valid_until_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The example goes by what the platform says, which is fifteen seconds.
    monkeypatch.setattr(shown, "EVERY_S", 1)
    async with open_door(tmp_path, {"fire": FIRE, "mobile_push": "mobile_push"}) as door:
        phone = await approved(door)
        environment = os.environ | {"BANSHI_URL": door.url, "TOKEN": phone.person.token or "", "CASE": phone.path}
        output = asyncio.subprocess.PIPE
        node = await asyncio.create_subprocess_exec(
            "node", str(EXAMPLE), env=environment, stdout=output, stderr=asyncio.subprocess.STDOUT
        )
        try:
            assert node.stdout is not None
            first, second = [
                (await asyncio.wait_for(node.stdout.readline(), PATIENCE)).decode().removesuffix("\n") for _ in range(2)
            ]
        finally:
            node.kill()
            await node.wait()
        (read,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.png(second))), zxingcpp.BarcodeFormat.QRCodeModel2)
        assert read.text == second != first
        assert (await scan(door, read.text))["verdict"] == "valid"
        turn(door, timedelta(seconds=31))
        assert (await scan(door, read.text))["verdict"] == "screenshot"
