"""The site without a network, and after the sign-out: what is kept is one's own pass and messages, until one leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from banshi import Principal
from banshi.kernel.tables.cases import Case
from banshi.testing import Door, open_door
from tests.browser import chromium, street
from tests.browser.conftest import OpenBrowser, chromium_tabs, until
from tests.browser.firefox import Firefox, Page
from tests.conftest import good_answers
from tests.places import TRAFFIC
from tests.servers.fault_proxy import FaultProxy

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

#: As the site does it once it is installed.
INSTALL = """async () => {
  await navigator.serviceWorker.register("/site/worker.js", { scope: "/site/" });
  await navigator.serviceWorker.ready;
}"""
CONTROLLED = "() => navigator.serviceWorker.controller !== null"
TEXT = "() => document.body.textContent"
DRAWN = "() => document.querySelector('.qr img').naturalWidth > 0"
LEFT = """async () => [await caches.keys(), (await navigator.serviceWorker.getRegistrations()).length,
  (await indexedDB.databases()).length, document.cookie]"""
SIGN_OUT = "() => { setTimeout(() => document.querySelector('form[action$=sign-out] button').click()); }"
PRESS = "() => document.querySelector('main .btns [name=next]').click()"
OUT = "() => document.readyState === 'complete' && !document.querySelector('form[action$=sign-out]')"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push", "web_site": "web_site"}
    async with open_door(tmp_path, plugins) as opened:
        yield opened


@pytest.fixture(params=["firefox", "chromium"])
async def either(request: pytest.FixtureRequest, open_browser: OpenBrowser) -> AsyncIterator[Firefox]:
    if request.param == "chromium" and not chromium.IS_THERE:
        pytest.skip("there is no Chromium here; `apt-get install chromium chromium-driver` brings it")
    async with open_browser() if request.param == "firefox" else chromium_tabs() as opened:
        yield opened


async def signed_in(browser: Firefox, door: Door, url: str) -> Page:
    page = await browser.page(f"{url}/site/help")
    await street.signed_in(browser, page, door, Principal("wang", name="王小明"))
    return page


async def approved(door: Door) -> tuple[str, str]:
    """A case of wang's with a pass: its id and its number."""
    wang = door.citizen("wang", name="王小明")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
    await door.settled()
    staff = door.staff("li", "traffic:reviewer", "traffic:approver")
    (await staff.post(f"/v1/cases/{case['id']}/actions/approve")).ok()
    await door.settled()
    return case["id"], case["number"]


async def away(_: web.BaseRequest) -> web.Response:
    """What a reverse proxy answers whose server is away."""
    return web.Response(status=503)


async def test_a_pass_and_the_inbox_are_there_without_a_network_until_the_sign_out(door: Door, either: Firefox) -> None:
    case, number = await approved(door)
    there = int(door.url.rpartition(":")[2])
    async with FaultProxy(to=there) as network, RawTestServer(away) as proxy:
        url = f"http://127.0.0.1:{network.port}"
        page = await signed_in(either, door, url)
        await page.run(INSTALL)
        await until(lambda: page.run(CONTROLLED))
        paths = ("inbox", "passes", f"cases/{case}/pass")
        with_network = {}
        for path in paths:
            await page.go(f"{url}/site/{path}")
            with_network[path] = await page.run(TEXT)
        assert number in with_network[paths[2]]
        for network.to, network.absent in ((int(proxy.port or 0), False), (there, True)):
            network.reset()
            for path in reversed(paths):
                await page.go(f"{url}/site/{path}")
                assert await page.run(TEXT) == with_network[path], (path, network)
                if path == paths[2]:
                    assert await page.run(DRAWN), "the code that is scanned, too"
        with pytest.raises(AssertionError):
            await page.go(f"{url}/site/cases")
        network.heal()
        await page.go(f"{url}/site/inbox")
        await page.run(SIGN_OUT)
        await until(lambda: holds(page))
        assert await page.run(LEFT) == [[], 0, 0, ""]
        network.absent = True
        network.reset()
        for path in paths:
            with pytest.raises(AssertionError):
                await page.go(f"{url}/site/{path}")


async def test_an_action_is_sent_and_says_where_its_server_hangs(door: Door, either: Firefox) -> None:
    wang = door.citizen("wang", name="王小明")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
    async with FaultProxy(to=int(door.url.rpartition(":")[2])) as network:
        page = await signed_in(either, door, f"http://127.0.0.1:{network.port}")
        await page.go(f"http://127.0.0.1:{network.port}/site/cases/{case['id']}/actions/withdraw")
        network.fall_silent()
        await page.run(PRESS)
        await until(lambda: page.run("() => !document.querySelector('[data-away]').hidden"))
        network.speak()
        await page.run(PRESS)
        await until(lambda: Case.filter(state="withdrawn").exists())


async def holds(page: Page, script: str = OUT) -> bool:
    try:
        return bool(await page.run(script))
    except AssertionError:
        # Between two pages there is none.
        return False


async def test_the_back_button_of_a_shared_computer_shows_nothing_after_the_sign_out(
    door: Door, either: Firefox
) -> None:
    case, number = await approved(door)
    page = await signed_in(either, door, door.url)
    for path in ("inbox", f"cases/{case}", "items/zone-pass/form"):
        await page.go(f"{door.url}/site/{path}")
    await page.run(SIGN_OUT)
    await until(lambda: holds(page))
    for _ in range(4):
        await either.command("browsingContext.traverseHistory", context=page._context, delta=-1)
        await until(lambda: holds(page))
        text = await page.run(TEXT)
        assert number not in text
        assert "王小明" not in text
