"""A made-up telephone exchange: its calls are a desk's party, and nobody there knows of chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Offer, Platform, Principal, Tables, Texts, Update, hookimpl
from desk import DESK, PARTIES, Known, Reachable, Word
from tests.channels.switchboard.models import Spoken

#: Who calls, by the call; and what happened to calls.
CALLERS: dict[UUID, Principal] = {}
HAPPENED: list[tuple[UUID, str, str]] = []


@dataclass(frozen=True, slots=True)
class Calls:
    platform: Platform
    kind: str = field(default="call", init=False)

    async def who(self, subject: UUID) -> Principal | None:
        return CALLERS.get(subject)

    async def say(self, subject: UUID, text: Texts, officer: str = "") -> Sequence[Model | Update]:
        row = Spoken(id=uuid7(), call=subject, text=text["en"], officer=officer, at=self.platform.now())
        desk = self.platform[DESK]
        return [row, *(await desk.became(self.kind, subject, row.id, row.at, "accepted") if officer else ())]

    async def takes(self, _: UUID) -> Mapping[str, int]:
        return {}

    async def withdraw(self, _: UUID, __: UUID) -> Sequence[Model | Update]:
        return ()

    async def reachable(self, subjects: Sequence[UUID]) -> Mapping[UUID, Reachable]:
        return dict.fromkeys(subjects, Reachable())

    async def known(self, subjects: Sequence[UUID]) -> Mapping[UUID, Known]:
        called = {"zh-CN": "电话", "en": "Telephone"}
        return {one: Known(called, CALLERS[one].name if one in CALLERS else "") for one in subjects}

    async def moved(self, subject: UUID, state: str, happened: str) -> Sequence[Update]:
        HAPPENED.append((subject, state, happened))
        return ()

    async def words(self, subject: UUID, since: datetime, most: int, **_: Any) -> Sequence[Word]:
        rows = await Spoken.filter(call=subject, at__gte=since).order_by("-id").limit(most)
        return await self.messages([row.id for row in rows])

    async def messages(self, ids: Sequence[UUID]) -> Sequence[Word]:
        rows = await Spoken.filter(id__in=ids).order_by("id")
        return [Word(id=row.id, at=row.at, by="officer", content={"text": row.text}) for row in rows]


@hookimpl
def banshi_needs() -> Sequence[str]:
    return ["desk"]


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="tests.channels.switchboard.models", migrations="tests.channels.switchboard.migrations")


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(PARTIES, Calls)]
