"""What is held of a person here: shown to them, forgotten when they ask, gone when its time is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q, Subquery
from tortoise.models import Model
from tortoise.queryset import QuerySet

from banshi import Key, Platform, Stale, Update, text_in
from banshi.sdk.database import pages
from banshi.sdk.http import MAX_MONTHS
from banshi.sdk.operations import delete_in_steps, hourly
from banshi.sdk.personal_data import DataSubject, Holdings, PersonalTable, Retained, by_case, by_person
from conversations.contents import Reply
from conversations.engine.turn.memory import Memory
from conversations.engine.turn.states import FIRST
from conversations.figures.counting import begun_in, moved, write
from conversations.identity.links import OVER, ending, why_over
from conversations.outbound.answers import KIND
from conversations.outbound.saying import promise, settle
from conversations.sentences import say
from conversations.settings import SETTINGS
from conversations.tables.models import (
    ChannelConversation,
    Confirmation,
    ContactLink,
    Figure,
    Home,
    LinkOffer,
    Said,
    Turn,
    Window,
    Word,
)
from desk import DESK

#: Rows that one statement is about.
ROWS_AT_ONCE = 500

#: How long a window that is over is kept, and what a provider says of a message of which no row knows the id.
WINDOW_KEPT = WORD_KEPT = timedelta(days=1)

TIDYING: Key[None] = Key("conversations' tidying")


#: What is said while a contact is bound to somebody, with the columns that name somebody else.
SPOKEN: dict[type[Model], tuple[str, ...]] = {Turn: (), Said: ("officer",)}


def _while_bound(model: type[Model], link: ContactLink) -> QuerySet[Any]:
    """What was said while a contact was bound to somebody. What was said before may be another's."""
    said = model.filter(conversation_id=link.conversation_id, at__gte=link.linked_at)
    return said.filter(at__lte=link.ended_at) if link.ended_at else said


async def _spoken(model: type[Model], platform: Platform, whom: DataSubject) -> Sequence[Any]:
    found: dict[Any, None] = {}
    for link in await ContactLink.filter(person=whom.subject).order_by("id"):
        found |= dict.fromkeys(await _while_bound(model, link).order_by("id").values_list("id", flat=True))
    if model is Said:
        # A text goes to a number, whoever has it: what it told of a case of theirs.
        found |= dict.fromkeys(await by_case(Said, "about")(platform, whom))
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
            for model in SPOKEN:
                await _while_bound(model, link).delete()
            await ContactLink.filter(id=link.id).delete()
            if link.ended_at is None:
                await _empty(platform, await ChannelConversation.filter(id=link.conversation_id))
        else:
            # With all that is of it. Whoever is in the middle of a turn begins anew.
            await ChannelConversation.filter(id=link.conversation_id).delete()
            await platform[DESK].gone(KIND, [link.conversation_id])
    for own in (LinkOffer, Said, Confirmation, Home):
        await own.filter(person=whom.subject).delete()
    return ()


HOLDING = Holdings(
    [
        PersonalTable(ContactLink, by_person(ContactLink, "person")),
        PersonalTable(ChannelConversation, _conversations),
        PersonalTable(Home, by_person(Home, "person")),
        *(PersonalTable(model, partial(_spoken, model), hidden=hidden) for model, hidden in SPOKEN.items()),
        PersonalTable(Confirmation, by_person(Confirmation, "person"), hidden=("digest",)),
        PersonalTable(LinkOffer, by_person(LinkOffer, "person"), hidden=("token", "digits")),
    ],
    forget,
)


async def tidy(platform: Platform) -> None:
    """One round of what is over: offers, memories, messages, links that ended, contacts of whom nothing is left."""
    settings, now = platform[SETTINGS], platform.now()
    old = now - timedelta(days=settings.turn_days)
    await delete_in_steps(LinkOffer.filter(ends_at__lt=now))
    await delete_in_steps(Confirmation.filter(ends_at__lt=old))
    await _end_over(platform)
    silent = ChannelConversation.filter(heard_at__lt=now - timedelta(days=settings.memory_days))
    async for rows in pages(silent.exclude(state=FIRST), "id", size=ROWS_AT_ONCE):
        await _empty(platform, rows)
    for model in SPOKEN:
        await delete_in_steps(model.filter(at__lt=old))
    # Whoever recorded an id may have died before it looked for these.
    async for words in pages(Word.all(), "id", size=ROWS_AT_ONCE):
        for word in words:
            await settle(platform, word.account, word.provider_id)
    await delete_in_steps(Word.filter(at__lt=now - WORD_KEPT))
    await delete_in_steps(Window.filter(until__lt=now - WINDOW_KEPT))
    await delete_in_steps(ContactLink.filter(ended_at__lt=old))
    await delete_in_steps(Figure.filter(day__lt=platform.today() - timedelta(days=31 * (MAX_MONTHS + 1))))
    linked = Subquery(ContactLink.filter(ended_at=None).values("conversation_id"))
    await delete_in_steps(Home.exclude(conversation_id__in=linked))
    await delete_in_steps(ChannelConversation.filter(heard_at__lt=old).exclude(id__in=linked))


#: Tidies up at start and every hour, in the process that leads.
open_tidying = partial(hourly, "conversations-tidying", tidy, "old conversations can't be tidied up")


async def _end_over(platform: Platform) -> None:
    """End links whose time is over; their citizens are told, and their chats with what is said there next."""
    settings, now = platform[SETTINGS], platform.now()
    silent = Q(conversation__heard_at__lt=now - settings.idle_life)
    over = ContactLink.filter(silent | Q(linked_at__lt=now - settings.link_life), ended_at=None)
    async for rows in pages(over.prefetch_related("conversation"), "id", size=ROWS_AT_ONCE):
        for link in rows:
            row: ChannelConversation = link.conversation
            if why := why_over(platform, link, row.heard_at):
                words = Reply(text=text_in(say(OVER, why=why), row.language))
                said = promise(platform, row, words, by="engine", until=now + timedelta(days=settings.turn_days))
                with suppress(Stale, IntegrityError):
                    await write(platform, row.id, [*ending(platform, row.account, link, why), said], is_bound=True)


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
            await write(platform, row.id, [guard, *left], is_bound=bool(Memory.of(row.memory).person))
