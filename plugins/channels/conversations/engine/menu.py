"""Outside a form: the greeting, the search by everyday words, and what is begun by a number."""

from __future__ import annotations

from yarl import URL

from conversations.contents import Text, Voice
from conversations.dialogue.answering import body_of
from conversations.dialogue.spelling import numbers_in
from conversations.engine import asking, cases
from conversations.engine.memory import Dialogue
from conversations.engine.pages import page_of
from conversations.engine.talk import Talk
from conversations.tables.models import ContactLink

#: Items that a search shows, and misunderstandings after which a person is offered.
MAX_SHOWN, MAX_MISSED = 5, 2


async def greet(talk: Talk) -> None:
    """Say who is here and what can be done; what they wrote already is looked for at once."""
    talk.say("Here you can do all that the city's offices offer: ask, look up, book, apply.")
    if isinstance(talk.content, Text | Voice) and len(talk.text.strip()) > 2 and await search(talk):
        return
    await show(talk)


async def show(talk: Talk) -> None:
    """The menu; what is being filled in waits."""
    talk.memory.missed = 0
    if talk.row.state != "menu":
        talk.happen("over")
    talk.say("Write in your own words what it is about, such as “moved house” or “lost my ID card”.")
    options = [(f"progress {''}", talk.word("My cases")), ("person ", talk.word("A person"))]
    if talk.memory.dialogues:
        options.insert(0, ("continue ", talk.word("Go on with “{title}”", title=talk.dialogue.title)))
    talk.offer(options)


async def heard(talk: Talk) -> None:
    """A number of the menu, or words to look for."""
    menu, numbers = talk.memory.menu, numbers_in(talk.text)
    if len(numbers) == 1 and 1 <= numbers[0] <= len(menu):
        command, _, about = menu[numbers[0] - 1][0].partition(" ")
        return await chosen(talk, command, about)
    if talk.text and await search(talk):
        return None
    talk.memory.missed += 1
    talk.say("That was not understood.")
    if talk.memory.missed >= MAX_MISSED:
        talk.say("Somebody will help you: write “person”.")
    return await show(talk) if talk.memory.missed < MAX_MISSED else await person(talk)


async def chosen(talk: Talk, command: str, about: str) -> None:
    """Do what a line of the menu stands for."""
    match command:
        case "item":
            await begin(talk, about)
        case "progress":
            await cases.show(talk)
        case "continue":
            await resume(talk)
        case "case":
            await cases.open_case(talk, about)
        case "action":
            await cases.begin_action(talk, *about.split(" "))
        case _:
            await person(talk)


async def search(talk: Talk) -> bool:
    """Show what is found by their words; False where nothing is."""
    page = await talk.get(address("/v1/items", q=talk.text[:100], limit=MAX_SHOWN))
    for one in (*page.get("help", ()), *page.get("elsewhere", ())):
        talk.lines += [told for name in ("title", "body", "summary", "text", "phone") if (told := one.get(name))]
    if not page["items"]:
        return bool(talk.lines)
    talk.memory.missed = 0
    talk.say("Is it one of these? Choose by its number, or say it in other words.")
    talk.offer([(f"item {one['code']}", one["title"]) for one in page["items"]])
    return True


async def begin(talk: Talk, code: str) -> None:
    """Begin an item: tell in short what it is, and ask its first question; or say where it is done."""
    guide = await talk.get(f"/v1/items/{code}")
    talk.lines += [guide["title"], guide["summary"]]
    if guide["begin"] is None:
        talk.lines += [told for told in guide["process"] if isinstance(told, str)]
        return await show(talk)
    if guide["begin"]["unnamed"] == "always":
        talk.say("This isn't taken here, so that nobody knows who you are: {link}", link=page_of(talk, code))
        return talk.happen("over")
    if talk.principal is None and guide["begin"]["unnamed"] != "allowed":
        talk.say("For this we have to know who you are.")
        return await stranger(talk, Dialogue(item=code, title=guide["title"]))
    talk.memory.push(Dialogue(item=code, title=guide["title"], answers={"answers": {}}))
    talk.happen("begun")
    return await asking.ask(talk, body_of(guide))


async def stranger(talk: Talk, dialogue: Dialogue) -> None:
    """Ask them to sign in for this contact; what they wanted goes on afterwards."""
    talk.memory.push(dialogue)
    talk.happen("stranger")
    talk.say("Sign in once, and come back here.")


async def resume(talk: Talk) -> None:
    if not talk.memory.dialogues:
        return await nothing(talk)
    if talk.row.state != "asking":
        talk.happen("resumed" if talk.row.state in ("menu", "confirming") else "over")
    return await asking.ask(talk)


async def nothing(talk: Talk) -> None:
    """There is nothing under way that the word could be about."""
    talk.say("There is nothing under way just now.")
    await show(talk)


async def person(talk: Talk) -> None:
    """Where people answer, until there is a desk."""
    talk.memory.missed = 0
    page = await talk.get("/v1/help")
    for one in page["items"][:2]:
        talk.lines += [told for name in ("title", "body", "summary", "text", "phone") if (told := one.get(name))]


async def unbind(talk: Talk) -> None:
    """End the link: from now on nobody knows who this contact is."""
    if talk.principal is None:
        return talk.say("This contact is bound to nobody.")
    link = await ContactLink.get_or_none(conversation_id=talk.row.id, ended_at=None)
    if link is not None:
        await ContactLink.filter(id=link.id).update(ended_at=talk.platform.now())
    talk.memory.dialogues = []
    return talk.say("Done. Nobody is known here by this contact any more.")


def address(path: str, **query: object) -> str:
    return str(URL(path).with_query({name: str(value) for name, value in query.items()}))
