"""Codes as text messages, for whoever agreed to that: through the conversations, which know what account there is."""

from __future__ import annotations

from uuid import UUID

from banshi import Platform, text_in
from conversations import CONVERSATIONS, Reply
from hotline.sentences import say
from hotline.settings import SETTINGS
from hotline.tables.models import PREFIX, HotlineCaller, HotlineFiling

CODE = "Your code is {slip}. With it and this number you can ask how it stands."


async def text_slip(platform: Platform, filing: HotlineFiling, slip: str) -> None:
    """Promise the code to the number; nothing where there is no account. No personal word is in it."""
    account = platform[SETTINGS].text_account
    caller = await HotlineCaller.get_or_none(id=filing.caller_id)
    if not account or caller is None:
        return
    said = platform[CONVERSATIONS]
    conversation = await said.reached(account, caller.number)
    words = text_in(say(CODE, slip=slip), "zh-CN")
    await said.say(conversation, Reply(text=words), by="engine", key=f"hotline-{filing.id}")


async def number_to_text(_: Platform, person: str, case: UUID) -> str:
    """The number of a caller's subject for a case, where they agreed to be texted; "" otherwise."""
    filing = await HotlineFiling.filter(case_id=case, person=person, texts=True, state="filed").first()
    caller = await HotlineCaller.get_or_none(id=filing.caller_id) if filing and person.startswith(PREFIX) else None
    return caller.number if caller else ""
