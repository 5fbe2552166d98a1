"""A person in place of the engine: the call for one, the queue, silence while one answers, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from banshi import Item
from conversations.contents import File, Text, Video, Voice
from conversations.engine.ask import uploading
from conversations.engine.ask.filling import filling_of
from conversations.engine.ask.pages import NOT_IN_A_GROUP, sign_in_link
from conversations.engine.bind import linking, offering
from conversations.engine.turn.commands import command_in
from conversations.engine.turn.memory import Dialogue
from conversations.engine.turn.talk import Talk
from conversations.outbound import windows
from conversations.outbound.answers import KIND
from desk import DESK, Desk, Enquiry, Hours
from questions.guides import guide_lines
from questions.read import stars_in
from questions.spelling import plain

#: States in which a message is for a person, or about one.
STATES = ("calling", "waiting", "held", "leaving-word", "rating")

#: Those in which an officer gets it, now or later.
WITH_OFFICER = ("calling", "waiting", "held")

#: What is remembered of who may want to leave an officer.
LEAVING = "leaving"

#: Items among which the one for questions is looked for.
MAX_FOUND = 5


async def person(talk: Talk, *, is_wish: bool = True) -> None:
    """Somebody wants a person: the desk of what they are at, the only one there is, or one that they choose.

    Without a desk their next words become a question to the office, where it is their own `is_wish`.
    """
    if talk.memory.is_beside:
        # What they fill in waits; the officer is there.
        return talk.go("over", "menu")
    talk.count("person")
    talk.memory.missed = 0
    desks = talk.platform[DESK].desks
    if not desks:
        return await _nobody(talk, takes_words=is_wish)
    item = talk.platform.registry.items.get(talk.dialogue.item) if talk.memory.dialogues else None
    near = [desk for desk in desks if item and desk.department == item.department and desk.unit in ("", item.unit)]
    if len(near or desks) == 1:
        return await enter(talk, (near or desks)[0].code)
    talk.happen("over")
    talk.say("Who is it for?")
    return talk.offer([(f"desk {desk.code}", talk.spoken(desk.title)) for desk in near or desks])


async def _nobody(talk: Talk, *, takes_words: bool) -> None:
    """Say that nobody sits here, whom to call, and when somebody is where; and take a question for those hours."""
    talk.say("Nobody answers here in person. In danger call 110; the city's hotline is 12345, at any hour.")
    item = await _asking(talk)
    if item is None:
        return None
    guide = await talk.get(f"/v1/items/{item.code}")
    talk.lines += guide_lines(guide, talk.language, "where") if guide["places"] else ()
    if not takes_words:
        return None
    if talk.received.group:
        return talk.say(NOT_IN_A_GROUP)
    talk.happen("closed")
    return talk.say("Write your question now: it is handed in, and its answer has a deadline.")


async def _asking(talk: Talk) -> Item | None:
    """The item that takes any question: of the department of what they are at, or the first that is found by that."""
    items = talk.platform.registry.items
    page = await talk.search(talk.word("ask a question"), MAX_FOUND)
    found = [
        items[one["code"]] for one in page["items"] if "consult" in getattr(items[one["code"]].details, "sorts", ())
    ]
    own = items.get(talk.dialogue.item) if talk.memory.dialogues else None
    near = [one for one in found if own and one.department == own.department]
    return next(iter(near or found), None)


async def enter(talk: Talk, code: str, *, urgent: bool = False) -> None:
    """Join the queue of a desk; while it is closed, a question becomes a case."""
    desk = talk.platform[DESK].of(code)
    if desk is None:
        return await _nobody(talk, takes_words=True)
    if not urgent and (until := await talk.platform[DESK].blocked(KIND, talk.row.id, desk)):
        talk.happen("over")
        time = f"{until.astimezone(talk.platform.settings.timezone):%Y-%m-%d %H:%M}"
        talk.say("{desk} takes no messages of yours before {time}.", desk=talk.spoken(desk.title), time=time)
        return talk.say("What you need can be handed in here as always. In danger call 110.")
    hours = await talk.platform[DESK].hours(desk)
    if not hours.is_open:
        return await _closed(talk, desk, hours)
    # A group's windows are short, and opened by whoever writes there next.
    lasts = urgent or talk.received.group or await windows.lasts(talk.platform, talk.row, talk.received)
    if not lasts:
        talk.happen("unreachable")
        talk.memory.about = f"desk {code}"
        return talk.say(
            "{desk}: write one word now, so that an officer can write to you. Then you are in the queue.",
            desk=talk.spoken(desk.title),
        )
    talk.happen("called")
    await _say_place(talk, desk, _asked(talk, desk, urgent=urgent, word=talk.id if urgent else None))
    return talk.say("Write what it is about meanwhile: the officer reads it. “cancel” leaves the queue.")


def _asked(talk: Talk, desk: Desk, **how: Any) -> Enquiry:
    """The call for a person, which the turn writes."""
    person = talk.principal.subject if talk.principal else ""
    enquiry, rows = talk.platform[DESK].ask(KIND, talk.row.id, desk, person, **how)
    talk.beside += rows
    return enquiry


async def _say_place(talk: Talk, desk: Desk, enquiry: Enquiry) -> None:
    place = await talk.platform[DESK].place(enquiry)
    talk.say("{desk}: you are number {place} in the queue.", desk=talk.spoken(desk.title), place=place.number)
    if place.minutes is not None:
        talk.say("It takes about {minutes} minutes.", minutes=place.minutes)


async def _closed(talk: Talk, desk: Desk, hours: Hours) -> None:
    talk.say("{desk} is closed now.", desk=talk.spoken(desk.title))
    if hours.opens_at is not None:
        at = hours.opens_at.astimezone(talk.platform.settings.timezone)
        talk.say("It opens on {day} at {time}.", day=f"{at:%Y-%m-%d}", time=f"{at:%H:%M}")
    if not desk.item or talk.received.group:
        return await _nobody(talk, takes_words=True)
    talk.happen("closed")
    _asked(talk, desk, is_word=True)
    return talk.say("Write your question now: it is handed in, and its answer has a deadline.")


async def ring(talk: Talk) -> bool:
    """Let the first desk that is open know that somebody speaks of danger; False where nobody sits anywhere."""
    if talk.memory.is_beside and (held := await talk.platform[DESK].last(KIND, talk.row.id, "waiting", "held")):
        talk.beside += await talk.platform[DESK].add_words(held, talk.text, talk.id)
        talk.go("over", "menu")
        return True
    desk = await talk.platform[DESK].open_one()
    if desk is None:
        return False
    talk.count("person")
    await enter(talk, desk.code, urgent=True)
    if talk.memory.dialogues:
        talk.say("What you have filled in is kept: you can go on with it afterwards.")
    return True


async def look_beside(talk: Talk) -> None:
    """Where the enquiry is by now beside which they fill in a form, or have: handed on, given back, or over."""
    enquiry = await talk.platform[DESK].last(KIND, talk.row.id, "waiting", "held")
    if talk.row.state in ("waiting", "held"):
        talk.row.state, talk.memory.is_beside = enquiry.state if enquiry else "menu", False
    elif enquiry:
        talk.beside.append(talk.platform[DESK].fills_in(enquiry))
    else:
        talk.memory.is_beside = False


async def take_message(talk: Talk) -> bool:
    """Deal with a message of somebody who waits, talks with a person, or has; False where the engine goes on."""
    command = command_in(talk.text)
    if talk.row.state == "calling":
        return await _called(talk, is_over=command is not None and command[0] == "cancel")
    if talk.row.state == "rating":
        return await _rated(talk)
    if talk.row.state == "leaving-word":
        if command is None and await _word(talk):
            return True
        talk.happen("over")
        return False
    enquiry = await talk.platform[DESK].last(KIND, talk.row.id, "waiting", "held")
    if enquiry is None:
        talk.happen("over")
        return False
    if enquiry.state == "waiting" and command is not None and command[0] == "cancel":
        await leave(talk)
        return _left(talk, "You have left the queue.")
    if enquiry.state == "held" and await offering.answered(talk, enquiry):
        return True
    if enquiry.state == "held" and await _leaves(talk, command):
        return True
    is_kept = await _taken(talk, is_held=enquiry.state == "held")
    # The turn itself keeps the words.
    talk.beside += await talk.platform[DESK].add_words(enquiry, talk.text, talk.id)
    desk = talk.platform[DESK].of(enquiry.desk)
    if enquiry.state == "waiting" and desk is not None and is_kept:
        talk.say("It is kept for the officer.")
        await _say_place(talk, desk, enquiry)
    return True


async def _called(talk: Talk, *, is_over: bool) -> bool:
    """Somebody who was asked for one word has sent something: they join the queue, or have thought better of it."""
    if is_over:
        return _left(talk, "You have left the queue.")
    await _taken(talk, is_held=False)
    await enter(talk, talk.memory.about.removeprefix("desk "))
    return True


async def _leaves(talk: Talk, command: tuple[str, str] | None) -> bool:
    """Whether a word that leads back is for us: once it is asked whether they mean it, twice they leave the officer."""
    asked, wishes = talk.memory.about == LEAVING, command is not None and command[0] in ("menu", "back", "cancel")
    talk.memory.about = LEAVING if wishes and not asked else "" if asked else talk.memory.about
    if wishes and not asked:
        talk.say("An officer is with you. To end the conversation, send the same once more.")
    elif wishes:
        await leave(talk)
        _left(talk, "You have ended the conversation with the officer.")
    return wishes


def _left(talk: Talk, told: str) -> Literal[True]:
    talk.say(told)
    talk.go("over", "menu")
    return True


async def _taken(talk: Talk, *, is_held: bool) -> bool:
    """Keep a file or a voice for the officer, as an upload of theirs; why it isn't, and what to do, is said."""
    sent = talk.content
    if isinstance(sent, File | Video) and sent.fetch:
        talk.upload = await uploading.stored(talk, sent, sent.fetch) or ""
        if talk.principal is None:
            # Ten digits are for the officer here: people tell telephone numbers.
            sign_in_link(talk)
        return bool(talk.upload)
    if not isinstance(sent, Voice):
        return True
    if talk.text and not is_held:
        talk.say("Understood: “{words}”", words=talk.text)
    if sent.fetch is not None and talk.principal is not None:
        talk.upload = await uploading.stored(talk, sent, sent.fetch) or ""
        if talk.upload and not is_held:
            talk.say("The officer can listen to it.")
    elif not talk.text:
        talk.say("Your voice isn't kept, since nobody is known here by this contact: please write, or sign in first.")
        sign_in_link(talk)
    return bool(talk.text or talk.upload)


async def leave(talk: Talk) -> None:
    """Whoever leaves the queue, or the account, waits for nobody any more."""
    talk.beside += await talk.platform[DESK].left(KIND, talk.row.id)


async def _word(talk: Talk) -> bool:
    """The question of somebody who came while the desk was closed: the item is begun with it."""
    enquiry = await talk.platform[DESK].last(KIND, talk.row.id, "word")
    desk = talk.platform[DESK].of(enquiry.desk) if enquiry else None
    item = talk.platform.registry.items.get(desk.item) if desk and desk.item else await _asking(talk)
    if item is None:
        return False
    if not isinstance(talk.content, Text | Voice) or not plain(talk.text):
        talk.say("Write your question now: it is handed in, and its answer has a deadline.")
        return True
    talk.memory.push(Dialogue(item.code, talk.spoken(item.title), answers={"answers": {}}))
    fields: Mapping[str, Any] = item.form.schema["properties"] if item.form else {}
    # Where nobody says which, the field that takes the most words.
    field = (desk and desk.field) or max(fields, key=lambda name: fields[name].get("maxLength", 0))
    now, pointer = await filling_of(talk), f"/answers/{field}"
    if problem := now.problem(pointer, talk.text):
        talk.memory.dialogues.pop()
        talk.lines.append(problem)
    else:
        now.put(pointer, talk.text)
        now.dialogue.answered.append(pointer)
        linking.begin(talk)
    return True


async def _rated(talk: Talk) -> bool:
    """Keep their stars; anything else goes on as always."""
    stars = stars_in(talk.text)
    if stars is None:
        # Where nothing can be sent unasked, it is only now that they read how to rate it.
        if not talk.lines:
            talk.happen("over")
        return bool(talk.lines)
    talk.happen("rated")
    talk.beside += await talk.platform[DESK].rated(KIND, talk.row.id, stars)
    talk.say("Thank you.")
    talk.go("", "menu")
    return True
