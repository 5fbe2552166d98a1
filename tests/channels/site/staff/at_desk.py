"""A bureau with the site: an officer and a lead with browsers without a script, and people who write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from banshi import Principal
from banshi.kernel.contract.principals import Role
from conversations.tables.models import ChannelConversation, ContactLink
from tests.channels.desk.answers.city import City, city
from tests.channels.desk.bureau import DESKS, Clock
from tests.channels.site.browsing import Browser, open_browser

HERE = "/site/staff/desk"
LI = Principal("li", name="李警官", roles=(Role("desk", "petitions", "reception"),))
WU = Principal("wu", name="吴队长", roles=(Role("desk-lead", "petitions"), Role("desk", "petitions", "reception")))
ZHAO = Principal("zhao", name="赵警官", roles=(Role("desk", "fire"),))
HE = Principal("he", name="何警官", roles=(Role("reviewer", "traffic"),))
LABELS = {"visa": {"zh-CN": "签证", "en": "Visas"}}


@dataclass(slots=True)
class Bureau:
    """What a test has: the city, and the officer's browser."""

    city: City
    li: Browser

    @property
    def clock(self) -> Clock:
        return self.city.clock

    async def is_known(self, contact: str, person: str, name: str) -> None:
        """They have signed in for their contact."""
        await self.city.sends("0", contact)
        row, now = await ChannelConversation.get(contact=contact), self.clock.now()
        known: dict[str, Any] = {"person": person, "known": {"name": name}, "way": "app", "linked_at": now}
        await ContactLink.create(conversation_id=row.id, **known)

    async def waits(self, *texts: str, contact: str = "o-wang") -> str:
        """Somebody has come to the desk and written; the address of their conversation's page."""
        await self.city.sends("person", contact)
        await self.city.sends("1", contact)
        for text in texts:
            await self.city.sends(text, contact)
        rows = (await self.city.li.get("/v1/desk/enquiries?limit=100")).ok()["items"]
        return f"{HERE}/enquiries/{max(rows, key=lambda one: one['asked_at'])['id']}"

    async def held(self, *texts: str, contact: str = "o-wang") -> str:
        """The same, and the officer has taken them on the page."""
        there = await self.waits(*texts, contact=contact)
        await self.li.go(there)
        await sends(self.li, "claim")
        assert self.li.status == 200, self.li.text
        return there


@asynccontextmanager
async def at_desk(folder: Path, **settings: Any) -> AsyncIterator[Bureau]:
    desks = [{**DESKS[0], "labels": LABELS}, DESKS[1]]
    more: dict[str, Any] = {"web_site": ("web_site", {})}
    async with city(folder, "", desks=desks, more=more, **settings) as one, open_browser(one.door, LI, "en") as li:
        yield Bureau(one, li)


async def sends(browser: Browser, deed: str, button: str = "", value: str = "", **typed: Any) -> Browser:
    """Fill in the form of that deed and press its button; whoever has no such form fails the test."""
    forms = [one for one in browser.page.xpath("//main//form") if one.get("action").endswith(f"/{deed}")]
    assert forms, (deed, [one.get("action") for one in browser.page.xpath("//main//form")])
    form = forms[0]
    assert {*typed} <= {one.get("name") for one in form.xpath(".//*[@name]")}, (typed, deed)
    pairs = [(name, given) for name, given in browser.sent(form) if name not in typed]
    pairs += [*typed.items()] + ([(button, value)] if button else [])
    data = aiohttp.FormData(default_to_multipart=form.get("enctype") is not None, quote_fields=False)
    for name, given in pairs:
        more: dict[str, Any] = {"filename": "照片 1.png" if given else ""} if isinstance(given, bytes) else {}
        data.add_field(name, given, **more)
    return await browser._ask("POST", form.get("action"), data=data, headers={"Origin": browser.door.url})


def forms_of(browser: Browser) -> set[str]:
    """What can be done on a page: the ends of its forms' addresses."""
    return {one.get("action").rpartition("/")[2] for one in browser.page.xpath("//main//form")}


def lines(browser: Browser, which: str) -> list[str]:
    """The lines of one list of the queue, as they are read."""
    return [_read(one) for one in browser.page.xpath(f"//ul[@data-rows='{which}']/li")]


def talk(browser: Browser) -> list[str]:
    return [_read(one) for one in browser.page.xpath("//ol[@data-talk]/li")]


def shown(browser: Browser) -> str:
    """What a page says."""
    return _read(browser.page.xpath("//main")[0])


def _read(one: Any) -> str:
    return " ".join(" ".join(one.itertext()).split())
