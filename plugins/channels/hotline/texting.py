"""Codes as text messages, for whoever agreed to that: through the conversations, which know what account there is."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tortoise.models import Model

from banshi import Platform, Texts, text_in
from conversations import CONVERSATIONS, BoundContact, Reply, promise
from hotline.sentences import say
from hotline.settings import SETTINGS
from hotline.tables.models import PREFIX, HotlineCallBack, HotlineCaller, HotlineFiling

SLIP_TOLD = "Your code is {slip}. With it and this number you can ask how it stands."
BINDING_TOLD = "{code} binds what was filed for this number to an account. Tell it to nobody, to no operator either."
BOUND_TOLD = say("What was filed for this number is bound to an account now. If it isn't yours, call us.")
CALL_TOLD = "We shall call you between {begins} and {until}."


async def text(
    platform: Platform, caller: UUID | None, words: Texts, about: UUID, what: str = "slip"
) -> Sequence[Model]:
    """A text to a caller about a filing or a call-back, promised once by a row of a write; none where there is no
    account. No personal word is in it.
    """
    account = platform[SETTINGS].text_account
    known = await HotlineCaller.get_or_none(id=caller) if account and caller else None
    if known is None:
        return ()
    to = await platform[CONVERSATIONS].reached(account, known.number)
    contact = BoundContact(to, account, known.number, "", to)
    reply = Reply(text=text_in(words, "zh-CN"))
    return [promise(platform, contact, reply, by="engine", key=f"hotline-{what}-{about}", about=str(about))]


async def text_call_back(platform: Platform, row: HotlineCallBack) -> Sequence[Model]:
    """A text with the time of a call-back, by the city's clock."""
    begins, until = [f"{at.astimezone(platform.settings.timezone):%m-%d %H:%M}" for at in (row.begins, row.until)]
    return await text(platform, row.caller_id, say(CALL_TOLD, begins=begins, until=until), row.id, "call")


async def number_to_text(_: Platform, person: str, case: UUID) -> str:
    """The number of a caller's subject for a case, where they agreed to be texted; "" otherwise."""
    filing = await HotlineFiling.filter(case_id=case, person=person, texts=True, state="filed").first()
    caller = await HotlineCaller.get_or_none(id=filing.caller_id) if filing and person.startswith(PREFIX) else None
    return caller.number if caller else ""
