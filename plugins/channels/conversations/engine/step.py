"""What one message does: danger first, then words that always work, then whatever the conversation is at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from banshi import NotFound, Problem
from banshi.sdk.danger import danger_in
from conversations.contacts.offers import OFFERS
from conversations.contents import Entrance, Joined, Left, Scanned, Unread, Video, Voice
from conversations.engine import boards, following, homes, menu
from conversations.engine.ask import asking, confirming, guides
from conversations.engine.ask.filling import Filling, filling_of
from conversations.engine.bind import linking, waiting
from conversations.engine.turn import small_talk
from conversations.engine.turn.commands import ABOUT, command_in, is_short, language_in
from conversations.engine.turn.talk import Talk, Then
from conversations.settings import SETTINGS
from desk import DESK
from questions.spelling import has_id_number, plain

#: Letters of one message; a longer one is no answer to anything.
MAX_TEXT_CHARS = 4_000
#: What is shown again, by the state in which something is being filled in.
AGAIN: Mapping[str, Then] = {"asking": "ask", "confirming": "confirm"}
#: After this much silence they are told what they were at.
SILENCE = timedelta(minutes=30)


async def take(talk: Talk) -> None:
    """Change the conversation, and say what is to be said; what goes wrong with an item is said too."""
    try:
        await _take(talk)
        while then := talk.then:
            talk.then = ""
            if then == "menu":
                talk.say("What you write now is for the officer.") if talk.memory.is_beside else menu.show(talk)
                continue
            now = await filling_of(talk)
            await asking.ask(now) if then == "ask" else confirming.show(now)
    except NotFound:
        # The item is not offered any more, or what was to be done with the case isn't possible any more.
        talk.memory.dialogues[-1:] = []
        talk.say("This is not offered any more. What you had filled in is gone with it.")
        menu.show(talk)
    except Problem as problem:
        talk.refused(problem)


async def _take(talk: Talk) -> None:
    if isinstance(talk.content, Left):
        await waiting.leave(talk)
        return talk.happen("left")
    if talk.memory.is_beside:
        await waiting.look_beside(talk)
    linking.notice(talk)
    if not talk.row.version and (told := talk.received.language or language_in(talk.text)):
        talk.row.language = told
    is_film = isinstance(talk.content, Video) and (talk.row.state not in waiting.WITH_OFFICER or not talk.content.fetch)
    if is_film or isinstance(talk.content, Unread):
        menu.tell_unread(talk)
        return talk.go("", AGAIN.get(talk.row.state, ""))
    if isinstance(talk.content, Scanned | Entrance) and talk.row.state not in waiting.STATES:
        return await _came(talk, talk.content)
    if await _in_danger(talk):
        return None
    if len(talk.text) > MAX_TEXT_CHARS:
        return talk.say("That is too long to be read here: write at most {most} characters.", most=MAX_TEXT_CHARS)
    if talk.row.state in waiting.STATES and await waiting.take_message(talk):
        return None
    if has_id_number(talk.text):
        talk.say("Don't write ID numbers into a chat: none is needed here.")
    command = command_in(talk.text)
    if talk.row.state == "menu" and _may_be_line(talk, command) and (line := menu.line_in(talk)):
        return await menu.chosen(talk, *line)
    if isinstance(talk.content, Joined) or (talk.row.state in ("idle", "gone") and command is None):
        talk.happen("over")
        return await menu.greet(talk)
    if isinstance(talk.content, Voice):
        if not talk.text:
            talk.say("A voice message can't be read here: please write.")
            if talk.platform[DESK].desks:  # somebody listens at a desk alone
                talk.say("For a person who listens to it, write “person”, and send it again then.")
            return None
        talk.say("Understood: “{words}”", words=talk.text)
    if command is None or not await _commanded(talk, *command):
        await _heard(talk)
    return None


async def _in_danger(talk: Talk) -> bool:
    """Say what to do at once, and nothing else; False where no danger is spoken of, or an officer reads it."""
    danger = danger_in(talk.text)
    if danger is None or talk.row.state == "held":
        return False
    talk.lines += danger.instructions(talk.language)
    for page in (await talk.get("/v1/help"))["items"]:
        if danger.kind in page["dangers"]:
            phones = (f"{one['title']}: {one['number']}" for one in page["phones"])
            talk.lines += [page["title"], *page["steps"], *phones]
    if talk.row.state == "waiting":
        return await waiting.take_message(talk)
    if talk.row.state in ("asking", "confirming"):
        talk.dialogue.doubted = talk.text
    if await waiting.ring(talk):
        return True
    if talk.row.state in ("idle", "gone", "rating"):
        talk.happen("over")
    elif talk.memory.dialogues:
        talk.say("“{title}” waits: write “continue” to go on with it.", title=talk.dialogue.title)
    return True


async def _came(talk: Talk, content: Scanned | Entrance) -> None:
    """By a QR code: the app's binds, a poster's leads somewhere or is a greeting."""
    if isinstance(content, Scanned) and talk.platform[OFFERS].may_be(content.token):
        return await linking.scanned(talk, content.token)
    talk.happen("over")
    if isinstance(content, Entrance) and (content.sort == "desk" or content.code in talk.platform.registry.items):
        return await menu.chosen(talk, content.sort, content.code)
    return await menu.greet(talk)


def _may_be_line(talk: Talk, command: tuple[str, str] | None) -> bool:
    """Whether a line of the menu may be meant: by a word of its own, or by what is no command and no small talk."""
    if command is None:
        return small_talk.kind_in(talk.text) is None
    return command[0] == "talk" or menu.has(talk)


async def _commanded(talk: Talk, command: str, about: str) -> bool:
    """Do what always works; False where it means something else just now."""
    again = AGAIN.get(talk.row.state, "menu")
    now = await filling_of(talk) if talk.row.state in AGAIN else None
    if now and _is_answer(now, command, about):
        return False
    match command:
        case "language":
            talk.row.language = about
            talk.go("", again)
        case "talk":
            if not linking.goes_on(talk):
                menu.answer(talk, about)
                talk.then = again if now else talk.then
        case "unbind":
            linking.unbind(talk)
            talk.go("over", "menu" if now else "")
        case "guide" | "materials" | "fee" | "time" | "where":
            await guides.asked(talk, about, "" if command == "guide" else command)
            talk.go("", again if now else "")
        case "why" if now:
            asking.explain(now)
            talk.go("", again)
        case "menu":
            await menu.greet(talk) if talk.row.state == "idle" else talk.go("over", "menu")
        case "home" if about:
            return await homes.found(talk, about)
        case "follow" | "unfollow" | "mute" | "unmute":
            return await following.by_word(talk, command, about)
        case "progress" | "person" | "home" | "departments" | "boards":
            await menu.chosen(talk, command)
        case _ if command in boards.BOARDS:
            await menu.chosen(talk, "board", command)
        case "answer" if now and now.dialogue.doubted:
            talk.instead = now.dialogue.doubted
            await asking.take_answer(now)
        case "back" if now:
            asking.back(now)
        case "restart" if now:
            asking.restart(now)
        case "cancel" | "withdraw" | "later" if now:
            _leave(talk, command)
        case _ if now:
            talk.go("", again)
        case "digits":
            await linking.digits(talk, about)
        case "continue":
            await menu.chosen(talk, command)
        case "withdraw" | "cancel" if talk.memory.about.startswith("case "):
            await menu.chosen(talk, "withdraw")
        case "withdraw":
            await menu.chosen(talk, "progress")
        case "cancel" | "later" if talk.memory.dialogues:
            _leave(talk, command)
        case _:
            menu.nothing(talk)
    return True


def _is_answer(now: Filling, command: str, about: str) -> bool:
    """Whether a command may be the answer to what is asked, as a guide with more words may."""
    told = plain(now.talk.text)
    if any(told == plain(words) for _, words in now.options()):
        return True
    if command == "talk":
        return not small_talk.KINDS[about].get("in_form")
    if now.is_open() and (command in ABOUT | boards.WORDS or not is_short(told)):
        return True
    has_words = dict.fromkeys(("guide", "home", "follow", "unfollow", "mute", "unmute"), bool(about))
    return {**has_words, "digits": True, "menu": now.takes_zero() and told == "0"}.get(command, False)


def _leave(talk: Talk, command: str) -> None:
    if command != "later":
        title = talk.memory.dialogues.pop().title
        talk.say("Left “{title}”; nothing was handed in.", title=title)
    else:
        days = talk.platform[SETTINGS].memory_days
        talk.say("It is kept for {days} days. Write “continue” to go on.", days=days)
    talk.go("over", "menu")


async def _heard(talk: Talk) -> None:
    if linking.goes_on(talk):
        return None
    if talk.row.state not in AGAIN:
        return await menu.take_words(talk)
    now = await filling_of(talk)
    if talk.row.state == "confirming":
        return await confirming.take_confirmation(now)
    if talk.received.at - talk.row.heard_at > SILENCE:
        talk.say("You were at “{title}”. Write “cancel” to leave it.", title=talk.dialogue.title)
    return await asking.take_answer(now)
