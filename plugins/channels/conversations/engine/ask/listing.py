"""Choices that the API lists: days and times, divisions step by step, or what a word finds."""

from __future__ import annotations

from typing import Any

from yarl import URL

from conversations.engine.ask import slots
from conversations.engine.turn.talk import Talk
from questions.plan import Question, value_at
from questions.read import Answered, Narrowed, choice

#: Choices on one screen.
MAX_OPTIONS = 40
#: More of them aren't listed before somebody has named a part.
MAX_AT_FIRST = 9


async def options(talk: Talk, question: Question, words: str = "", within: str = "") -> list[tuple[Any, str]]:
    """What may be chosen now, as value and words: all, what words find, or what a value is divided into."""
    listed = question.node["x-choices"]
    if "begins" in listed:
        return await slots.options(talk, listed)
    query = {"search": words, "within": within}
    asked = {listed[name]: value for name, value in query.items() if value and name in listed}
    rows = (await talk.get(str(URL(listed["list"]).update_query(asked))))["items"]
    return [(value_at(row, listed["value"]), str(value_at(row, listed["title"]))) for row in rows[:MAX_OPTIONS]]


async def chosen(talk: Talk, question: Question) -> Answered | Narrowed | None:
    """The value that is meant; the options that are left, in the dialogue too; None for what is no choice."""
    listed, dialogue = question.node["x-choices"], talk.dialogue
    if "begins" in listed:
        return await slots.chosen(talk, listed)
    found = choice(talk.text, dialogue.options)
    if not isinstance(found, Answered) and "search" in listed and talk.text.strip():
        searched = await options(talk, question, talk.text.strip()[:60])
        dialogue.options = searched or dialogue.options
        found = Answered([searched[0][0]]) if len(searched) == 1 else Narrowed(searched) if searched else found
    if isinstance(found, Narrowed):
        dialogue.options = list(found.options)
        return found
    if not isinstance(found, Answered):
        return None
    if "divided" in listed and (inner := await options(talk, question, within=str(found.values[0]))):
        dialogue.options = inner
        return Narrowed(inner)
    return found
