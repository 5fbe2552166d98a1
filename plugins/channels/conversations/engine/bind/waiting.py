"""A person in place of the engine: the call for one, the queue, silence while one answers, and what follows."""

from __future__ import annotations

from typing import Any

from banshi import Problem, Update
from banshi.sdk.files import sound_in
from conversations.contents import File, Text, Voice
from conversations.desk import places, queue
from conversations.desk.places import Desk, desk_of
from conversations.engine.ask import asking, uploading
from conversations.engine.ask.filling import filling_of
from conversations.engine.bind import linking
from conversations.engine.turn.commands import command_in, danger_in
from conversations.engine.turn.memory import Dialogue
from conversations.engine.turn.talk import Talk
from conversations.settings import SETTINGS
from conversations.tables.models import Enquiry
from questions.read import stars_in
from questions.spelling import plain

#: States in which a message is for a person, or about one.
STATES = ("waiting", "held", "leaving-word", "rating")


async def person(talk: Talk) -> None:
    """Somebody wants a person: the desk of what they are at, the only one there is, or one that they choose."""
    talk.count("person")
    talk.memory.missed = 0
    desks = talk.platform[SETTINGS].desks
    if not desks:
        return await _phones(talk)
    item = talk.platform.registry.items.get(talk.dialogue.item) if talk.memory.dialogues else None
    near = [desk for desk in desks if item and desk.department == item.department and desk.unit in ("", item.unit)]
    if len(near or desks) == 1:
        return await enter(talk, (near or desks)[0].code)
    talk.happen("over")
    talk.say("Who is it for?")
    return talk.offer([(f"desk {desk.code}", talk.spoken(desk.title)) for desk in near or desks])


async def _phones(talk: Talk) -> None:
    """Where people answer by telephone."""
    for one in (await talk.get("/v1/help"))["items"][:2]:
        talk.lines += [one["title"], *(f"{two['title']}: {two['number']}" for two in one["phones"])]


async def enter(talk: Talk, code: str, *, urgent: bool = False) -> None:
    """Join the queue of a desk; while it is closed, a question becomes a case."""
    desk = desk_of(talk.platform[SETTINGS].desks, code)
    if desk is None:
        return await _phones(talk)
    now, stretches = talk.platform.now(), await places.shifts(talk.platform, desk)
    if not places.is_open(stretches, now):
        return await _closed(talk, desk, stretches)
    talk.happen("called")
    row, event = queue.joining(talk.row.id, desk.code, now, urgent=urgent)
    talk.beside += [row, event]
    await _say_place(talk, desk, row)
    return talk.say("Write what it is about meanwhile: the officer reads it. “cancel” leaves the queue.")


async def _say_place(talk: Talk, desk: Desk, row: Enquiry) -> None:
    place = await queue.place_of(row)
    talk.say("{desk}: you are number {place} in the queue.", desk=talk.spoken(desk.title), place=place)
    minutes = await queue.minutes_for(desk.code, place, talk.platform.now())
    if minutes is not None:
        talk.say("It takes about {minutes} minutes.", minutes=minutes)


async def _closed(talk: Talk, desk: Desk, stretches: list[places.Open]) -> None:
    talk.say("{desk} is closed now.", desk=talk.spoken(desk.title))
    opens = places.opens_at(stretches, talk.platform.now())
    if opens is not None:
        at = opens.astimezone(talk.platform.settings.timezone)
        talk.say("It opens on {day} at {time}.", day=f"{at:%Y-%m-%d}", time=f"{at:%H:%M}")
    if not desk.item:
        return await _phones(talk)
    talk.happen("closed")
    talk.beside += queue.joining(talk.row.id, desk.code, talk.platform.now(), state="word")
    return talk.say("Write your question now: it is handed in, and its answer has a deadline.")


async def ring(talk: Talk) -> bool:
    """Let the first desk that is open know that somebody speaks of danger; False where nobody sits anywhere."""
    for desk in talk.platform[SETTINGS].desks:
        if places.is_open(await places.shifts(talk.platform, desk, 0), talk.platform.now()):
            talk.count("person")
            if talk.row.state == "asking":
                await _answered(talk)
            await enter(talk, desk.code, urgent=True)
            if talk.memory.dialogues:
                talk.say("What you have filled in is kept: you can go on with it afterwards.")
            return True
    return False


async def _answered(talk: Talk) -> None:
    """Words of danger may be an answer as well, and are taken as one: otherwise going on would ring again."""
    lines = len(talk.lines)
    try:
        await asking.heard(await filling_of(talk))
    except Problem as problem:
        talk.refused(problem)
    talk.then = ""
    if talk.row.state in ("asking", "confirming"):
        # The next question waits: whoever is in danger reads what to do.
        del talk.lines[lines:]
    talk.buttons.clear()


async def heard(talk: Talk) -> bool:
    """Deal with a message of somebody who waits, talks with a person, or has; False where the engine goes on."""
    command = command_in(talk.text)
    if talk.row.state == "rating":
        return await _rated(talk)
    if talk.row.state == "leaving-word":
        if command is None and await _word(talk):
            return True
        talk.happen("over")
        return False
    enquiry = await queue.enquiry_of(talk.row.id, "waiting", "held")
    if enquiry is None:
        talk.happen("over")
        return False
    if enquiry.state == "waiting" and command is not None and command[0] == "cancel":
        await leave(talk)
        talk.say("You have left the queue.")
        talk.go("over", "menu")
        return True
    is_kept = await _taken(talk, is_held=enquiry.state == "held")
    _kept(talk, enquiry)
    desk = desk_of(talk.platform[SETTINGS].desks, enquiry.desk)
    if enquiry.state == "waiting" and desk is not None and is_kept:
        talk.say("It is kept for the officer.")
        await _say_place(talk, desk, enquiry)
    return True


async def _taken(talk: Talk, *, is_held: bool) -> bool:
    """Keep a file or a voice for the officer, as an upload of theirs; why it isn't, and what to do, is said."""
    sent = talk.content
    if isinstance(sent, File):
        talk.upload = await uploading.stored(talk, sent) or ""
        if talk.principal is None:
            # Eight digits are for the officer here: people tell telephone numbers.
            linking.link(talk)
        return bool(talk.upload)
    if not isinstance(sent, Voice):
        return True
    if talk.text and not is_held:
        talk.say("Understood: “{words}”", words=talk.text)
    if sent.fetch is not None and talk.principal is not None:
        talk.upload = await uploading.stored(talk, File(sent.fetch, sent.name), sound_in) or ""
        if talk.upload and not is_held:
            talk.say("The officer can listen to it.")
    elif not talk.text:
        talk.say("Your voice isn't kept, since nobody is known here by this contact: please write, or sign in first.")
        linking.link(talk)
    return bool(talk.text or talk.upload)


def _kept(talk: Talk, enquiry: Enquiry) -> None:
    """The turn itself keeps the words; the desk is told that there are some, and an officer has their time again."""
    now, values = talk.platform.now(), dict[str, Any]()
    what: queue.What = "heard"
    if danger_in(talk.text) is not None and not enquiry.urgent:
        values, what = {"urgent": True}, "urgent"
    if enquiry.owed_since is None:
        values |= {"owed_since": now, "lease_until": now + talk.platform[SETTINGS].lease}
    if values:
        # Whether or not it is claimed meanwhile: the conversation's version guards this turn.
        talk.beside.append(Update(Enquiry, {"id": enquiry.id}, values, rows=None))
    talk.beside.append(queue.event(enquiry, what, now))


async def leave(talk: Talk) -> None:
    """Whoever leaves the queue, or the account, waits for nobody any more."""
    enquiry = await queue.enquiry_of(talk.row.id, "waiting", "held")
    if enquiry is not None:
        now = talk.platform.now()
        talk.beside += queue.step(enquiry, {"state": "left", "closed_at": now, "lease_until": None})
        talk.beside.append(queue.event(enquiry, "left", now))


async def _word(talk: Talk) -> bool:
    """The question of somebody who came while the desk was closed: the item is begun with it."""
    enquiry = await queue.enquiry_of(talk.row.id, "word")
    desk = desk_of(talk.platform[SETTINGS].desks, enquiry.desk) if enquiry else None
    item = talk.platform.registry.items.get(desk.item) if desk else None
    if desk is None or item is None:
        return False
    if not isinstance(talk.content, Text | Voice) or not plain(talk.text):
        talk.say("Write your question now: it is handed in, and its answer has a deadline.")
        return True
    talk.memory.push(Dialogue(item.code, talk.spoken(item.title), answers={"answers": {}}))
    now, pointer = await filling_of(talk), f"/answers/{desk.field}"
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
    enquiry = await queue.enquiry_of(talk.row.id, "closed")
    if enquiry is not None and enquiry.rating is None:
        talk.beside.append(Update(Enquiry, {"id": enquiry.id, "rating": None}, {"rating": stars}, rows=None))
        talk.beside.append(queue.event(enquiry, "rated", talk.platform.now(), text=str(stars)))
    talk.say("Thank you.")
    talk.go("", "menu")
    return True
