"""What an officer offers: a case of what was said, or a form. It begins by a yes alone, while they hold the enquiry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from banshi import NotFound, Platform, text_in
from conversations.contents import Button, Reply
from conversations.engine.ask import confirming
from conversations.engine.ask.filling import filling_of
from conversations.engine.bind import linking
from conversations.engine.turn.memory import Dialogue
from conversations.engine.turn.talk import Talk
from conversations.sentences import say
from conversations.tables.models import Said
from desk import DESK, Enquiry, Offered
from questions.answering import body_of
from questions.pages.going_on import READER
from questions.shown import answers_in
from questions.spelling import plain

#: What says yes, and no. "好的" is none: people say it to an officer.
YES, NO = {"1", "是", "是的", "yes", "同意"}, {"2", "否", "不", "no", "不同意"}

#: Letters of their own words that the question repeats.
MAX_SHOWN_CHARS = 200

CHOICES = ("Yes, please", "No, thanks")
FILE = "{desk}: shall this be handed in as “{title}”, in your name?"
FILL = "{desk}: would you like to fill in “{title}” here? The officer reads along."


async def question(platform: Platform, offered: Offered, language: str) -> Reply:
    """What they are asked, in their language, with what is filled in."""
    names = {"desk": offered.desk[language], "title": text_in(offered.title, language)}
    asked = say(FILE, **names) if offered.answers else say(FILL, **names)
    body = body_of(await platform[READER].get(f"/v1/items/{offered.item}", None, language))
    known = answers_in(body, "", {"answers": offered.answers})
    filled = [f"{title}: {words[:MAX_SHOWN_CHARS]}" for _, title, words in known]
    yes, no = (text_in(say(one), language) for one in CHOICES)
    text = "\n".join([text_in(asked, language), *filled, f"1 {yes}", f"2 {no}"])
    return Reply(text=text, buttons=(Button(yes, "1"), Button(no, "2")))


def remembered(offered: Offered, said: Said) -> dict[str, Any]:
    """That it was asked, as a memory keeps it."""
    told = {"enquiry": str(offered.enquiry), "said": str(said.id), "until": offered.until.isoformat()}
    return {**told, "item": offered.item, "answers": dict(offered.answers)}


async def answered(talk: Talk, enquiry: Enquiry) -> bool:
    """Whether a message answers what was offered: by a yes it begins, or is handed in where nothing more is asked."""
    offer, told = talk.memory.offer, plain(talk.text)
    if not offer or told not in YES | NO or not await _is_asked(talk.platform, offer, enquiry):
        return False
    talk.memory.offer = {}
    if told in NO:
        talk.beside.append(talk.platform[DESK].agreed(enquiry, False))
        talk.say("Nothing is handed in.")
        return True
    await _begin(talk, offer, enquiry)
    return True


async def _is_asked(platform: Platform, offer: dict[str, Any], enquiry: Enquiry) -> bool:
    """Whether they have read the question, in this enquiry, and not long ago."""
    if offer["enquiry"] != str(enquiry.id) or datetime.fromisoformat(offer["until"]) < platform.now():
        return False
    return await Said.filter(id=offer["said"], state__in=("accepted", "delivered", "late", "unknown")).exists()


async def _begin(talk: Talk, offer: dict[str, Any], enquiry: Enquiry) -> None:
    item = talk.platform.registry.items.get(offer["item"])
    title = talk.spoken(item.title) if item else ""
    talk.memory.push(Dialogue(offer["item"], title, answers={"answers": offer["answers"]}, enquiry=str(enquiry.id)))
    if linking.is_needed(talk):
        talk.memory.dialogues.pop()
        # Once they have signed in they say it once more.
        talk.memory.offer = offer
        return linking.ask(talk)
    try:
        now = await filling_of(talk)
    except NotFound:
        talk.memory.dialogues.pop()
        return talk.say("This is not offered any more. What you had filled in is gone with it.")
    talk.beside.append(talk.platform[DESK].agreed(enquiry, True))
    talk.memory.is_beside = True
    talk.go("begun", "ask")
    now.fill_in()
    if (now.question is None or now.question.sort == "optional") and offer["answers"]:
        talk.then = ""
        await confirming.submit(now)
    return None
