"""The hotline's rooms, without a script: the pop, filing with what is lacking, the slip, calling back, who may not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from banshi import Principal
from banshi.kernel.contract.principals import Role
from tests.channels.hotline.exchange import NUMBER, Switch, exchange
from tests.channels.site.browsing import Browser, open_browser
from tests.channels.site.staff.at_desk import LI, ZHAO, sends, shown

HERE = "/site/staff/hotline"
HE = Principal("he", name="何警官", roles=(Role("reviewer", "petitions"),))
SITE: dict[str, Any] = {"plugins": {"web_site": "web_site"}}


async def answered(browser: Browser, switch: Switch, call: str = "c1") -> None:
    """A call rings, and the operator takes it on the page."""
    await switch.told("ringing", call)
    await browser.go(HERE)
    await sends(browser, "claim")
    assert browser.status == 200, browser.text


def slip_of(browser: Browser) -> str:
    return re.sub(r"\D", "", browser.page.xpath("//p[contains(@class,'code')]")[0].text_content())


async def test_a_call_is_answered_looked_at_filed_for_and_asked_about_by_its_slip(tmp_path: Path) -> None:
    async with exchange(tmp_path, **SITE) as door, open_browser(door, LI, "en") as li:
        await answered(li, Switch(door))
        assert NUMBER in shown(li)
        assert "Read this out:" in shown(li)
        there = li.url
        # The desk's page leads here, too.
        enquiry = li.page.xpath("//input[@name='enquiry']/@value")[0]
        await li.go(f"/site/staff/desk/enquiries/{enquiry}")
        assert li.page.xpath("//section[@id='talk']//a[contains(@href,'/hotline/calls/')]")
        await li.go(there)
        assert "Nothing of theirs is open here." not in shown(li)
        await sends(li, "pop", purpose="asked by telephone")
        assert "Nothing of theirs is open here." in shown(li)
        await sends(li, "find", q="suggestion")
        item = li.page.xpath("//a[contains(@href,'/hotline/items/')]/@href")[0]
        await li.go(item)
        # Nothing is said yet: the form says what it asks, and only then may the rest wait.
        form = item.partition("?")[0].rpartition("/")[2]
        assert not li.page.xpath("//input[@name='wait']")
        await sends(li, form, read_back="1", name="王小明")
        assert li.status == 422
        assert li.page.xpath("//section[@class='errors']")
        assert li.page.xpath("//input[@name='name']/@value") == ["王小明"]
        await sends(li, form, read_back="1", wait="1")
        assert li.status == 200, li.text
        assert "What is lacking" in shown(li)
        slip = slip_of(li)
        assert len(slip) == 8
        await li.go(there)
        await sends(li, "outcome", outcome="transferred")
        assert li.status == 422
        await sends(li, "pop", purpose="what was filed")
        assert "Filed by telephone" in shown(li)
        assert form not in shown(li)
        await sends(li, "outcome", outcome="filed")
        assert "Noted." in shown(li)
        await sends(li, "close")
        # Who calls again reads out number and code: it goes on where it was, or ends.
        await sends(li, "read", number="0991-4711", slip=slip)
        assert li.status in (404, 422)
        await sends(li, "read", number=NUMBER, slip=slip)
        assert "Go on with it" in shown(li)
        # What it is by its title: a code is nothing to read out.
        assert form not in shown(li)
        await sends(li, form, "begin", "1")
        assert li.page.xpath("//input[@name='slip']/@value") == [slip]
        await li.go(HERE)
        await sends(li, "read", number=NUMBER, slip=slip)
        await sends(li, "withdraw")
        assert "They agree no more, and it goes no further." in shown(li)


async def test_missed_calls_are_called_back_by_one_operator_who_alone_reads_the_number(tmp_path: Path) -> None:
    async with exchange(tmp_path, **SITE) as door, open_browser(door, LI, "en") as li:
        switch = Switch(door)
        await switch.told("ringing", "c1")
        await switch.told("missed", "c1")
        await li.go(HERE)
        assert "Missed call" in shown(li)
        assert NUMBER not in li.text
        await sends(li, "claim")
        assert NUMBER in shown(li)
        other = Principal("wu", name="吴警官", roles=LI.roles)
        async with open_browser(door, other, "en") as wu:
            await wu.go(HERE)
            await sends(wu, "claim")
            assert wu.status == 409
            assert NUMBER not in wu.text
        await sends(li, "tries", result="reached", note="the question is answered")
        assert "Nobody waits for a call." in shown(li)


async def test_who_has_no_call_and_no_desk_finds_no_room_and_another_desk_none_of_its_calls(tmp_path: Path) -> None:
    async with exchange(tmp_path, **SITE) as door, open_browser(door, LI, "en") as li:
        await answered(li, Switch(door))
        there = li.url
        for person, page in ((HE, there), (ZHAO, there), (HE, HERE)):
            async with open_browser(door, person, "en") as other:
                await other.go(page)
                assert (other.status, NUMBER in other.text) == (404, False), (person.subject, page)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_promised_call_back_has_the_citys_time(tmp_path: Path, language: str) -> None:
    async with exchange(tmp_path, **SITE) as door, open_browser(door, LI, language) as li:
        await answered(li, Switch(door))
        day = door.platform.city_time().date().isoformat()
        await sends(li, "call-backs", begins=f"{day}T15:00", until=f"{day}T16:30")
        assert li.status == 200, li.text
        assert "15:00" in shown(li)
        assert "16:30" in shown(li)
        await sends(li, "call-backs", until="tomorrow")
        assert li.status == 422
