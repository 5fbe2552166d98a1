"""Outside a form: the greeting, the search by everyday words, and what is begun by a number."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from banshi import text_in
from conversations.contents import File, Place, Text, Video, Voice
from conversations.engine import boards, cases, homes
from conversations.engine.ask import guides
from conversations.engine.ask.pages import NOT_IN_A_GROUP, page_of
from conversations.engine.ask.uploading import VIDEO
from conversations.engine.bind import linking, waiting
from conversations.engine.turn import small_talk
from conversations.engine.turn.commands import command_in
from conversations.engine.turn.memory import Dialogue
from conversations.engine.turn.talk import Talk
from questions.guides import guide_lines
from questions.read import Answered, agreed, choice
from questions.spelling import plain

#: Items that a search shows, and messages in a row that nobody understood after which a person is offered.
MAX_SHOWN, MAX_MISSED = 5, 2

UNREADABLE = "This can't be read here: send words, a picture, a place or a voice message, or choose by a number."
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
#: Stickers of a keyboard come as words: [微笑].
_STICKER = re.compile(r"\[[^\[\]\s]{1,8}\]")


async def greet(talk: Talk) -> None:
    """Say who is here and what can be done; what they wrote already is looked for at once."""
    words = plain(talk.text) if isinstance(talk.content, Text | Voice) else ""
    if words and (kind := small_talk.kind_in(words)):
        return answer(talk, kind)
    talk.say("Here you can do all that the city's offices offer: ask, look up, book, apply.")
    if not words:
        _says_nothing(talk)
    if not words or command_in(words) or not await search(talk):
        show(talk)
    return None


def answer(talk: Talk, kind: str) -> None:
    """A sentence for small talk."""
    told = small_talk.KINDS[kind]
    talk.lines.append(text_in(told, talk.language))
    if talk.row.state in ("idle", "gone"):
        talk.happen("over")
    if told.get("menu"):
        talk.then = "menu"


def show(talk: Talk) -> None:
    """The menu; what is being filled in waits."""
    talk.memory.missed = 0
    talk.happen("over")
    talk.say("Write in your own words what it is about, such as “moved house” or “lost my ID card”.")
    options = [("progress", talk.word("My cases")), ("person", talk.word("A person"))]
    options += [("departments", talk.word("All services")), ("boards", talk.word("Announcements and notices"))]
    options += [("home", talk.word("My district"))] if talk.link else []
    if talk.memory.dialogues:
        options.insert(0, ("continue", talk.word("Go on with “{title}”", title=talk.dialogue.title)))
    talk.offer(options)


def line_in(talk: Talk) -> list[str] | None:
    """The line of the menu that is meant, by its number or its words: a command and what it is about."""
    told, menu = talk.text, talk.memory.menu
    if menu and menu[0][1] == talk.word("Yes, please") and (agrees := agreed(told)) is not None:
        told = "1" if agrees else "2"
    found = choice(told, menu) if told else None
    return found.values[0].split(" ") if isinstance(found, Answered) else None


def has(talk: Talk) -> bool:
    """Whether what they write is a line of the menu, word by word."""
    return any(plain(talk.text) == plain(words) for _, words in talk.memory.menu)


async def take_words(talk: Talk) -> None:
    """Words to look for."""
    asked, talk.memory.about = talk.memory.about, ""
    if asked == homes.ASKED and await homes.found(talk, talk.text):
        return None
    if kind := small_talk.kind_in(talk.text):
        return answer(talk, kind)
    if await search(talk):
        return None
    talk.memory.missed += 1
    return show(talk) if talk.memory.missed < MAX_MISSED else await waiting.person(talk, is_wish=False)


async def chosen(talk: Talk, command: str, *about: str) -> None:
    """Do what a line of the menu stands for; what is theirs alone, for whoever has signed in lately."""
    if command in OWN and talk.received.group:
        return talk.say(NOT_IN_A_GROUP)
    if command in OWN and talk.link is not None and not linking.is_fresh(talk):
        return linking.ask(talk)
    return await LINES.get(command, waiting.person)(talk, *about)


async def search(talk: Talk) -> bool:
    """Show what their words find; False where nothing is likely meant, and whom one may ask is said."""
    if _says_nothing(talk):
        return False
    page = await talk.search(talk.text, MAX_SHOWN) if talk.text else {}
    for one in page.get("published", ()):
        place = f"{talk.platform.settings.address or ''}{one['links']['page']}"
        talk.lines += [one["title"], one["summary"], place]
    for one in page.get("help", ()):
        talk.lines += [one["title"], *one["steps"], *(f"{two['title']}: {two['number']}" for two in one["phones"])]
    is_known = any(page.get(name) for name in ("likely", "help", "elsewhere", "published"))
    if not is_known:
        talk.say("That was not understood.")
    others = (*page.get("elsewhere", ()), *page.get("otherwise", ()))
    talk.lines += [" ".join(filter(None, (one["title"], one["who"], one["phone"]))) for one in others]
    if page.get("likely"):
        talk.memory.missed = 0
        if plain(page["items"][0]["title"]) == plain(talk.text):
            await begin(talk, page["items"][0]["code"])
            return True
        talk.say("Is it one of these? Choose by its number, or say it in other words.")
        talk.offer(boards.items_on(page), boards.further(page, talk.text))
    return is_known


def _says_nothing(talk: Talk) -> bool:
    """Whether what they send says nothing here by itself, outside a form: then it is said what does."""
    if isinstance(talk.content, File | Place):
        talk.say("A picture or a place is taken where it is asked for, or by an officer: say first what it is about.")
    elif _LINK.search(talk.text):
        talk.say("A link isn't opened here: say in your own words what it is about.")
    elif talk.text and not any(map(str.isalnum, _STICKER.sub("", talk.text))):
        talk.say(UNREADABLE)
    else:
        return False
    return True


def tell_unread(talk: Talk) -> None:
    """Say what can be sent in its place; nobody gets it, an officer neither."""
    talk.say(VIDEO if isinstance(talk.content, Video) else UNREADABLE)
    if talk.row.state == "held":
        talk.say("The officer hasn't got this message.")


async def begin(talk: Talk, code: str) -> None:
    """Begin an item: tell in short what it is, and ask its first question; or say where it is done."""
    guide = await talk.get(f"/v1/items/{code}")
    talk.memory.about = f"item {code}"
    talk.lines += [guide["title"], guide["summary"]]
    unnamed = guide["begin"]["unnamed"] if guide["begin"] else "never"
    if unnamed == "always":
        talk.say(
            "Open {link} for this: it isn't taken in a chat, so that nobody knows who you are.",
            link=page_of(talk, code),
        )
        return talk.happen("over")
    if guide["begin"] is None:
        talk.lines += guide_lines(guide, talk.language)
        return show(talk)
    talk.say("Write “guide” for materials, fee, time and place.")
    talk.memory.push(Dialogue(code, guide["title"], answers={"answers": {}}))
    return linking.begin(talk)


async def resume(talk: Talk) -> None:
    """Go on with what waits."""
    if not talk.memory.dialogues:
        return nothing(talk)
    return linking.begin(talk)


def nothing(talk: Talk) -> None:
    """There is nothing under way that the word could be about."""
    talk.say("There is nothing under way just now.")
    show(talk)


#: What a line of the menu stands for, by its command; any other is for a person.
LINES: Mapping[str, Callable[..., Awaitable[None]]] = {
    "item": begin,
    "guide": guides.read,
    "case": cases.open_case,
    "action": cases.begin_action,
    "withdraw": cases.withdraw,
    "progress": cases.show,
    "continue": resume,
    "desk": waiting.enter,
    "departments": boards.departments,
    "items": boards.items,
    "found": boards.found,
    "boards": boards.boards,
    "board": boards.board,
    "read": boards.read,
    "home": homes.show,
    "home-add": homes.add,
    "home-forget": homes.forget,
    "bind": linking.take,
    "decline": linking.decline,
}

#: Those that show somebody's own cases, or change them.
OWN = {"progress", "case", "action", "withdraw"}
