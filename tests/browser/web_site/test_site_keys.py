"""The worklist by keyboard, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import OpenBrowser, until
from tests.browser.web_site.test_site import pressed
from tests.channels.site.staff.workbench import handed_in, open_parks

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

#: Press keys where the cursor is, and say which row it is on then: -1 for none.
KEYS = """(keys) => { for (const key of keys) document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return [...document.querySelectorAll("table.stack tbody a.go")].indexOf(document.activeElement); }"""
SEARCHES = "() => document.activeElement === document.querySelector('form[role=search] input')"
BLUR = "() => document.activeElement.blur()"
OFF = "() => document.querySelector('[data-keys] input').click()"


async def test_j_and_k_go_from_row_to_row_and_a_slash_to_the_search_unless_they_are_turned_off(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    staff = {"赵队长": ["parks:reviewer", "parks:approver"]}
    async with open_parks(tmp_path, people=["王小明"], staff=staff) as door, open_browser() as firefox:
        for _ in range(3):
            await handed_in(door)
        page = await firefox.page(f"{door.url}/site/staff")
        await pressed(page, "button[name=person]", "table.stack tbody a.go")
        assert [await page.run(KEYS, keys) for keys in ("j", "j", "jjj", "k", "kkk")] == [0, 1, 2, 1, 0]
        assert await page.run(KEYS, "/") == -1
        assert await page.run(SEARCHES)
        assert await page.run(KEYS, "j") == -1, "a letter that is typed into the search goes nowhere"
        await page.run(BLUR)
        await page.run(OFF)
        await page.go(f"{door.url}/site/staff/worklist")
        await until(lambda: page.run("() => document.readyState === 'complete'"))
        assert await page.run(KEYS, "j") == -1, "turned off stays off on the next page"
