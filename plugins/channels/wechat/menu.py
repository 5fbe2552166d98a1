"""The menu below an account's chat, made of the catalogue: an entry is there if what it says leads somewhere.

Source: developers.weixin.qq.com, "自定义菜单": three titles of four Chinese characters with five entries of eight each.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yarl import URL

from banshi import Platform
from banshi.sdk.http import ApiReader

#: Where the entries stand, in the order in which they are shown.
FILE = Path(__file__).with_name("menu.toml")

#: Titles, entries below each, and how wide both may be: a Chinese character is two wide.
MAX_TITLES, MAX_ENTRIES, MAX_TITLE_WIDTH, MAX_ENTRY_WIDTH = 3, 5, 8, 16
MAX_SAYS_BYTES = 128

#: What the conversations always understand (docs/channels.md).
ALWAYS = frozenset({"菜单", "进度", "人工", "解绑", "English"})


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
    buttons, left_out = [], []
    for top in titles:
        _fits(top["title"], MAX_TITLE_WIDTH)
        entries = []
        for entry in top["entries"]:
            _fits(entry["title"], MAX_ENTRY_WIDTH)
            if len(entry["says"].encode()) > MAX_SAYS_BYTES:
                raise ValueError(f"{entry['title']}: says has more than {MAX_SAYS_BYTES} bytes; shorten it")
            if await leads_somewhere(platform, entry["says"]):
                entries.append({"type": "click", "name": entry["title"], "key": entry["says"]})
            else:
                left_out.append(f"{entry['title']} ({entry['says']})")
        if len(entries) > MAX_ENTRIES:
            raise ValueError(f"{top['title']} has more than {MAX_ENTRIES} entries; take some out")
        if entries:
            buttons.append({"name": top["title"], "sub_button": entries})
    if not 0 < len(buttons) <= MAX_TITLES:
        raise ValueError(f"a menu has one to {MAX_TITLES} titles with entries, and this has {len(buttons)}")
    return Made({"button": buttons}, left_out)


async def leads_somewhere(platform: Platform, says: str) -> bool:
    """Whether the conversations have an answer to it: a word of theirs, an item, advice, or whom to call."""
    if says in ALWAYS:
        return True
    found = await ApiReader(platform).get(str(URL("/v1/items").with_query(q=says, limit="1")), None, "zh-CN")
    return bool(found["items"] or found.get("help") or found.get("elsewhere"))


def _fits(title: str, most: int) -> None:
    if not 0 < sum(1 if one.isascii() else 2 for one in title) <= most:
        raise ValueError(f"{title!r} is too wide for WeChat's menu: {most // 2} Chinese characters at most")
