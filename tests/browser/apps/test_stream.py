"""A real browser follows the stream with its own EventSource, through whatever breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from banshi import Message
from banshi.builtin.identity.development import development_token
from banshi.testing import Door, open_door
from mobile_push.delivery.service import deliver
from tests.browser.conftest import OpenBrowser, until
from tests.browser.firefox import Page
from tests.browser.site import Site, open_site
from tests.journeys.running import begun, configured
from tests.processes import commands

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A platform with mobile_push, whose streams look often for what another process has written."""
    plugins: dict[str, Path | str] = {"mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, settings={"mobile_push": {"heartbeat": 0.2}}) as opened:
        yield opened


@pytest.fixture
async def site(door: Door) -> AsyncIterator[Site]:
    async with open_site(door.url, lambda: development_token(door.platform.settings, "wang")) as opened:
        yield opened


class Correspondence:
    """Messages to wang, one after the other, until it is told to stop."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.sent: list[str] = []

    async def go_on(self) -> None:
        while True:
            text = {"zh-CN": f"第{len(self.sent) + 1}条", "en": f"Number {len(self.sent) + 1}"}
            one = Message(
                id=str(uuid4()),
                kind="case",
                person="wang",
                title=text,
                body=text,
                link="/v1/cases",
                case_id=None,
                created_at=datetime.now(UTC),
            )
            await deliver(self._door.platform, [one])
            self.sent.append(one.id)
            await asyncio.sleep(0.05)


@asynccontextmanager
async def corresponding(door: Door) -> AsyncIterator[Correspondence]:
    """Messages are written during the block."""
    correspondence = Correspondence(door)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(correspondence.go_on())
        yield correspondence
        task.cancel()


async def received(page: Page, sent: list[str]) -> int:
    """How many messages the page has shown: each of those that were sent, once and in their order."""
    shown: list[str] = await page.run("() => app.messages.map((message) => message.id)")
    # One that has just been written may be there before the correspondence has noted it.
    assert shown[: len(sent)] == sent[: len(shown)], "a message is missing, doubled or out of order"
    return len(shown)


async def some_more(page: Page, correspondence: Correspondence) -> None:
    """Wait until the page has a message that is being written from now on: its stream is open."""
    now = len(correspondence.sent)

    async def there() -> bool:
        return await received(page, correspondence.sent) > now

    await until(there)


async def everything(page: Page, correspondence: Correspondence) -> None:
    """Wait until the page has all of it, and nothing else."""

    async def there() -> bool:
        return await received(page, correspondence.sent) >= len(correspondence.sent)

    await until(there)
    assert await received(page, correspondence.sent) == len(correspondence.sent)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[commands.Process, str]]:
    """`banshi serve` on the door's database: the process and its address. It is killed at the end of the block."""
    process, url = await begun(folder)
    try:
        yield process, url
    finally:
        process.close()


def write_configuration(folder: Path, door: Door) -> None:
    platform = door.platform
    database = f'database = "{platform.settings.database_url}"\n' if platform.store.dialect == "postgres" else ""
    phones = '[plugins.mobile_push]\npackage = "mobile_push"\napi = 1\nsettings.heartbeat = 0.2\n'
    configured(folder, f'data = "{folder / "data"}"\nlog_level = "error"\n{database}', phones)


async def test_every_message_arrives_once_and_in_order_while_the_server_is_killed_and_connections_break(
    door: Door, site: Site, tmp_path: Path, open_browser: OpenBrowser
) -> None:
    """The browser's own EventSource comes back each time, with Last-Event-ID and the ticket that it began with."""
    await asyncio.to_thread(write_configuration, tmp_path, door)
    async with open_browser() as browser:
        page = await browser.page(site.url)
        async with corresponding(door) as correspondence:
            for life in range(2):
                async with served(tmp_path) as (process, site.platform):
                    if life == 0:
                        await page.run("() => app.follow()")
                    await some_more(page, correspondence)
                    site.cut()
                    await some_more(page, correspondence)
                    process.kill()
                    await process.ended()
            site.platform = door.url
            await some_more(page, correspondence)
        await everything(page, correspondence)
    assert site.paths.count("POST /v1/inbox/stream/tickets") == 1
    assert site.last_event_ids[0] is None
    assert len(site.last_event_ids) > 4, "it came back after each of the four breaks"
    assert None not in site.last_event_ids[1:]


async def test_a_proxy_s_no_while_the_platform_is_away_leaves_no_gap(
    door: Door, site: Site, open_browser: OpenBrowser
) -> None:
    """A browser gives up on a status other than 200; the app then goes on with a new ticket."""
    site.away = 502
    async with open_browser() as browser:
        page = await browser.page(site.url)
        async with corresponding(door) as correspondence:
            await page.run("() => app.follow()")
            await some_more(page, correspondence)
            site.platform = None
            site.cut()
            before = len(site.last_event_ids)
            await until(lambda: len(site.last_event_ids) > before)
            site.platform = door.url
            await some_more(page, correspondence)
        await everything(page, correspondence)
    assert site.paths.count("POST /v1/inbox/stream/tickets") >= 2, (
        "a no makes the browser give up, so the app begins anew"
    )


async def test_the_end_of_a_ticket_leaves_no_gap(door: Door, site: Site, open_browser: OpenBrowser) -> None:
    """The stream ends with the token; the browser is told no when it comes back, and the app takes a new ticket."""
    site.token = lambda: development_token(door.platform.settings, "wang", lifetime=2)
    async with open_browser() as browser:
        page = await browser.page(site.url)
        async with corresponding(door) as correspondence:
            await page.run("() => app.follow()")
            await until(lambda: site.statuses.count(401) >= 1)
            await some_more(page, correspondence)
        await everything(page, correspondence)
    assert site.paths.count("POST /v1/inbox/stream/tickets") >= 2
