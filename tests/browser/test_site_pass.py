"""A dynamic pass on the site, in a real browser: a scanner reads it off the screen, and a picture of it is too old."""

from __future__ import annotations

import base64
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
import zxingcpp
from PIL import Image

from banshi import Principal
from banshi.testing import open_door
from tests.browser.conftest import OpenBrowser, until
from tests.channels.site.browsing import kept_of
from tests.conftest import good_answers
from tests.kernel.test_dynamic_passes import FIRE, approved
from tests.kernel.test_pass_ledger import issue, scan, turn
from web_site.session import COOKIE

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]


async def test_a_browser_shows_a_pass_that_is_valid_and_a_picture_of_it_is_not(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    plugins: dict[str, Path | str] = {"fire": FIRE, "mobile_push": "mobile_push", "web_site": "web_site"}
    async with open_door(tmp_path, plugins) as door, open_browser() as firefox:
        phone = await approved(door)
        page = await firefox.page(f"{door.url}/site")
        cookie = {
            "name": COOKIE.name,
            "value": {"type": "string", "value": kept_of(door, Principal("wang", name="王小明"))},
            "domain": "127.0.0.1",
            "path": COOKIE.path,
        }
        where = {"type": "context", "context": page._context}
        await firefox.command("storage.setCookie", cookie=cookie, partition=where)
        await page.go(f"{door.url}/site/cases/{phone.path.rpartition('/')[2]}/pass")
        await page.run("() => { document.querySelector('[data-pass] button').click(); }")
        await until(lambda: page.run("() => document.querySelector('[data-pass] img').naturalWidth > 0"))
        shot = await firefox.command("browsingContext.captureScreenshot", context=page._context, origin="document")
        seen = Image.open(BytesIO(base64.b64decode(shot["data"])))
        (read,) = zxingcpp.read_barcodes(seen, zxingcpp.BarcodeFormat.QRCodeModel2)
        assert read.text.startswith("BD1:")
        assert (await scan(door, read.text))["verdict"] == "valid"
        turn(door, timedelta(seconds=31))
        assert (await scan(door, read.text))["verdict"] == "screenshot"
        assert await page.run("() => document.querySelector('.errors, [data-failed]:not([hidden])') === null")


async def test_a_code_that_a_camera_has_opened_is_verified_and_leaves_the_address(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    plugins: dict[str, Path | str] = {"traffic": FIRE.with_name("traffic"), "web_site": "web_site"}
    async with open_door(tmp_path, {**plugins, "mobile_push": "mobile_push"}) as door, open_browser() as firefox:
        one = await issue(door, good_answers)
        page = await firefox.page(f"{door.url}/site/verify#{quote(one.text, safe='$*+/:')}")
        await until(lambda: page.run("() => document.querySelector('.verdict.good') !== null"))
        assert await page.run("() => location.hash") == ""
