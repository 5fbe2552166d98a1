"""The hotline's room in a real browser: a call that rings is there at once, and what is being typed stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import OpenBrowser, until
from tests.browser.street import signed_in
from tests.channels.hotline.exchange import Switch, exchange
from tests.channels.site.staff.at_desk import LI
from tests.channels.site.staff.test_hotline import HERE, SITE

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

CARDS = "() => document.querySelectorAll('[data-part=calls] .card').length"
LIVE = "() => document.readyState === 'complete' && !!document.querySelector('[data-offline][hidden]')"


async def test_a_call_rings_on_the_page_is_said_aloud_and_leaves_it_again(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with exchange(tmp_path, **SITE) as door, open_browser() as firefox:
        page = await firefox.page(f"{door.url}/site/help")
        await signed_in(firefox, page, door, LI)
        await page.go(f"{door.url}{HERE}")
        await until(lambda: page.run(LIVE))
        await page.run("() => { document.querySelector('#sn').value = '1380'; }")
        switch = Switch(door)
        await switch.told("ringing", "c1")

        async def rings(count: int) -> bool:
            return bool(await page.run(CARDS) == count)

        await until(lambda: rings(1))
        assert await page.run("() => document.querySelector('[data-rings]').textContent")
        await switch.told("missed", "c1")
        await until(lambda: rings(0))
        assert await page.run("() => document.querySelector('#sn').value") == "1380"
        assert await page.run("() => document.querySelectorAll('[data-part=back] form').length") == 1
