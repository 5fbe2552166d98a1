"""The site's service worker in a real browser: it is there, and it is told of messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.testing import Door, open_door
from mobile_push.providers.webpush.vapid import write_key
from tests.browser.conftest import PUSH_PORT, OpenBrowser, until
from tests.browser.push_service import PushService, open_push_service
from tests.browser.web_site.test_site_offline import CONTROLLED, signed_in
from tests.places import DEPARTMENTS

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

SCOPES = "async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope)"


@pytest.fixture
async def push_service() -> AsyncIterator[PushService]:
    async with open_push_service(PUSH_PORT) as opened:
        yield opened


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    await asyncio.to_thread(write_key, tmp_path / "vapid.pem")
    key, contact = str(tmp_path / "vapid.pem"), "mailto:push@city.example"
    push = {"webpush": {"private_key_file": key, "contact": contact, "loopback": True}}
    plugins: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic"}
    plugins |= {"mobile_push": "mobile_push", "web_site": "web_site"}
    async with open_door(tmp_path, plugins, settings={"mobile_push": push}) as opened:
        yield opened


async def test_a_browser_whose_button_was_pressed_has_the_worker_and_is_told_of_messages(
    door: Door, push_service: PushService, open_browser: OpenBrowser
) -> None:
    async with open_browser() as firefox:
        page = await signed_in(firefox, door, door.url)
        await page.go(f"{door.url}/site/inbox")
        await page.run("() => { document.querySelector('[data-push]').click(); }")
        await until(lambda: page.run("() => !document.querySelector('[data-pushed]').hidden"))
        assert await page.run(SCOPES) == [f"{door.url}/site/"]
        assert len((await door.citizen("wang").get("/v1/devices")).ok()["items"]) == 1
        await until(lambda: page.run(CONTROLLED))
