"""Pages behind a chat's links stand in the city's frame where the site is there, and in a bare one where it isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.kernel.tables.cases import Case
from banshi.testing import open_door
from tests.channels.site.browsing import open_browser
from web_site.visit import POLICY

CRIMINAL = Path(__file__).resolve().parents[3] / "plugins" / "departments" / "criminal"
TOLD = {"sort": "1", "description": "河边仓库夜里有人搬运来路不明的电缆。", "still_going_on": "1"}


@pytest.mark.parametrize("has_site", [True, False])
async def test_a_tips_form_is_filled_in_and_refused_in_the_frame_that_there_is(tmp_path: Path, has_site: bool) -> None:
    plugins: dict[str, Path | str] = {"criminal": CRIMINAL, "conversations": "conversations"}
    plugins |= {"web_site": "web_site"} if has_site else {}
    framed = "//header//a[@class='brand']", "//link[@rel='stylesheet']", "//a[@class='skip'][@href='#main']"
    async with open_door(tmp_path, plugins) as door, open_browser(door) as browser:
        await browser.go("/v1/tips/forms/crime-tip")
        assert [len(browser.page.xpath(one)) for one in framed] == [has_site] * 3
        assert (browser.headers["Content-Security-Policy"] == POLICY) is has_site
        assert "'unsafe-inline'" not in browser.headers["Content-Security-Policy"]
        assert browser.headers["Cache-Control"] == "no-store"
        assert browser.headers["Referrer-Policy"] == "same-origin"
        assert len(browser.page.xpath("//h1")) == 1
        (form,) = browser.page.xpath("//form[@method='post']")
        async with browser.session.post(
            browser.url, data={"/answers/description": "<b>短</b>"}, headers={"Origin": door.url}
        ) as answer:
            again = (await answer.text()).partition("</style>")[2 if not has_site else 0]
            assert (answer.status, "&lt;b&gt;短" in again, "<b>短" in again) == (200, True, False)
        for origin, status in (("https://evil.example", 403), (door.url, 200)):
            data = {f"/answers/{name}": value for name, value in TOLD.items()}
            async with browser.session.post(browser.url, data=data, headers={"Origin": origin}) as answer:
                text = await answer.text()
                assert (answer.status, 'class="brand"' in text) == (status, has_site)
        (case,) = await Case.all()
        assert case.number in text
        assert case.person == ""
        await browser.go("/v1/tips/forms/none")
        assert (browser.status, bool(browser.page.xpath(framed[0]))) == (404, has_site)
        assert form.get("action") is None
