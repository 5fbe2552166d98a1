"""What one contact may write at once, and a day: more is said to be too much, once, and is kept nowhere."""

from __future__ import annotations

import math

from banshi import Platform, text_in
from banshi.sdk.danger import danger_in
from banshi.sdk.limits import RATES
from conversations.contacts.offers import OFFERS
from conversations.contents import Left, Received, Reply, Text, Voice
from conversations.outbound.answers import KIND
from conversations.sentences import say
from conversations.tables.models import ChannelConversation
from desk import DESK

#: Messages a day for each thing that a person may create then (`platform.rates`): an item takes some ten.
MESSAGES_A_THING = 10

#: Seconds of a burst and of a day, and for which it isn't said again that a day's are used up.
BURST_S, DAY_S, SILENT_S = 60, 86_400, 3_600


async def too_much(platform: Platform, row: ChannelConversation, received: Received) -> Reply | None:
    """What is answered to one message too many, a mere nothing mostly; None for one that may be taken.

    Whoever is in danger is told what to do all the same.
    """
    rates, counted = platform.settings.rates, platform[RATES]
    # No contact is written into Redis.
    contact = "conversations." + platform[OFFERS].hashed("contact", f"{row.account}\0{row.contact}")
    at_desk = row.state in ("waiting", "held")
    burst = platform[DESK].messages_a_minute if at_desk else rates.burst
    silent, wait = BURST_S, await counted.wait(contact, burst, BURST_S)
    if not wait:
        silent, wait = SILENT_S, await counted.wait(contact, MESSAGES_A_THING * rates.day, DAY_S)
    if not wait or isinstance(received.content, Left):
        return None
    match received.content:
        case Text(text) | Voice(text) if danger := danger_in(text):
            return Reply(text="\n".join(danger.instructions(row.language)))
    if await counted.wait(f"{contact}.told", 1, silent):
        return Reply(text="")
    if at_desk:
        await platform[DESK].flood(KIND, row.id)
    much = say("That was too much at once. What you write in the next {m} min is not read.", m=math.ceil(wait / 60))
    return Reply(text=text_in(much, row.language))
