"""The page that shows a form to its author, in a real browser: what is drawn, what comes and goes with an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from banshi.ops.cli import group
from tests.browser.conftest import OpenBrowser
from tests.places import ROOT

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

PLUGINS = ROOT / "plugins.toml"

#: Groups with their titles, and the fields in each, as far as they are seen.
SEEN = """() => {
  const seen = (node) => node.getClientRects().length > 0;
  const named = (group) => [...group.querySelectorAll(":scope > .field")].filter(seen).map((one) => one.dataset.name);
  return [...document.querySelectorAll("fieldset[data-group]")].filter(seen).map((one) =>
    [one.querySelector(":scope > legend").textContent, named(one)]);
}"""

#: Choose the option of a field by its place, 0 being none.
CHOOSE = """(name, place) => {
  const control = document.querySelector(`[data-name="${name}"] select`);
  control.selectedIndex = place;
  control.dispatchEvent(new Event("input", { bubbles: true }));
  return control.selectedOptions[0].textContent;
}"""

GROUPS = {
    "zh-CN": ["申请单位", "爆炸物品", "运输", "申请材料"],
    "en": ["Organisation", "The explosives", "The transport", "Documents"],
}


def written(folder: Path, code: str, language: str) -> str:
    """The address of the page that `banshi form` writes."""
    file = folder / f"{code}.{language}.html"
    told = CliRunner().invoke(
        group, ["--config", str(PLUGINS), "form", code, "--language", language, "--output", str(file)]
    )
    assert told.exit_code == 0, told.output
    return file.as_uri()


async def test_every_group_is_drawn_and_one_in_which_nothing_is_asked_is_hidden(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with open_browser() as firefox:
        for language, (organisation, explosives, transport, documents) in GROUPS.items():
            page = await firefox.page(written(tmp_path, "explosives-permit", language))
            assert await page.run("() => document.documentElement.lang") == language
            before: Any = await page.run(SEEN)
            assert [title for title, _ in before] == [organisation, explosives, documents]
            assert await page.run(CHOOSE, "sort", 2) == {"zh-CN": "运输", "en": "Transport"}[language]
            shown = dict(await page.run(SEEN))
            assert list(shown) == [organisation, explosives, transport, documents]
            assert "vehicle" in shown[transport]
            for other in (1, 0):
                await page.run(CHOOSE, "sort", other)
                assert await page.run(SEEN) == before


async def test_each_page_draws_all_that_its_form_asks_and_reaches_nobody(
    tmp_path: Path, open_browser: OpenBrowser
) -> None:
    async with open_browser() as firefox:
        for code in ("zone-pass", "lost-and-found", "household-facts-certificate"):
            counts = []
            for language in GROUPS:
                page = await firefox.page(written(tmp_path, code, language))
                counts.append(await page.run("() => document.querySelectorAll('.field').length"))
                assert await page.run("() => document.querySelectorAll('h1').length") == 1
                assert await page.run("() => performance.getEntriesByType('resource').length") == 0
            assert counts[0] == counts[1] > 3
