"""The menu at the foot of a chat: three buttons, of which each may hold five."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wechat.sandbox.api.call import OK, Asked, Call
from wechat.sandbox.codes import WeChatError, require

MAX_BUTTONS, MAX_SUB_BUTTONS = 3, 5
MAX_KEY_BYTES, MAX_URL_BYTES = 128, 1024
#: Bytes of a name, and Chinese letters (or twice as many Latin ones) of it that a phone shows.
NAME_BYTES, NAME_LETTERS = (16, 60), (4, 8)
KEYED = {
    *("click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin"),
    "location_select",
}
HELD = {"media_id": "media_id", "view_limited": "media_id", "article_id": "article_id"}
HELD["article_view_limited"] = "article_id"


def shown_name(name: str, sub: bool) -> str:
    """As a phone shows it: too long a name ends in dots."""
    room = NAME_LETTERS[sub] * 2
    for index, letter in enumerate(name):
        room -= 2 if ord(letter) > 0x2E7F else 1
        if room < 0:
            return f"{name[:index]}…"
    return name


def check_button(button: Any, sub: bool) -> None:
    """Raises WeChatError for what WeChat does not take."""
    level = 1 if sub else 0
    name = button.get("name") if isinstance(button, Mapping) else None
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= NAME_BYTES[sub]:
        raise WeChatError((40018, 40025)[level])
    if inner := button.get("sub_button"):
        require(not sub, 40022)
        if not isinstance(inner, list) or len(inner) > MAX_SUB_BUTTONS:
            raise WeChatError(40023)
        for one in inner:
            check_button(one, sub=True)
        return
    kind = button.get("type")
    if kind in KEYED:
        key = button.get("key")
        if not isinstance(key, str) or not 1 <= len(key.encode()) <= MAX_KEY_BYTES:
            raise WeChatError((40019, 40026)[level])
    elif kind in ("view", "miniprogram"):
        url = button.get("url")
        if not isinstance(url, str) or not 1 <= len(url.encode()) <= MAX_URL_BYTES:
            raise WeChatError((40020, 40027)[level])
        require(url.startswith(("https://", "http://")), (40054, 40055)[level])
        if kind == "miniprogram" and not (button.get("appid") and button.get("pagepath")):
            raise WeChatError(40035)
    elif kind not in HELD or not button.get(HELD[kind]):
        raise WeChatError((40015, 40024)[level])


def create(asked: Asked) -> dict[str, Any]:
    buttons = asked.document.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MAX_BUTTONS:
        raise WeChatError(40016)
    for one in buttons:
        check_button(one, sub=False)
    asked.account.menu = {"button": buttons}
    return {**OK}


def get(asked: Asked) -> dict[str, Any]:
    if asked.account.menu is None:
        raise WeChatError(46003)
    return {"menu": asked.account.menu}


def delete(asked: Asked) -> dict[str, Any]:
    asked.account.menu = None
    return {**OK}


CALLS = {
    "/cgi-bin/menu/create": Call("POST", create, "menu"),
    "/cgi-bin/menu/get": Call("GET", get),
    "/cgi-bin/menu/delete": Call("GET", delete),
}
