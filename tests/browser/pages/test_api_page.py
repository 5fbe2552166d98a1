"""A real browser shows /docs under its policy, without any network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.testing import Door, open_door
from tests.browser.conftest import OpenBrowser, until
from tests.places import ROOT

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

#: Noted from before the page's first script on.
WATCH = """() => {
    window.wrong = [];
    const refused = (one) => wrong.push(`${one.violatedDirective} ${one.blockedURI}`);
    document.addEventListener('securitypolicyviolation', refused);
    window.addEventListener('error', (one) => wrong.push(one.message));
    window.addEventListener('unhandledrejection', (one) => wrong.push(String(one.reason)));
}"""

SHOWN = "() => [...document.querySelectorAll('.opblock')].map((one) => one.id.split('-').slice(2).join('-'))"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    # Two small departments: of more than some 130 operations the page draws those alone that one looks at.
    plugins: dict[str, Path | str] = {
        "api_page": ROOT / "plugins" / "integrations" / "api_page",
        "detention": ROOT / "plugins" / "departments" / "detention",
        "fire": ROOT / "plugins" / "departments" / "fire",
    }
    async with open_door(tmp_path, plugins) as opened:
        yield opened


async def test_the_page_shows_every_operation_of_the_server_and_its_policy_stops_nothing(
    door: Door, open_browser: OpenBrowser
) -> None:
    document = (await door.anyone.get("/openapi.json")).ok()
    operations = {one["operationId"] for verbs in document["paths"].values() for one in verbs.values()}
    async with open_browser() as firefox:
        await firefox.command("script.addPreloadScript", functionDeclaration=WATCH)
        page = await firefox.page(f"{door.url}/docs")

        async def all_are_shown() -> bool:
            return set(await page.run(SHOWN)) == operations

        await until(all_are_shown)
        # And one of them is really asked.
        await page.run("(id) => document.querySelector(`[id$=-${id}] .opblock-summary-control`).click()", "healthz")
        tried = "(id) => document.querySelector(`[id$=-${id}] .try-out__btn`)"
        await until(lambda: page.run(f"(id) => !!({tried})(id)", "healthz"))
        await page.run(f"(id) => ({tried})(id).click()", "healthz")
        asked = "(id) => document.querySelector(`[id$=-${id}] .execute`)"
        await until(lambda: page.run(f"(id) => !!({asked})(id)", "healthz"))
        await page.run(f"(id) => ({asked})(id).click()", "healthz")
        answered = "(id) => document.querySelector(`[id$=-${id}] .live-responses-table`)?.textContent ?? ''"

        async def the_server_has_answered() -> bool:
            return '"status": "ok"' in await page.run(answered, "healthz")

        await until(the_server_has_answered)
        assert await page.run("() => window.wrong") == []


async def test_a_department_s_page_shows_its_items_and_no_other_s(door: Door, open_browser: OpenBrowser) -> None:
    async with open_browser() as firefox:
        page = await firefox.page(f"{door.url}/docs?department=fire")

        async def shown() -> bool:
            return bool(await page.run(SHOWN))

        await until(shown)
        told = set(await page.run(SHOWN))
        assert "submit_fire_consultation" in told
        assert "submit_family_visit" not in told
        assert "list_items" in told
