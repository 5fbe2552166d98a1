"""What anybody reads on any channel without a name: items by department, and what the city has published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from yarl import URL

from banshi import NotFound, Texts
from banshi.sdk.http import READER
from conversations.engine.turn.talk import Talk
from conversations.sentences import word

#: Lines of one page, and letters of one thing that is read: the rest is read where there is room for it.
MAX_LINES, MAX_READ_CHARS = 10, 1_500


class Board(NamedTuple):
    """A public list of the API."""

    title: Texts
    address: str
    query: Mapping[str, str] = {}


POSTINGS = "/v1/postings"
BOARDS: Mapping[str, Board] = {
    "notices": Board(word("Public announcements"), "/v1/notices"),
    "alerts": Board(word("Alerts in force"), "/v1/alerts"),
    "found": Board(word("Found things"), POSTINGS, {"sort": "found"}),
    "lost": Board(word("Lost things"), POSTINGS, {"sort": "lost"}),
    "missing": Board(word("Missing people"), POSTINGS, {"sort": "missing-person"}),
}
#: The commands that lead here.
WORDS = frozenset({"departments", "boards", *BOARDS})


async def departments(talk: Talk, first: str = "0") -> None:
    """Whose items there are."""
    rows, skip = (await opened(talk, "/v1/departments"))["items"], int(first)
    options = [(f"items {one['code']}", one["title"]) for one in rows[skip : skip + MAX_LINES]]
    more = f"departments {skip + MAX_LINES}" if len(rows) > skip + MAX_LINES else ""
    _put(talk, talk.word("Of which department?"), options, more)


async def items(talk: Talk, department: str, cursor: str = "") -> None:
    """A page of a department's items."""
    page = await _page(talk, "/v1/items", cursor, department=department)
    _put(
        talk, talk.word("Choose by its number."), items_on(page), page["next"] and f"items {department} {page['next']}"
    )


async def found(talk: Talk, cursor: str, *words: str) -> None:
    """A further page of what a search finds."""
    page = await _page(talk, "/v1/items", cursor, q=" ".join(words))
    _put(talk, talk.word("Choose by its number."), items_on(page), further(page, " ".join(words)))


def items_on(page: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The items of a page, as lines of the menu."""
    return [(f"item {one['code']}", one["title"]) for one in page["items"]]


def further(page: Mapping[str, Any], words: str) -> str:
    """What the line for the next page of a search stands for; "" without one."""
    return f"found {page['next']} {words[:100]}" if page.get("next") and words.strip() else ""


async def boards(talk: Talk) -> None:
    """What can be read."""
    options = [(f"board {name}", talk.spoken(one.title)) for name, one in BOARDS.items()]
    _put(talk, talk.word("What do you want to read?"), options)


async def board(talk: Talk, name: str, cursor: str = "") -> None:
    """A page of what is published, the newest first."""
    one = BOARDS[name]
    page = await _page(talk, one.address, cursor, **one.query)
    title = talk.spoken(one.title)
    if not page["items"]:
        return talk.say("{title}: there is nothing at present.", title=title)
    options = [(f"read {name} {row['id']}", f"{row['title']} · {_day(row)}") for row in page["items"]]
    return _put(talk, title, options, page["next"] and f"board {name} {page['next']}")


async def read(talk: Talk, name: str, identity: str) -> None:
    """One of them, whole as far as a chat has room."""
    one = await opened(talk, f"{BOARDS[name].address}/{identity}")
    told = [one[member] for member in ("title", "body", "text", "content", "place") if one.get(member)]
    if not told:
        return talk.say("This was taken back, or is over.")
    told += [f"{fact['title']}: {fact['value']}" for fact in one.get("facts", ())]
    text = "\n".join(told)
    talk.lines.append(text[:MAX_READ_CHARS])
    if len(text) > MAX_READ_CHARS:
        talk.say("The rest is in the city's app.")
    if areas := one.get("areas"):
        talk.say("For: {areas}", areas="; ".join(areas))
    if BOARDS[name].address == POSTINGS:
        talk.say("If you know something about it, write to whoever posted it in the city's app; nobody learns a name.")
    return None


def _day(row: Mapping[str, Any]) -> str:
    return f"{datetime.fromisoformat(row['published_at']):%m-%d}" if row["published_at"] else ""


def _put(talk: Talk, told: str, options: list[tuple[str, str]], more: str | None = "") -> None:
    talk.memory.missed = 0
    talk.happen("over")
    talk.lines.append(told)
    talk.offer(options, more)


async def _page(talk: Talk, address: str, cursor: str = "", **query: str) -> Any:
    asked = {**query, "limit": str(MAX_LINES), **({"cursor": cursor} if cursor else {})}
    return await opened(talk, str(URL(address).with_query(asked)))


async def opened(talk: Talk, address: str) -> Any:
    """What anybody reads there; nothing where no plugin has such a list, or what was there is gone."""
    try:
        return await talk.platform[READER].get(address, None, talk.language)
    except NotFound:
        return {"items": [], "next": None}
