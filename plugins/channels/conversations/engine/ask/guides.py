"""The guide of an item, read in the chat by a word."""

from __future__ import annotations

from conversations.engine.turn.talk import Talk
from questions.guides import guide_lines
from questions.spelling import plain

#: Guides that a search shows.
MAX_SHOWN = 5


async def asked(talk: Talk, about: str, part: str = "") -> None:
    """Read the guide, or a part of it, of what is named or was talked of; or list those that may be meant."""
    if not about and (item := await _talked_of(talk)):
        return await read(talk, item, part)
    shown = [(one.split(" ")[1], words) for one, words in talk.memory.menu if one.startswith(("item ", "guide "))]
    if not about and not shown:
        return talk.say("Write “guide” and what it is about, such as “guide passport”.")
    if about:
        page = await talk.search(about, MAX_SHOWN)
        shown = [(one["code"], one["title"]) for one in page["items"] if page.get("likely")]
    same = [one for one in shown if plain(one[1]) == plain(about)]
    if same or len(shown) == 1:
        return await read(talk, (same or shown)[0][0], part)
    if not shown:
        return talk.say("No guide is found by this: say it in other words.")
    talk.memory.missed = 0
    talk.happen("over")
    talk.say("The guide of which one? Choose by its number, or say it in other words.")
    return talk.offer([(f"guide {code} {part}".strip(), words) for code, words in shown])


async def _talked_of(talk: Talk) -> str:
    """The item of what is filled in, or of what was read last; "" where there is none."""
    if talk.row.state in ("asking", "confirming", "linking") and talk.memory.dialogues:
        return talk.dialogue.item
    sort, _, name = talk.memory.about.partition(" ")
    if sort == "case":
        return str((await talk.get(f"/v1/cases/{name}"))["item"]["code"])
    return name


async def read(talk: Talk, code: str, part: str = "") -> None:
    """The guide of an item, or a part of it."""
    guide = await talk.get(f"/v1/items/{code}")
    talk.memory.about = f"item {code}"
    talk.lines += [guide["title"], *(() if part else (guide["summary"],)), *guide_lines(guide, talk.language, part)]
