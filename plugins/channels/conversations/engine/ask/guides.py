"""The guide of an item, read in the chat by a word."""

from __future__ import annotations

from conversations.engine.turn.talk import Talk
from questions.guides import guide_lines
from questions.spelling import plain

#: Guides that a search shows.
MAX_SHOWN = 5


async def asked(talk: Talk, about: str) -> None:
    """Read the guide of what is meant, or list those that may be."""
    if not about and talk.memory.dialogues:
        return await read(talk, talk.dialogue.item)
    if not about:
        return talk.say("Write “guide” and what it is about, such as “guide passport”.")
    page = await talk.search(about, MAX_SHOWN)
    found = page["items"]
    same = [one for one in found if plain(one["title"]) == plain(about)]
    if same or len(found) == 1:
        return await read(talk, (same or found)[0]["code"])
    if not found:
        return talk.say("No guide is found by this: say it in other words.")
    talk.memory.missed = 0
    talk.happen("over")
    talk.say("The guide of which one? Choose by its number, or say it in other words.")
    return talk.offer([(f"guide {one['code']}", one["title"]) for one in found])


async def read(talk: Talk, code: str) -> None:
    """The whole guide of an item."""
    guide = await talk.get(f"/v1/items/{code}")
    talk.lines += [guide["title"], guide["summary"], *guide_lines(guide, talk.language)]
