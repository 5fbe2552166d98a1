"""Where a citizen is at home, as they say it in a chat: they are told there of what concerns these districts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.queryset import QuerySet
from uuid_utils.compat import uuid7
from yarl import URL

from conversations.engine import boards
from conversations.engine.ask.pages import NOT_IN_A_GROUP
from conversations.engine.bind import linking
from conversations.engine.turn.talk import Talk
from conversations.outbound.alerts import within
from conversations.settings import SETTINGS
from conversations.tables.models import Home

#: Districts of one citizen in one chat, divisions that are offered at once, and letters of a name.
MAX_HOMES, MAX_SHOWN, MIN_CHARS, MAX_CHARS = 5, 9, 2, 60

#: What is remembered of who may name one with their next words.
ASKED = "home"

KEPT = "Your district is kept once you have signed in for this contact."


async def show(talk: Talk, *changed: str) -> None:
    """The districts that they have said, or have now, and how they change them."""
    if not is_known(talk):
        return
    titles = {code: await _title(talk, code) for code in changed or await _codes(talk)}
    if titles:
        places = "、".join(titles.values())
        talk.say("You are told here of warnings and notices for {places}, and of the city's.", places=places)
    else:
        talk.say("You have said no district: you are told here of warnings and notices for the whole city alone.")
    talk.say("To add one, write its name, such as “Xihu Qu”.")
    # Without their names: whoever writes one again means no line.
    _offer(talk, [("home-forget", talk.word("Forget one"))] if titles else [], ASKED)


async def found(talk: Talk, words: str) -> bool:
    """Take the division that words name, or the only one in the city; or offer what they may mean. False for none."""
    is_name = MIN_CHARS <= len(words) <= MAX_CHARS and not words.isdigit()
    rows, city = await _listed(talk, q=words) if is_name else (), within(talk.platform[SETTINGS].division)
    if city and len(near := [one for one in rows if one["code"].startswith(city)]) == 1:
        rows = near
    if len(rows) == 1:
        await add(talk, rows[0]["code"])
    elif rows and is_known(talk):
        _choose(talk, rows)
    return bool(rows)


async def add(talk: Talk, code: str) -> None:
    """Keep a district; of what is divided they are asked which part it is."""
    if not is_known(talk):
        return None
    if inside := await _listed(talk, within=code):
        return _choose(talk, inside)
    codes = await _codes(talk)
    if code not in codes and len(codes) >= MAX_HOMES:
        talk.say("You have {most} districts already: forget one first.", most=MAX_HOMES)
    elif code not in codes and talk.link is not None:
        of: dict[str, Any] = {"conversation_id": talk.row.id, "person": talk.link.person}
        talk.beside.append(Home(id=uuid7(), division=code, **of))
        # Nobody tells them of it once more: those whom an alert concerned have been told.
        page = await boards.opened(talk, str(URL("/v1/alerts").with_query(division=code, limit=MAX_SHOWN)))
        talk.lines += [talk.word("In force there: {title}", title=one["title"]) for one in page["items"]]
        codes.append(code)
    return await show(talk, *codes)


async def forget(talk: Talk, code: str = "") -> None:
    """Forget one of them, once they have said which."""
    codes = await _codes(talk)
    if not code and len(codes) > 1:
        talk.say("Which one is to be forgotten?")
        return _offer(talk, [(f"home-forget {one}", await _title(talk, one)) for one in codes])
    await _theirs(talk).filter(division=code or codes[0] if codes else "").delete()
    return await show(talk)


def is_known(talk: Talk, kept: str = KEPT) -> bool:
    """Whether it is a citizen's own chat; what it isn't is said, and what is kept once it is."""
    if talk.received.group:
        talk.say(NOT_IN_A_GROUP)
    elif talk.link is None:
        talk.say(kept)
        linking.ways(talk)
    return talk.link is not None and not talk.received.group


def _theirs(talk: Talk) -> QuerySet[Home]:
    return Home.filter(conversation_id=talk.row.id, person=talk.link.person if talk.link else "")


async def _codes(talk: Talk) -> list[str]:
    return [str(code) for code in await _theirs(talk).order_by("id").values_list("division", flat=True)]


def _choose(talk: Talk, rows: Sequence[Any]) -> None:
    talk.say("Which one is it? Choose by its number, or write more of its name.")
    _offer(talk, [(f"home-add {one['code']}", one["title"]) for one in rows[:MAX_SHOWN]], ASKED)


def _offer(talk: Talk, lines: Sequence[tuple[str, str]], about: str = "") -> None:
    talk.happen("over")
    talk.memory.about = about
    talk.offer(lines)


async def _title(talk: Talk, code: str) -> str:
    """Its name with those of what is around it; of one that isn't listed, its code."""
    return next((str(one["title"]) for one in await _listed(talk, q=code) if one["code"] == code), code)


async def _listed(talk: Talk, **query: str) -> Sequence[Any]:
    """What the list of divisions has for that."""
    rows: Sequence[Any] = (await boards.opened(talk, str(URL("/v1/lists/divisions").with_query(query))))["items"]
    return rows
