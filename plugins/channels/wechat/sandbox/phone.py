"""Somebody at a phone: what they do reaches the account's server, and what it says is on their screen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from sandboxes.phones import Screen, Seen
from wechat.sandbox.account import Account, Follower
from wechat.sandbox.api.media import Media
from wechat.sandbox.api.menu import shown_name
from wechat.sandbox.api.people import People
from wechat.sandbox.callbacks import Told, WeChatCallbacks

MAX_REDIRECTS = 10
#: What WeChat's own browser says of itself.
BROWSER = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50"
QR_ENDED = "二维码已过期"


class Phone:
    """Each method waits until the server has answered, or WeChat has given it up, and returns the new bubbles.

    Example::

        async with WeChatSandbox("http://127.0.0.1:8080/v1/wechat/city") as sandbox:
            wang = sandbox.phone("王小明")
            await wang.follows()
            assert "办事" in (await wang.says("菜单"))[-1].text
    """

    def __init__(self, account: Account, callbacks: WeChatCallbacks, media: Media, people: People, name: str) -> None:
        self._account, self._callbacks, self._media, self._people = account, callbacks, media, people
        self.me: Follower = account.follower(name)

    @property
    def seen(self) -> Screen:
        """Every bubble on the screen, the last one at the end."""
        return self.me.seen

    # -- messages --------------------------------------------------------------------------------------------------

    async def says(self, text: str) -> list[Seen]:
        return await self._message("text", {"Content": text}, text)

    async def sends(self, kind: str, body: bytes, **fields: Any) -> list[Seen]:
        """An image, a voice, a video or a shortvideo. A voice may say in `Recognition` what it is about."""
        media_id = self._media.keep("video" if kind == "shortvideo" else kind, body)
        found: dict[str, Any] = {"MediaId": media_id, **fields}
        if kind == "image":
            found = {"PicUrl": self._media.picture_url(media_id), **found}
        elif kind == "voice":
            found = {"Format": "amr", **found}
        else:
            found["ThumbMediaId"] = media_id
        return await self._message(kind, found, "", media_id=media_id)

    async def is_at(self, latitude: float, longitude: float, label: str = "") -> list[Seen]:
        """Sends a place; WeChat's positions in China are shifted (GCJ-02)."""
        place = {"Location_X": f"{latitude:.6f}", "Location_Y": f"{longitude:.6f}", "Scale": 16, "Label": label}
        return await self._message("location", place, label or f"{latitude}, {longitude}")

    async def shares(self, url: str, title: str, description: str = "") -> list[Seen]:
        return await self._message("link", {"Title": title, "Description": description, "Url": url}, title, url=url)

    async def _message(self, kind: str, fields: Mapping[str, Any], text: str, **more: Any) -> list[Seen]:
        if not self.me.follows:
            raise ValueError(f"{self.me.name} does not follow the account, and can't write to it")
        before = len(self.seen)
        self.me.show("own", kind, text, **more)
        # A choice of a menu message counts as a tap, though it comes as a text.
        self._account.open_window(self.me, "tapped" if "bizmsgmenuid" in fields else "typed")
        await self._deliver({"MsgType": kind, **fields, "MsgId": secrets.randbelow(1 << 63)})
        return self.seen[before + 1 :]

    async def chooses(self, identity: str) -> list[Seen]:
        """Taps a line of the last menu message."""
        menus: list[dict[str, str]] = [one.more["choices"] for one in self.seen if one.kind == "msgmenu"]
        choices = menus[-1] if menus else {}
        if identity not in choices:
            raise ValueError(f"there is no choice {identity} on the screen: {choices}")
        text = choices[identity]
        return await self._message("text", {"Content": text, "bizmsgmenuid": identity}, text)

    # -- events ----------------------------------------------------------------------------------------------------

    async def follows(self, ticket: str = "") -> list[Seen]:
        """With a ticket by its QR code; without by the account's name."""
        return await self.scans(ticket) if ticket else await self._follow({})

    async def _follow(self, fields: Mapping[str, Any]) -> list[Seen]:
        self.me.follows, self.me.followed_at = True, int(self._account.clock())
        self.me.menu_at = 0.0
        return await self._tap("subscribe", {"EventKey": "", **fields})

    async def unfollows(self) -> None:
        self.me.follows = False
        self.me.windows.clear()
        await self._event("unsubscribe", {"EventKey": ""})

    async def scans(self, ticket: str) -> list[Seen]:
        """A QR code of the account, by its ticket or the address that it carries."""
        before, code = len(self.seen), self._people.scanned(ticket)
        if code is None:
            self.me.show("system", "text", QR_ENDED)
            return self.seen[before:]
        if not self.me.follows:
            self.me.scene = code.scene
            return await self._follow({"EventKey": f"qrscene_{code.scene}", "Ticket": code.ticket})
        return await self._tap("SCAN", {"EventKey": code.scene, "Ticket": code.ticket})

    async def reports_place(self, latitude: float, longitude: float) -> list[Seen]:
        """The phone tells where it is when the chat is opened, with its owner's leave."""
        place = {"Latitude": f"{latitude:.6f}", "Longitude": f"{longitude:.6f}", "Precision": "40.000000"}
        return await self._event("LOCATION", place)

    def menu(self) -> list[dict[str, Any]]:
        """The buttons on the screen; a phone asks for them anew some minutes later."""
        if self._account.clock() - self.me.menu_at >= self._account.limits.menu_s:
            self.me.menu, self.me.menu_at = self._account.menu, self._account.clock()
        top = (self.me.menu or {}).get("button", []) if self.me.follows else []
        return [
            {**one, "name": shown_name(one["name"], False), "sub_button": [
                {**inner, "name": shown_name(inner["name"], True)} for inner in one.get("sub_button") or ()
            ]}
            for one in top
        ]  # fmt: skip

    async def taps(self, name: str, **fields: Any) -> list[Seen]:
        """A button by its name. `fields` are those of a scan, pictures or a place, such as ScanCodeInfo."""
        every = [button for one in self.menu() for button in (one["sub_button"] or [one])]
        found = next((one for one in every if one["name"] == name), None)
        if found is None:
            raise ValueError(f"the menu has no {name}: {[one['name'] for one in every]}")
        if found["type"] == "view":
            return await self._tap("VIEW", {"EventKey": found["url"], "MenuId": 1})
        if "key" not in found:
            return []
        event = "CLICK" if found["type"] == "click" else found["type"]
        return await self._tap(event, {"EventKey": found["key"], **fields})

    async def answers_notice(self, template_id: str, *, accepts: bool) -> list[Seen]:
        """Says yes or no where a page asks whether notices of that template are wanted."""
        template = self._account.templates[template_id]
        if not accepts:
            self.me.wanted.pop(template_id, None)
        else:
            left = self.me.wanted.get(template_id, 0)
            self.me.wanted[template_id] = -1 if template.kind == "long" else left + 1
        said = {"TemplateId": template_id, "SubscribeStatusString": "accept" if accepts else "reject", "PopupScene": 2}
        return await self._event("subscribe_msg_popup_event", {"SubscribeMsgPopupEvent": {"List": said}})

    async def _tap(self, event: str, fields: Mapping[str, Any]) -> list[Seen]:
        self._account.open_window(self.me, "tapped")
        return await self._event(event, fields)

    async def _event(self, event: str, fields: Mapping[str, Any]) -> list[Seen]:
        before = len(self.seen)
        await self._deliver({"MsgType": "event", "Event": event, **fields})
        return self.seen[before:]

    async def _deliver(self, fields: Mapping[str, Any]) -> None:
        head = {"ToUserName": self._account.keys.original_id, "FromUserName": self.me.openid}
        await self._callbacks.deliver(Told(self.me, {**head, "CreateTime": int(self._account.clock()), **fields}))

    # -- pages -----------------------------------------------------------------------------------------------------

    async def opens(self, url: str, *, agrees: bool = True) -> tuple[str, int, str]:
        """A page in WeChat's own browser, which signs in on the way: its address, status and text."""
        cookies, headers = {"phone": self.me.openid}, {"User-Agent": BROWSER}
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar, cookies=cookies, headers=headers) as session:
            for _ in range(MAX_REDIRECTS):
                async with session.get(url, allow_redirects=False) as response:
                    text = await response.text()
                    consent = urlsplit(url).path == "/connect/oauth2/authorize" and 'id="agree"' in text
                    if 300 <= response.status < 400:
                        url = str(response.url.join(type(response.url)(response.headers["Location"])))
                    elif consent and agrees:
                        url = f"{url.partition('#')[0]}&agree=1"
                    else:
                        return url, response.status, text
        raise ValueError(f"{url} leads on and on")
