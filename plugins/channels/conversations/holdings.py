"""What is held of a person here: shown to them, forgotten when they ask, gone when its time is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from tortoise.expressions import Subquery
from tortoise.models import Model
from tortoise.queryset import QuerySet

from banshi import Key, Platform, Stale, Update
from banshi.sdk.database import pages
from banshi.sdk.http import MAX_MONTHS
from banshi.sdk.operations import delete_in_steps, hourly
from banshi.sdk.personal_data import DataSubject, Holdings, PersonalTable, Retained, by_person
from conversations.engine.turn.memory import Memory
from conversations.engine.turn.states import FIRST
from conversations.figures.counting import begun_in, moved
from conversations.figures.events import write
from conversations.settings import SETTINGS
from conversations.tables.models import (
    ChannelConversation,
    ContactLink,
    DeskEvent,
    Enquiry,
    Figure,
    LinkOffer,
    Said,
    Turn,
    Window,
)

#: Rows that one statement is about.
ROWS_AT_ONCE = 500

#: How long a window that is over is kept.
WINDOW_KEPT = timedelta(days=1)

TIDYING: Key[None] = Key("conversations' tidying")


#: Officers, who are somebody else.
OFFICER = ("officer", "officer_name")
#: What is said or done while a contact is bound to somebody, by the columns that say when and with whom; and the hidden
#: ones.
SPOKEN: dict[type[Model], tuple[str, str, tuple[str, ...]]] = {
    Turn: ("at", "conversation_id", ()),
    Said: ("at", "conversation_id", ("officer",)),
    Enquiry: ("asked_at", "conversation_id", OFFICER),
    DeskEvent: ("enquiry__asked_at", "enquiry__conversation_id", OFFICER),
}
#: The same without what goes with another: an enquiry's events.
WITH_THEM = (Turn, Said, Enquiry)


def _while_bound(model: type[Model], link: ContactLink) -> QuerySet[Any]:
    """What was said while a contact was bound to somebody. What was said before may be another's."""
    at, of, _ = SPOKEN[model]
    said = model.filter(**{of: link.conversation_id, f"{at}__gte": link.linked_at})
    return said.filter(**{f"{at}__lte": link.ended_at}) if link.ended_at else said


async def _spoken(model: type[Model], _: Platform, whom: DataSubject) -> Sequence[Any]:
    found: dict[Any, None] = {}
    for link in await ContactLink.filter(person=whom.subject).order_by("id"):
        found |= dict.fromkeys(await _while_bound(model, link).order_by("id").values_list("id", flat=True))
    return list(found)


async def _conversations(_: Platform, whom: DataSubject) -> Sequence[Any]:
    """Those that are theirs now: what is in the memory of another is somebody else's."""
    links = ContactLink.filter(person=whom.subject, ended_at=None).order_by("conversation_id")
    return list(await links.values_list("conversation_id", flat=True))


async def forget(platform: Platform, whom: DataSubject) -> Iterable[Retained]:
    """Delete their links and what was said under them; all of a conversation by which nobody else was ever known."""
    for link in await ContactLink.filter(person=whom.subject):
        others = ContactLink.filter(conversation_id=link.conversation_id).exclude(person=whom.subject)
        if await others.exists():
            for model in WITH_THEM:
                await _while_bound(model, link).delete()
            await ContactLink.filter(id=link.id).delete()
            if link.ended_at is None:
                await _empty(platform, await ChannelConversation.filter(id=link.conversation_id))
        else:
            # With all that is of it. Whoever is in the middle of a turn begins anew.
            await ChannelConversation.filter(id=link.conversation_id).delete()
    for own in (LinkOffer, Said):
        await own.filter(person=whom.subject).delete()
    return ()


HOLDING = Holdings(
    [
        PersonalTable(ContactLink, by_person(ContactLink, "person")),
        PersonalTable(ChannelConversation, _conversations),
        *(PersonalTable(model, partial(_spoken, model), hidden=hidden) for model, (_, _, hidden) in SPOKEN.items()),
        PersonalTable(LinkOffer, by_person(LinkOffer, "person"), hidden=("token", "digits")),
    ],
    forget,
)


async def tidy(platform: Platform) -> None:
    """One round of what is over: offers, memories, messages, links that ended, contacts of whom nothing is left."""
    settings, now = platform[SETTINGS], platform.now()
    old = now - timedelta(days=settings.turn_days)
    await delete_in_steps(LinkOffer.filter(ends_at__lt=now))
    silent = ChannelConversation.filter(heard_at__lt=now - timedelta(days=settings.memory_days))
    async for rows in pages(silent.exclude(state=FIRST), "id", size=ROWS_AT_ONCE):
        await _empty(platform, rows)
    for model in WITH_THEM:
        await delete_in_steps(model.filter(**{f"{SPOKEN[model][0]}__lt": old}))
    await delete_in_steps(Window.filter(until__lt=now - WINDOW_KEPT))
    await delete_in_steps(ContactLink.filter(ended_at__lt=old))
    await delete_in_steps(Figure.filter(day__lt=platform.today() - timedelta(days=31 * (MAX_MONTHS + 1))))
    linked = Subquery(ContactLink.filter(ended_at=None).values("conversation_id"))
    await delete_in_steps(ChannelConversation.filter(heard_at__lt=old).exclude(id__in=linked))


#: Tidies up at start and every hour, in the process that leads.
open_tidying = partial(hourly, "conversations-tidying", tidy, "old conversations can't be tidied up")


async def _empty(platform: Platform, rows: Sequence[ChannelConversation]) -> None:
    """What they were filling in goes; who they are stays. A message that comes meanwhile keeps it."""
    for row in rows:
        state = row.state if row.state == "gone" else FIRST
        if row.state == state and Memory.of(row.memory) == Memory():
            continue
        forgotten = {"memory": Memory().stored(), "state": state, "version": row.version + 1}
        guard = Update(ChannelConversation, {"id": row.id, "version": row.version}, forgotten)
        left = moved(platform, row.account, begun_in(row.memory), [])
        with suppress(Stale):
            await write(platform, row.id, [guard], left, is_bound=bool(Memory.of(row.memory).person))
