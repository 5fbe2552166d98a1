"""A real browser subscribes through a push service on this machine and shows a case result that the platform sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.identity.development import development_token
from banshi.testing import Door, open_door
from mobile_push.providers.webpush.vapid import public_key, write_key
from mobile_push.settings import CASE_TITLE
from tests.browser.conftest import PUSH_PORT, OpenBrowser, until
from tests.browser.firefox import Page
from tests.browser.push_service import PushService, open_push_service
from tests.browser.site import Site, open_site
from tests.places import TRAFFIC

#: The browser's verdicts on a push (nsIPushErrorReporter): handed to the service worker.
DELIVERED = 100

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]


@pytest.fixture
async def push_service() -> AsyncIterator[PushService]:
    async with open_push_service(PUSH_PORT) as opened:
        yield opened


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A platform with the traffic police that sends Web Push."""
    await asyncio.to_thread(write_key, tmp_path / "vapid.pem")
    webpush = {
        "private_key_file": str(tmp_path / "vapid.pem"),
        "contact": "mailto:push@city.example",
        "loopback": True,
    }
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, settings={"mobile_push": {"webpush": webpush}}) as opened:
        yield opened


@pytest.fixture
async def site(door: Door) -> AsyncIterator[Site]:
    async with open_site(door.url, lambda: development_token(door.platform.settings, "wang")) as opened:
        yield opened


async def notifications(page: Page) -> list[dict[str, Any]]:
    """The notifications that this site's service worker shows."""
    shown: list[dict[str, Any]] = await page.run(
        """async () => (await (await navigator.serviceWorker.ready).getNotifications())
            .map(({ title, body, tag, data }) => ({ title, body, tag, data }))"""
    )
    return shown


async def decided(door: Door, answers: Callable[..., Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Wang's application, which the traffic police approve."""
    wang, police = door.citizen("wang", "王小明"), door.staff("li", "traffic:approver")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    await door.settled()
    decision: dict[str, Any] = (await police.post(f"/v1/cases/{case['id']}/actions/approve")).ok()
    await door.settled()
    return decision


async def test_a_browser_shows_the_case_result_that_it_was_sent_and_its_link_leads_to_the_case(
    door: Door, site: Site, push_service: PushService, open_browser: OpenBrowser, answers: Any
) -> None:
    async with open_browser() as browser:
        page = await browser.page(site.url)
        device = await page.run("() => app.subscribe(app.api)")
        assert (device["provider"], device["platform"]) == ("webpush", "web")
        case = await decided(door, answers)
        inbox = (await door.citizen("wang").get("/v1/inbox")).ok()["items"]
        assert inbox

        await until(lambda: list(push_service.verdicts.values()) == [DELIVERED] * len(inbox))

        async def shown() -> bool:
            return bool(await notifications(page))

        await until(shown)
        result = inbox[-1]
        # All are about one case: the newest takes the place of those before.
        (notification,) = await notifications(page)
        assert notification["tag"] not in {case["id"], *(message["id"] for message in inbox)}
        assert notification["title"] == CASE_TITLE[device["language"]], (
            "the lock screen learns that something is there, not what"
        )
        assert notification["data"]["link"] == result["link"]
        seen = await page.run("(link) => app.api('GET', link)", notification["data"]["link"])
        assert (seen["id"], seen["state"]) == (case["id"], "approved")
        await push_service.repeat()
        await until(lambda: list(push_service.verdicts.values()) == [DELIVERED] * 2 * len(inbox))
        assert len(await notifications(page)) == 1, "what arrives twice is shown once"
    assert push_service.refusals == []
    for body in (body for channel in push_service.channels.values() for body in channel.bodies):
        assert "您有".encode() not in body
        assert case["id"].encode() not in body


async def test_a_browser_that_has_unsubscribed_is_forgotten(
    door: Door, site: Site, push_service: PushService, open_browser: OpenBrowser, answers: Any
) -> None:
    """The push service says 410, and the platform deletes the device."""
    async with open_browser() as browser:
        page = await browser.page(site.url)
        await page.run("() => app.subscribe(app.api)")
        assert await page.run(
            """async () => {
                const registration = await navigator.serviceWorker.ready;
                return (await registration.pushManager.getSubscription()).unsubscribe();
            }"""
        )
        await until(lambda: not push_service.channels)
        assert (await door.citizen("wang").get("/v1/devices")).ok()["items"]
        await decided(door, answers)

        async def forgotten() -> bool:
            return (await door.citizen("wang").get("/v1/devices")).ok()["items"] == []

        await until(forgotten)
        assert await notifications(page) == []


async def test_a_browser_that_subscribed_with_another_key_subscribes_anew(
    site: Site, push_service: PushService, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    former = public_key(await asyncio.to_thread(write_key, tmp_path / "former.pem"))
    async with open_browser() as browser:
        page = await browser.page(site.url)
        await page.run(
            """async (applicationServerKey) => {
                await navigator.serviceWorker.register("/service-worker.js");
                const { pushManager } = await navigator.serviceWorker.ready;
                await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
            }""",
            former,
        )
        assert [one.application_server_key for one in push_service.channels.values()] == [former]
        await page.run("() => app.subscribe(app.api)")
        key = (await page.run("() => app.api('GET', '/v1/push/webpush-key')"))["application_server_key"]
        assert key != former
        await until(lambda: [one.application_server_key for one in push_service.channels.values()] == [key])
