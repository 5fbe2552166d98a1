"""What one message does: danger first, then words that always work, then whatever the conversation is at."""

from __future__ import annotations

from datetime import timedelta

from banshi import Problem
from conversations.contents import Joined, Left, Text, Voice
from conversations.dialogue.spelling import plain
from conversations.engine import asking, cases, confirming, menu
from conversations.engine.commands import command_in, danger_in, language_in
from conversations.engine.talk import Talk

#: Letters of one message; a longer one is no answer to anything.
MAX_TEXT_CHARS = 4_000
#: After this much silence they are told what they were at.
SILENCE = timedelta(minutes=30)


async def take(talk: Talk) -> None:
    """Change the conversation, and say what is to be said; what goes wrong with an item is said too."""
    try:
        await _take(talk)
    except Problem as problem:
        if problem.status >= 500:
            raise
        talk.lines.append(problem.document(talk.language)["detail"])


async def _take(talk: Talk) -> None:
    if isinstance(talk.content, Left):
        return talk.happen("left")
    if not talk.row.version and (told := talk.received.language or language_in(talk.text)):
        talk.row.language = told
    if len(talk.text) > MAX_TEXT_CHARS:
        return talk.say("That is too long to be read here: write at most {most} characters.", most=MAX_TEXT_CHARS)
    if isinstance(talk.content, Text | Voice) and (urgent := danger_in(talk.text)):
        talk.lines.append(urgent[talk.language])
    if isinstance(talk.content, Joined) or talk.row.state in ("idle", "gone"):
        talk.happen("over")
        return await menu.greet(talk)
    if isinstance(talk.content, Voice) and not talk.text:
        return talk.say("A voice message can't be read here: please write.")
    command = command_in(talk.text)
    if command is None or await _commanded(talk, *command) is False:
        await _rest(talk)
    return None


async def _commanded(talk: Talk, command: str, about: str) -> bool | None:
    """Do what always works; False where it means something else just now."""
    at_form = talk.row.state in ("asking", "confirming")
    match command:
        case "menu":
            if at_form and await asking.ends(talk):
                return False
            await menu.show(talk)
        case "language":
            talk.row.language = about
            await (asking.ask(talk) if talk.row.state == "asking" else menu.show(talk))
        case "progress":
            await cases.show(talk)
        case "person":
            await menu.person(talk)
        case "unbind":
            await menu.unbind(talk)
        case "continue":
            await menu.resume(talk)
        case "back" | "cancel" | "restart" | "change" | "later":
            await (asking.commanded(talk, command, about) if at_form else menu.nothing(talk))
    return None


async def _rest(talk: Talk) -> None:
    silent = talk.received.at - talk.row.heard_at > SILENCE
    match talk.row.state:
        case "asking":
            if silent:
                talk.say("You were at “{title}”. Write “cancel” to leave it.", title=talk.dialogue.title)
            await asking.heard(talk)
        case "confirming":
            await confirming.heard(talk)
        case _:
            await menu.heard(talk)


def is_same(one: str, other: str) -> bool:
    return plain(one) == plain(other)
