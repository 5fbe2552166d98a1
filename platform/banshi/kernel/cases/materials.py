"""What cases ask of whoever looks after materials, which may be taken over from earlier cases: an offer, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from banshi.foundation.database.writes import Update, Write
from banshi.foundation.errors import FieldProblem, InvalidFields
from banshi.foundation.keys import Key
from banshi.kernel.contract.values import Department, Item, MaterialsEffect, Texts
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform
from banshi.kernel.sentences import say, word
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.outbox import OutboxRow

#: What people read for where a material is from.
SOURCES: Mapping[str, Texts] = {
    "authority": word("Issued by an authority"),
    "applicant": word("Your own"),
    "platform": word("Looked up by the platform"),
}
NOTHING_KEPT = say("Nothing is taken over from earlier cases here; upload the files.")


@dataclass(frozen=True, slots=True)
class Reused:
    """What a submission takes over: its answers with the new files' ids, and everything that is written with it."""

    answers: Mapping[str, Any]
    rows: list[Attachment] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    #: What the earlier cases' audits say.
    entries: list[CaseEvent] = field(default_factory=list)
    #: What listeners are told of the earlier cases.
    promises: list[OutboxRow] = field(default_factory=list)
    #: What the new case's audit says.
    told: list[dict[str, Any]] = field(default_factory=list)
    #: The name on disk that there is, and the one that the new case's file gets.
    links: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)


class Materials:
    """Who looks after materials. Each of these is a part of the case's own transaction.

    What stands here is done in a city that does without: files are a case's own, and nobody looks at them again.
    """

    def member(self, item: Item, department: Department) -> Mapping[str, Any]:  # noqa: ARG002
        """What a submission of the item may have beside its answers for this."""
        return {}

    def labels(self, item: Item, answers: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:  # noqa: ARG002
        """What the files that the answers name are, by their ids: the document, and what it is about."""
        return {}

    async def taken(
        self,
        platform: Platform,
        item: Item,
        case: Case,
        answers: Mapping[str, Any],
        wishes: Sequence[Mapping[str, str]],
        language: str,
    ) -> Reused:
        """What the wishes take over. Raises InvalidFields with everything that is wrong with them."""
        del platform, item, case, language
        if wishes:
            raise InvalidFields([FieldProblem("/reuse", NOTHING_KEPT, "reuse")])
        return Reused(answers)

    async def judged(self, effect: MaterialsEffect, case: Case, at: datetime, *, by_staff: bool) -> list[Update]:
        """The updates of the case's files that go with a step."""
        del effect, case, at, by_staff
        return []

    async def replaced(self, case: Case, kept: Iterable[Attachment]) -> list[Update]:  # noqa: ARG002
        """The updates of the files that a correction left out."""
        return []

    async def commit(self, platform: Platform, write: Write, reused: Reused) -> None:  # noqa: ARG002
        """Write a submission with what it takes over."""
        await platform.store.commit(write)


MATERIALS: Key[Materials] = Key("materials")

#: In a city that does without.
NONE = Materials()


def materials_of(registry: Registry) -> Materials:
    """Who looks after materials in this city."""
    offered = registry.offered(MATERIALS)
    return offered[0][1] if offered else NONE
