"""What an officer offers: a case of what was said, or a form. It begins by a yes alone, while they hold the enquiry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from banshi import NotFound, Platform, text_in
from banshi.sdk.http import READER
from conversations.contents import Button, Reply
from conversations.engine.ask import confirming
from conversations.engine.ask.filling import filling_of
from conversations.engine.ask.pages import sign_in_link
from conversations.engine.bind import linking
from conversations.engine.turn.memory import Dialogue
from conversations.engine.turn.talk import Talk
from conversations.outbound.answers import PART
from conversations.sentences import say
from conversations.tables.models import Said
from desk import DESK, Enquiry, Offered
from questions.answering import body_of
from questions.shown import answers_in
from questions.spelling import plain

#: What says yes, and no. "好的" is none: people say it to an officer.
YES, NO = {"1", "是", "是的", "yes", "同意"}, {"2", "否", "不", "no", "不同意"}

#: States of a question that they have read, and of an officer's words that they haven't.
READ, UNREAD = ("accepted", "delivered", "late", "unknown"), ("shut", "refused", "failed")

CHOICES = ("Yes, please", "No, thanks")
FILE = "{desk}: shall this be handed in as “{title}”, in your name?"
FILL = "{desk}: would you like to fill in “{title}” here? The officer reads along."


async def question(platform: Platform, offered: Offered, language: str) -> Reply:
    """What they are asked, in their language, with what is filled in."""
    names = {"desk": offered.desk[language], "title": text_in(offered.title, language)}
    asked = say(FILE, **names) if offered.answers else say(FILL, **names)
    body = body_of(await platform[READER].get(f"/v1/items/{offered.item}", None, language))
    known = answers_in(body, "", {"answers": offered.answers})
    filled = [f"{title}: {words}" for _, title, words in known]
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
    if not offer or told not in YES | NO or not await _is_asked(talk, offer, enquiry):
        return False
    talk.memory.offer = {}
    if told in NO:
        talk.beside.append(talk.platform[DESK].agreed(enquiry, False))
        talk.say("Nothing is handed in.")
        return True
    await _begin(talk, offer, enquiry)
    return True


async def _is_asked(talk: Talk, offer: dict[str, Any], enquiry: Enquiry) -> bool:
    """Whether it was they who have read all of the question, in this enquiry, not long ago, and nothing since."""
    whom, until = ("", talk.principal.subject if talk.principal else ""), datetime.fromisoformat(offer["until"])
    if offer["enquiry"] != str(enquiry.id) or until < talk.platform.now() or enquiry.person not in whom:
        return False
    offered = await talk.platform[DESK].offered(enquiry.id)
    words = await Said.filter(conversation_id=talk.row.id, by="officer", id__gte=offer["said"])
    own = [one for one in words if offer["said"] in (str(one.id), one.key.partition(PART)[0])]
    is_ours = offered is not None and offered.desk == enquiry.desk and bool(own)
    is_read = all(one.state in READ and one.person in whom for one in own)
    return is_ours and is_read and all(one in own or one.state in UNREAD for one in words)


async def _begin(talk: Talk, offer: dict[str, Any], enquiry: Enquiry) -> None:
    item = talk.platform.registry.items.get(offer["item"])
    title = talk.spoken(item.title) if item else ""
    talk.memory.push(Dialogue(offer["item"], title, answers={"answers": offer["answers"]}, enquiry=str(enquiry.id)))
    if linking.is_needed(talk):
        talk.memory.dialogues.pop()
        # Once they have signed in they say it once more. Ten digits they would send to the officer.
        talk.memory.offer = offer
        talk.say("For this we have to know who you are.")
        return sign_in_link(talk)
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
