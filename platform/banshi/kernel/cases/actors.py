"""Who stands before a case: whether they may see it, which is recorded, and which steps it takes from them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from banshi.foundation.database.bulk import Asked, read
from banshi.foundation.errors import Hidden, NotFound
from banshi.kernel.cases.submission import item_of
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Step, Who
from banshi.kernel.runtime.running import Platform
from banshi.kernel.sentences import say
from banshi.kernel.tables.cases import KEPT, Case, CaseEvent


@dataclass(frozen=True, slots=True)
class Actor:
    """Who moves a case: a person, whoever has the key to that one case, or the platform itself (both are None)."""

    principal: Principal | None = None
    #: The case to which somebody has the key who doesn't say who they are.
    unnamed: UUID | None = None

    def who(self, case: Case) -> Who | None:
        """In which role this actor stands towards the case; None: in none."""
        if self.unnamed is not None:
            return Who.CITIZEN if case.id == self.unnamed else None
        if self.principal is None:
            return Who.SYSTEM
        if self.principal.is_staff:
            return Who.STAFF if self.principal.reads(case) else None
        return Who.CITIZEN if case.person == self.principal.subject else None

    def side(self, case: Case) -> Who:
        """On whose side the case's timeline has what this actor does."""
        return Who.STAFF if self.principal and self.principal.agent else self.who(case) or Who.SYSTEM

    @property
    def subject(self) -> str:
        return self.principal.agent or self.principal.subject if self.principal else ""


SYSTEM = Actor()


async def find(case_id: Any, actor: Actor) -> Case:
    """The case, if the actor may see it; otherwise NotFound, as if it did not exist.

    Where that is a member of staff, it is on record that they have read it. Raises Unavailable where it can't be.
    """
    case = await visible(case_id, actor)
    await record_reading(actor, [case])
    return case


async def record_reading(actor: Actor, shown: Sequence[Case]) -> None:
    """Record that a member of staff reads these cases, before they are answered; of anybody else nothing is.

    Whoever shows something of a case that `find` has not found calls this. Raises Unavailable.
    """
    if shown and (who := actor.principal) and who.is_staff and who.access is not None:
        await who.access.record(who, shown)


async def visible(case_id: Any, actor: Actor) -> Case:
    """The same without a record: for whoever moves the case and shows nothing of it."""
    return seen(next(await read(Asked(Case, {"id": case_id}))), actor)


def seen(found: Sequence[Case], actor: Actor) -> Case:
    """The case that was found, if the actor may see it. Raises NotFound."""
    if not found or actor.who(found[0]) is None:
        raise (Hidden if found else NotFound)(say("There is no such case that you may see."))
    return found[0]


async def permitted(platform: Platform, case: Case, actor: Actor) -> list[Step]:
    """The steps that the actor may take now, in the state table's order, each as this case takes it."""
    return await in_case(platform, case, await in_table(platform, case, actor))


async def in_table(platform: Platform, case: Case, actor: Actor) -> list[Step]:
    """The steps that the state table has for the actor now, as it has them for every case."""
    open_steps, who = by_role(platform, case, actor), actor.principal
    if open_steps and who and (who.is_staff or any(map(attrgetter("other_than"), open_steps))):
        own, first = {"case_id": case.id, "actor_id": actor.subject}, {"case_id": case.id, "version": 1}
        mine, began = await read(Asked(CaseEvent, own, only=("action",)), Asked(CaseEvent, first))
        taken = {one.action for one in mine}
        is_theirs = who.is_staff and any(is_filing(one, actor.subject) for one in began)
        open_steps = [step for step in open_steps if not is_theirs and step.other_than not in taken]
    return open_steps


def is_filing(event: CaseEvent, subject: str) -> bool:
    """Whether a case's first entry says that this one of the staff filed it for somebody else, or had a hand in that:
    whoever did takes no step of staff in it. A counter's booking says no such thing.
    """
    told = event.details or {}
    return not told.get("counter") and subject in (event.actor_id, *told.get("hands", ()))


def by_role(platform: Platform, case: Case, actor: Actor) -> list[Step]:
    """The same, whoever took the steps before."""
    who = actor.who(case)
    if who is None or case.content != KEPT or platform.registry.items.of(case.item) is None:
        return []
    steps = [step for step in item_of(platform, case).steps if step.state == case.state and who in step.who]
    return [step for step in steps if _has_role(step, case, actor)]


async def in_case(platform: Platform, case: Case, steps: Sequence[Step]) -> list[Step]:
    """The steps as this case takes them, without those that would be refused whatever is sent."""
    kind = platform.registry.kinds[case.kind] if steps else None
    varied = kind and (kind.varied is None or not kind.varied.isdisjoint(map(attrgetter("action"), steps)))
    return list(await kind.in_case(platform, case, steps) if kind and kind.in_case and varied else steps)


def _has_role(step: Step, case: Case, actor: Actor) -> bool:
    one, place = actor.principal, (case.department, case.unit)
    # Nobody decides on business of their own.
    return not (one and one.is_staff) or (one.subject != case.person and one.may(step.role, *place, step.outside))
