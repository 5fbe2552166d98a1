"""The menu below an account's chat, made of the catalogue: an entry is there if what it says leads somewhere.

Source: developers.weixin.qq.com, "自定义菜单": three titles of four Chinese characters with five entries of eight each.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yarl import URL

from banshi import NotFound, Platform
from banshi.sdk.http import READER

#: Where the entries stand, in the order in which they are shown.
FILE = Path(__file__).with_name("menu.toml")

#: Titles, entries below each, and how wide both may be: a Chinese character is two wide.
MAX_TITLES, MAX_ENTRIES, MAX_TITLE_WIDTH, MAX_ENTRY_WIDTH = 3, 5, 8, 16
MAX_SAYS_BYTES, MAX_URL_BYTES = 128, 1024

#: What an entry may lead to, each with what it says.
LEADS: Mapping[str, Sequence[str]] = {
    "says": ("says",),
    "miniprogram": ("miniprogram", "url"),
    "article_id": ("article_id",),
    "url": ("url",),
}
PAGE = re.compile(r"https://[^\s/]+(/\S*)?")

#: What the conversations always understand (docs/channels.md), and what has to be there for it.
ALWAYS: Mapping[str, str] = {
    **dict.fromkeys(("菜单", "全部事项", "进度", "人工", "解绑", "English"), "/v1/items"),
    "公告": "/v1/notices",
    "预警": "/v1/alerts",
    **dict.fromkeys(("招领启事", "寻物启事", "寻人启事"), "/v1/postings"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A menu as WeChat takes it, and the entries that lead nowhere in this catalogue."""

    document: Mapping[str, Any]
    left_out: Sequence[str]


def read(file: Path = FILE) -> Sequence[Any]:
    """The titles with their entries in a file. Raises ValueError and KeyError."""
    return list(tomllib.loads(file.read_text("utf-8"))["menu"])


async def made(platform: Platform, titles: Sequence[Any]) -> Made:
    """The menu of these titles. Raises ValueError where it can't be one, and KeyError where something is missing."""
    buttons, left_out = list[Mapping[str, Any]](), list[str]()
    for top in titles:
        _fits(top["title"], MAX_TITLE_WIDTH)
        if "entries" not in top:
            buttons += [one] if (one := await _button(platform, top, left_out)) else []
            continue
        made = [await _button(platform, entry, left_out) for entry in top["entries"]]
        entries = [one for one in made if one]
        if len(entries) > MAX_ENTRIES:
            raise ValueError(f"{top['title']} has more than {MAX_ENTRIES} entries; take some out")
        if entries:
            buttons.append({"name": top["title"], "sub_button": entries})
    if not 0 < len(buttons) <= MAX_TITLES:
        raise ValueError(f"a menu has one to {MAX_TITLES} titles with entries, and this has {len(buttons)}")
    return Made({"button": buttons}, left_out)


async def _button(platform: Platform, entry: Mapping[str, Any], left_out: list[str]) -> Mapping[str, Any] | None:
    """What an entry is to WeChat; None for one that leads nowhere here, which is noted."""
    title = entry["title"]
    _fits(title, MAX_ENTRY_WIDTH)
    lead = next((name for name in LEADS if name in entry), "")
    if not lead or entry.keys() - {"title", *LEADS[lead]}:
        raise ValueError(f"{title}: say one of {', '.join(LEADS)}, with miniprogram an url too, and nothing else")
    match lead:
        case "says":
            if len(entry["says"].encode()) > MAX_SAYS_BYTES:
                raise ValueError(f"{title}: says has more than {MAX_SAYS_BYTES} bytes; shorten it")
            if await leads_somewhere(platform, entry["says"]):
                return {"type": "click", "name": title, "key": entry["says"]}
            left_out.append(f"{title} ({entry['says']})")
            return None
        case "miniprogram":
            # Where a phone's WeChat is too old for it, the page is opened.
            program = entry["miniprogram"]
            if not isinstance(program, dict) or program.keys() != {"appid", "pagepath"}:
                raise ValueError(f"{title}: miniprogram has an appid and a pagepath")
            return {"type": "miniprogram", "name": title, "url": _page(entry), **program}
        case "article_id":
            return {"type": "article_id", "name": title, "article_id": str(entry["article_id"])}
    return {"type": "view", "name": title, "url": _page(entry)}


def _page(entry: Mapping[str, Any]) -> str:
    """The page that an entry opens. Raises ValueError and KeyError."""
    url = str(entry["url"])
    if not PAGE.fullmatch(url) or len(url.encode()) > MAX_URL_BYTES:
        raise ValueError(f"{entry['title']}: url has to begin with https://, and has {MAX_URL_BYTES} bytes at most")
    return url


async def leads_somewhere(platform: Platform, says: str) -> bool:
    """Whether the conversations have an answer to it: a word of theirs, an item, advice, or whom to call."""
    reader = platform[READER]
    if address := ALWAYS.get(says):
        try:
            return bool(await reader.get(f"{address}?limit=1", None, "zh-CN"))
        except NotFound:
            return False
    found = await reader.get(str(URL("/v1/items").with_query(q=says, limit="1")), None, "zh-CN")
    return bool(found["items"] or found.get("help") or found.get("elsewhere"))


def _fits(title: str, most: int) -> None:
    if not 0 < sum(1 if one.isascii() else 2 for one in title) <= most:
        raise ValueError(f"{title!r} is too wide for WeChat's menu: {most // 2} Chinese characters at most")
