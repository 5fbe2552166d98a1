"""The bare pages of a chat in a real browser: a link goes on with the draft, and a tip is handed in without a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.kernel.tables.cases import Case
from banshi.testing import open_door
from tests.browser.conftest import OpenBrowser, until
from tests.channels.bare_page import link_in
from tests.channels.conversations.engine.ask.test_pages import CRIMINAL, OTHER, city, up_to_the_number

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

#: Fill in fields by their names, as far as they are there, and press the button.
PRESS = """(fields) => {
  for (const [name, value] of Object.entries(fields)) document.getElementsByName(name)[0].value = value;
  document.querySelector("button").click();
}"""
TEXT = "() => document.body.innerText"


async def test_a_link_from_the_chat_goes_on_with_what_was_told_and_hands_it_in(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with city(tmp_path) as door, open_browser() as firefox:
        _, reply = await up_to_the_number(door)
        page = await firefox.page(door.url + link_in(reply))
        assert "文庙街" not in await page.run(TEXT)
        await page.run(PRESS, {})
        await until(lambda: _says(page, "文庙街"))
        await page.run(PRESS, {"/answers/guardian": "123"})
        await until(lambda: _exists(page, "p.warn"))
        await page.run(PRESS, {"/answers/guardian": OTHER})
        await until(lambda: Case.all().exists())
        (case,) = await Case.all()
        await until(lambda: _says(page, case.number))
        assert case.answers == {"choice": "文庙街", "guardian": OTHER}


async def test_a_tip_is_handed_in_without_a_name_and_its_page_reaches_nobody_else(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    plugins: dict[str, Path | str] = {"criminal": CRIMINAL, "conversations": "conversations"}
    async with open_door(tmp_path, plugins) as door, open_browser() as firefox:
        page = await firefox.page(f"{door.url}/v1/tips/forms/crime-tip")
        told = {"sort": "1", "description": "河边仓库夜里有人搬运来路不明的电缆。", "still_going_on": "1"}
        await page.run(PRESS, {f"/answers/{name}": value for name, value in told.items()})
        await until(lambda: Case.all().exists())
        (case,) = await Case.all()
        await until(lambda: _says(page, case.number))
        assert case.person == ""
        assert await page.run("() => document.cookie") == ""
        assert await page.run("() => performance.getEntriesByType('resource').length") == 0


async def _says(page: object, words: str) -> bool:
    return words in await page.run(TEXT)  # type: ignore[attr-defined]


async def _exists(page: object, selector: str) -> bool:
    return bool(await page.run("(one) => document.querySelectorAll(one).length", selector))  # type: ignore[attr-defined]
