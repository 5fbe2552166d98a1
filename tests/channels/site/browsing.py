"""A browser without a script: it follows links, keeps cookies, fills in what a page has, and presses buttons."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import aiohttp
from lxml import html
from yarl import URL

from banshi import Principal
from banshi.builtin.sign_in.kept import sealed
from banshi.foundation.encryption.secrets import SEAL
from banshi.testing import Door
from web_site.session import COOKIE, PURPOSE, STAFF_COOKIE

WANG = Principal("wang", name="王小明", resident_id="11010519491231002X")


@dataclass
class Browser:
    """One person's, with one page open."""

    door: Door
    session: aiohttp.ClientSession
    language: str = "zh-CN"
    url: str = ""
    status: int = 0
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What was typed and chosen on this page, by name.
    typed: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def page(self) -> Any:
        return html.document_fromstring(self.text)

    async def go(self, address: str, **more: Any) -> Browser:
        return await self._ask("GET", address, **more)

    async def _ask(self, method: str, address: str, **more: Any) -> Browser:
        headers = {"Accept-Language": self.language, **more.pop("headers", {})}
        at = URL(self.url or self.door.url).join(URL(address))
        async with self.session.request(method, at, headers=headers, **more) as response:
            body = await response.read()
            self.url, self.status, self.headers = str(response.url), response.status, response.headers
            self.text, self.typed = body.decode("utf-8", "replace"), {}
        return self

    def form(self, of: str | None = None) -> Any:
        """The form that is filled in: the one of the page's text that sends something, or that has `name` of that."""
        own = "" if of is None else "[input[@name='name' and @value=$of]]"
        return self.page.xpath(f"//main//form[@method='post']{own}", of=of or "")[-1]

    def names(self) -> list[str]:
        """The names of what can be filled in."""
        return [one.get("name") for one in self._controls(self.form())]

    def type(self, name: str, *values: Any) -> None:
        assert name in self.names(), (name, self.names())
        self.typed[name] = [*values]

    def _controls(self, form: Any) -> list[Any]:
        found = form.xpath(".//input[@name] | .//select[@name] | .//textarea[@name]")
        return [one for one in found if one.get("disabled") is None]

    def sent(self, form: Any) -> list[tuple[str, Any]]:
        """What a browser sends of a form (HTML, section 4.10.22.4)."""
        pairs, told = list[tuple[str, Any]](), set()
        for one in self._controls(form):
            name, kind = one.get("name"), one.get("type", one.tag)
            if name in self.typed and kind != "hidden":
                if name not in told:
                    pairs += [(name, value) for value in self.typed[name]]
                    told.add(name)
            elif one.tag == "select":
                chosen = [o.get("value") for o in one.xpath(".//option[@selected]")]
                pairs.append((name, chosen[0] if chosen else one.xpath(".//option")[0].get("value")))
            elif one.tag == "textarea":
                pairs.append((name, (one.text or "").removeprefix("\n")))
            elif kind == "file":
                pairs.append((name, b""))
            elif kind not in ("radio", "checkbox") or one.get("checked") is not None:
                pairs.append((name, one.get("value", "")))
        return pairs

    async def press(self, name: str = "", value: str = "", *, of: str | None = None, **headers: str) -> Browser:
        """Press the button of that name, or the form's last one."""
        form = self.form(of)
        beside = self.page.xpath("//button[@form=$id]", id=form.get("id", ""))
        buttons = [one for one in (*form.xpath(".//button"), *beside) if one.get("type", "submit") == "submit"]
        mine = [one for one in buttons if one.get("name", "") == name and (not value or one.get("value") == value)]
        assert mine, (name, value, [(one.get("name"), one.get("value")) for one in buttons])
        pairs = self.sent(form) + ([(name, mine[-1].get("value", ""))] if name else [])
        address = mine[-1].get("formaction") or form.get("action") or self.url
        told = {"Origin": self.door.platform.settings.address or self.door.url, **headers}
        if form.get("enctype") != "multipart/form-data":
            data: Any = aiohttp.FormData(pairs)
        else:
            data = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
            for one, given in pairs:
                # A browser sends a part with an empty name of a file where none is chosen.
                more = {"filename": "照片 1.png" if given else "", "content_type": "image/png"}
                data.add_field(one, given, **(more if isinstance(given, bytes) else {}))
        return await self._ask("POST", address, data=data, headers=told)

    async def sign_out(self) -> Browser:
        form = self.page.xpath("//footer//form")[0]
        return await self._ask("POST", form.get("action"), data=self.sent(form), headers={"Origin": self.door.url})

    @property
    def shown(self) -> tuple[str, str, dict[str, list[Any]]]:
        """The page as it is now, with what was typed on it: for `back`."""
        return self.text, self.url, {**self.typed}

    def back(self, page: tuple[str, str, dict[str, list[Any]]]) -> None:
        """To a page that was open in another tab all the while."""
        self.text, self.url, self.typed = page[0], page[1], {**page[2]}

    def mistakes(self) -> list[str]:
        return [one.text_content().strip() for one in self.page.xpath("//*[@class='errors']//li")]

    def heading(self) -> str:
        return str(self.page.xpath("string(//h1)")).strip()

    def sign_in(self, person: Principal, ago: float = 0, *, beside: bool = False) -> None:
        """Have the cookie of somebody who signed in, in place of all others or beside them."""
        kept, cookie = kept_of(self.door, person, ago), STAFF_COOKIE if person.is_staff else COOKIE
        if not beside:
            self.session.cookie_jar.clear()
        told: SimpleCookie = SimpleCookie({cookie.name: kept})
        told[cookie.name]["path"] = cookie.path
        self.session.cookie_jar.update_cookies(told, URL(self.door.url))


def kept_of(door: Door, person: Principal, ago: float = 0) -> str:
    """What a browser keeps of somebody who signed in so many seconds ago, by the platform's clock."""
    now = door.platform.now().timestamp()
    about = {"subject": person.subject, "name": person.name, "resident_id": person.resident_id, "phone": person.phone}
    about |= {"since": str(now - ago), "seen": str(now - ago), "token": "t" * 32}
    about |= {"roles": " ".join(map(str, person.roles))}
    return sealed(door.platform[SEAL], PURPOSE, now + 86_400, **about)


@asynccontextmanager
async def open_browser(door: Door, person: Principal | None = None, language: str = "zh-CN") -> AsyncIterator[Browser]:
    """A browser with no page open, of somebody who has signed in where they are named."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        browser = Browser(door, session, language)
        if person is not None:
            browser.sign_in(person)
        yield browser
