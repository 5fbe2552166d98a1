"""A dynamic pass on the site, in a real browser: a scanner reads it off the screen, and a picture of it is too old."""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
import zxingcpp
from aiohttp.test_utils import RawTestServer
from PIL import Image

from banshi.testing import open_door
from tests.banshi.builtin.passes.test_dynamic_passes import FIRE, approved
from tests.banshi.builtin.passes.test_pass_ledger import issue, scan, turn
from tests.browser.conftest import OpenBrowser, until
from tests.browser.firefox import Firefox, Page
from tests.browser.web_site.test_site_offline import CONTROLLED, INSTALL, away, holds, signed_in
from tests.conftest import good_answers
from tests.servers.fault_proxy import FaultProxy
from tests.servers.ports import free_port

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]


KEPT = """() => new Promise((done) => { indexedDB.open("site").onsuccess = ({ target: { result } }) => {
  result.transaction("keys").objectStore("keys").getAllKeys().onsuccess = ({ target }) => done(target.result); }; })"""
INSTALLED = "() => { window.matchMedia = () => ({ matches: true }); }"
OPEN = "(address) => { setTimeout(() => { location.href = address; }); }"


async def read_off(firefox: Firefox, page: Page) -> str:
    """Press the button, and read what the screen shows then as a scanner does."""
    await page.run("() => { document.querySelector('[data-pass] button').click(); }")
    await until(lambda: page.run("() => !document.querySelector('[data-pass] canvas').hidden"))
    shot = await firefox.command("browsingContext.captureScreenshot", context=page._context, origin="document")
    seen = Image.open(BytesIO(base64.b64decode(shot["data"])))
    (read,) = zxingcpp.read_barcodes(seen, zxingcpp.BarcodeFormat.QRCodeModel2)
    return str(read.text)


async def test_a_browser_shows_a_pass_that_is_valid_without_a_network_too_and_a_picture_of_it_is_not(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    plugins: dict[str, Path | str] = {"fire": FIRE, "mobile_push": "mobile_push", "web_site": "web_site"}
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with (
        open_door(tmp_path, plugins, platform={"address": url}) as door,
        FaultProxy(to=int(door.url.rpartition(":")[2]), port=port) as network,
        RawTestServer(away) as proxy,
        open_browser() as firefox,
    ):
        phone = await approved(door)
        page = await signed_in(firefox, door, url)
        path = f"{url}/site/cases/{phone.path.rpartition('/')[2]}/pass"
        await page.run(INSTALL)
        await until(lambda: page.run(CONTROLLED))
        await page.go(path)
        text = await read_off(firefox, page)
        assert text.startswith(f"{url}/site/verify#BD1:"), "any phone's camera opens it"
        assert (await scan(door, text))["verdict"] == "valid"
        assert await page.run(KEPT) == ["phone"], "a browser's window keeps its key alone"
        script = {"functionDeclaration": INSTALLED, "contexts": [page._context]}
        await firefox.command("script.addPreloadScript", **script)
        await page.go(path)
        await read_off(firefox, page)
        for network.to, network.absent in ((int(proxy.port or 0), False), (0, True)):
            network.reset()
            await page.go(path)
            text = await read_off(firefox, page)
            assert (await scan(door, text))["verdict"] == "valid"
        turn(door, timedelta(seconds=31))
        assert (await scan(door, text))["verdict"] == "screenshot"
        assert await page.run("() => document.querySelector('.errors, [data-failed]:not([hidden])') === null")


async def test_each_code_that_a_camera_has_opened_in_a_tab_is_verified_and_leaves_the_address(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    plugins: dict[str, Path | str] = {"traffic": FIRE.with_name("traffic"), "web_site": "web_site"}
    async with open_door(tmp_path, {**plugins, "mobile_push": "mobile_push"}) as door, open_browser() as firefox:
        one = await issue(door, good_answers)
        address = f"{door.url}/site/verify"
        page = await firefox.page(f"{address}#main")
        assert await page.run("() => location.hash") == "#main", "the skip link's is no code"
        await page.go(f"{door.url}/site")
        for code, verdict in ((one.text, "good"), (one.text[:-3], "old"), (one.text, "good")):
            await page.run(OPEN, f"{address}#{quote(code, safe='$*+/:')}")
            await until(partial(holds, page, f"() => document.querySelector('.verdict.{verdict}') !== null"))
            assert await page.run("() => location.hash") == ""
