"""The client in TypeScript, in a real browser: what it stores is there after the tab was closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.identity.development import development_token
from banshi.testing import Door, open_door
from tests.browser.conftest import OpenBrowser
from tests.browser.site import Site, open_site
from tests.clients.messages import said
from tools import npm, typescript

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

#: What an app does at its start: opens what is on the device, reads on, and follows the stream for so many messages.
OPENED = """async (live) => {
  const { Client, DeviceInbox, DeviceTable, Inbox, openDatabase, Receipts } = await import("/client/src/index.js");
  const database = await openDatabase("wang");
  const token = async () => (await fetch("/token")).text();
  const client = new Client({ language: "en", token, keys: new DeviceTable(database, "keys") });
  const inbox = new Inbox(client, new DeviceInbox(database));
  const receipts = new Receipts(client, new DeviceTable(database, "receipts"));
  const stored = (await inbox.store.newest(100)).map((one) => one.title);
  const came = await inbox.sync();
  const ending = new AbortController();
  const followed = [];
  const onMessage = (one) => followed.push(one.title) === live && ending.abort();
  if (live) globalThis.following = inbox.follow({ signal: ending.signal, onMessage }).then(() => followed);
  const [first, second] = await inbox.store.newest(2);
  await receipts.note(first.id, "opened");
  const behind = (await inbox.store.newest(1, first.id))[0]?.id === second.id;
  return { stored, came, behind, place: await inbox.store.place(), left: await inbox.markRead() };
}"""


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, settings={"mobile_push": {"heartbeat": 0.2}}) as opened:
        yield opened


@pytest.fixture
async def site(door: Door) -> AsyncIterator[Site]:
    try:
        place = typescript.built()
    except npm.Missing as error:
        pytest.skip(str(error))
    async with open_site(door.url, lambda: development_token(door.platform.settings, "wang"), place) as opened:
        yield opened


async def test_what_the_inbox_has_stored_is_there_after_the_tab_was_closed_and_it_reads_on_behind_that(
    door: Door, site: Site, open_browser: OpenBrowser
) -> None:
    await said(door, 1, 3)
    async with open_browser() as firefox:
        page = await firefox.page(site.url)
        told: Any = await page.run(OPENED, 0)
        assert told == {"stored": [], "came": 3, "behind": True, "place": told["place"], "left": 0}
        await said(door, 4, 5)
        page = await firefox.page(site.url)
        told = await page.run(OPENED, 1)
        assert told["stored"] == ["Number 3", "Number 2", "Number 1"]
        assert told["came"] == 2
        await said(door, 6, 6)
        assert await page.run("() => following") == ["Number 6"]
