"""A contact at a desk: what the desk says to it and reads of it, and how its conversation goes on meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.models import Model

from banshi import Conflict, Platform, Principal, Texts, Update, text_in
from conversations.contents import Reply
from conversations.engine.bind import offering
from conversations.engine.bind.waiting import WITH_OFFICER
from conversations.engine.turn.memory import Memory
from conversations.engine.turn.states import after
from conversations.identity.links import person_of
from conversations.outbound import windows
from conversations.outbound.answers import KIND, PART, WITHDRAWN, became, why_of
from conversations.outbound.saying import Speaker, promise
from conversations.outbound.sender import outlet_of, title_of
from conversations.sentences import say, word
from conversations.tables.models import ChannelConversation, ContactLink, Said, Turn
from desk import Attached, Known, Offered, Reachable, Word


@dataclass(frozen=True, slots=True)
class Contacts:
    """The party of all of them."""

    platform: Platform
    kind: str = KIND

    async def who(self, subject: UUID) -> Principal | None:
        link = await ContactLink.filter(conversation_id=subject, ended_at=None).prefetch_related("conversation").first()
        return person_of(link, link.conversation.account) if link else None

    async def say(
        self, subject: UUID, text: Texts, officer: str = "", file: Attached | None = None
    ) -> Sequence[Model | Update]:
        row = await ChannelConversation.get_or_none(id=subject)
        if row is None:
            return ()
        said, told = await self._saying(row, Reply(text=text_in(text, row.language), file=file), officer)
        return [said, *told]

    async def _saying(
        self, row: ChannelConversation, reply: Reply, officer: str
    ) -> tuple[Said, Sequence[Model | Update]]:
        """That, for whoever is known there now; and what the desk is told of it. Raises Conflict for too many parts."""
        if officer:
            await windows.refuse_too_long(self.platform, row, reply.text)
        link = await ContactLink.filter(conversation_id=row.id, ended_at=None).first()
        by: Speaker = "officer" if officer else "engine"
        said = promise(self.platform, row, reply, by=by, officer=officer, person=link.person if link else "")
        return said, await became(self.platform, said, {"state": said.state})

    async def offer(self, subject: UUID, offered: Offered, officer: str) -> Sequence[Model | Update]:
        row = await ChannelConversation.get_or_none(id=subject)
        if row is None:
            return ()
        if row.state != "held":
            raise Conflict(say("They are filling in a form: offer this once they have done that, or left it."))
        if row.memory.get("is_group"):
            raise Conflict(say("Others read along there: nothing is offered in a group."))
        said, told = await self._saying(row, await offering.question(self.platform, offered, row.language), officer)
        memory = Memory.of(row.memory)
        memory.offer = offering.remembered(offered, said)
        own, changed = {"id": row.id, "version": row.version}, {"memory": memory.stored(), "version": row.version + 1}
        return [said, Update(ChannelConversation, own, changed), *told]

    async def withdraw(self, subject: UUID, word: UUID) -> Sequence[Model | Update]:
        # What is too long for one message goes in several.
        parts = Said.filter(Q(id=word) | Q(key__startswith=f"{word}{PART}"), conversation_id=subject, by="officer")
        said = await parts.exclude(state="refused").order_by("id")
        if any(one.is_sending or one.state not in ("waiting", "shut") for one in said):
            return ()
        ended = {"state": "refused", "code": WITHDRAWN, "settled_at": self.platform.now()}
        # Whoever takes one to send it, or makes parts of it, changes these.
        written: list[Model | Update] = []
        for one in said:
            same = {name: getattr(one, name) for name in ("id", "state", "is_sending", "attempts", "lease_until")}
            written += [Update(Said, same, ended), *await became(self.platform, one, ended)]
        return written

    async def takes(self, subject: UUID) -> Mapping[str, int]:
        row = await ChannelConversation.get_or_none(id=subject)
        reach = (await windows.reachable(self.platform, [subject])).get(subject, Reachable(sends=0))
        return outlet_of(self.platform, row.account).files if row and reach.sends != 0 else {}

    async def reachable(self, subjects: Sequence[UUID]) -> Mapping[UUID, Reachable]:
        return await windows.reachable(self.platform, subjects)

    async def known(self, subjects: Sequence[UUID]) -> Mapping[UUID, Known]:
        links = await ContactLink.filter(conversation_id__in=subjects, ended_at=None)
        names = {one.conversation_id: one.known.get("name", "") for one in links}
        found = dict[UUID, Known]()
        for row in await ChannelConversation.filter(id__in=subjects).only("id", "account", "memory"):
            title = title_of(self.platform, row.account)
            if row.memory.get("is_group"):
                title = word("{title}, a group: others read along", title=title)
            found[row.id] = Known(title, names.get(row.id, ""))
        return found

    async def moved(self, subject: UUID, state: str, happened: str) -> Sequence[Update]:
        row = await ChannelConversation.get_or_none(id=subject)
        at = row.state if row and row.memory.get("is_beside") else state
        moved = {"state": after(state, happened), "version": F("version") + 1}  # type: ignore[arg-type]  # a text
        if row is None or (at not in WITH_OFFICER and moved["state"] in WITH_OFFICER):
            # Whoever fills in an officer's form goes on with it; once the enquiry is over, the form waits.
            return ()
        return [Update(ChannelConversation, {"id": subject, "state": at}, moved)]

    async def words(
        self, subject: UUID, since: datetime, most: int, *, until: datetime | None = None, before: UUID | None = None
    ) -> Sequence[Word]:
        asked = Q(conversation_id=subject, at__gte=since) & (Q(at__lte=until) if until else Q())
        if before is not None:
            own: dict[str, Any] = {"id": before, "conversation_id": subject}
            last = await Turn.get_or_none(**own) or await Said.get_or_none(**own)
            if last is None:
                return ()
            asked &= Q(at__lt=last.at) | Q(at=last.at, id__lt=before)
        turns = await Turn.filter(asked).order_by("-at", "-id").limit(most)
        said = await Said.filter(asked, by__in=("officer", "engine")).order_by("-at", "-id").limit(most)
        words = sorted([*map(_heard, turns), *map(_said, said)], key=lambda one: (one.at, one.id))
        return words[-most:]

    async def messages(self, ids: Sequence[UUID]) -> Sequence[Word]:
        turns, said = await Turn.filter(id__in=ids), await Said.filter(id__in=ids)
        return [*map(_heard, turns), *map(_said, said)]


def _heard(row: Turn) -> Word:
    return Word(id=row.id, at=row.at, by="citizen", content=row.heard)


def _said(row: Said) -> Word:
    by: Literal["officer", "platform"] = "officer" if row.by == "officer" else "platform"
    why = why_of(row.code, row.why) if row.state in ("refused", "failed") else {}
    file = row.words.get("file")
    content = {"text": row.words["text"], **({"file": file["name"], "id": file["id"]} if file else {})}
    return Word(id=row.id, at=row.at, by=by, content=content, state=row.state, why=why)
