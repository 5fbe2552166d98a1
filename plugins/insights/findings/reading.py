"""Who reads which finding, every step that a person can take, and what the public has read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from tortoise.queryset import QuerySet

from banshi import Call, NotFound, Platform, Principal, Role
from banshi.sdk.http import READER
from insights.figures.calendar import WEEK
from insights.figures.categories import ANALYST
from insights.findings.models import Finding
from insights.sentences import say

#: The role that publishes for a department: mobile_push's.
PUBLISHER = "publisher"

#: Who reads a finding: whoever is asked to approve its warning has to see the figure.
READERS = (ANALYST, PUBLISHER)


class Step(NamedTuple):
    """One row of the state table."""

    state: str
    action: str
    to: str
    #: Who may take it.
    role: str


# fmt: off
TABLE: tuple[Step, ...] = (
    # Nobody has decided about it. A draft goes out once a second person has approved it, and no sooner.
    Step(state="open", action="draft", to="drafted", role=PUBLISHER),
    Step(state="open", action="dismiss", to="dismissed", role=ANALYST),
    # A warning is being written, or was sent. Taking it back gives the draft up; what is public is recalled first.
    Step(state="drafted", action="reopen", to="open", role=PUBLISHER),
    # Not told for a while: taking that back ends its rule.
    Step(state="dismissed", action="reopen", to="open", role=ANALYST),
    # An earlier dismissal's rule covers it; somebody looks at it all the same.
    Step(state="silenced", action="reopen", to="open", role=ANALYST),
)
# fmt: on

#: As which a finding is stored: one whose figure was corrected, so that it isn't told any more, is withdrawn.
STORED = ("open", "drafted", "dismissed", "silenced", "withdrawn")
#: What became of a draft, by the state of its warning.
OF_WARNING = {
    **dict.fromkeys(("proposed", "scheduled"), "proposed"),
    **dict.fromkeys(("published", "superseded"), "sent"),
    **dict.fromkeys(("recalled", "cancelled"), "taken-back"),
}
STATES = tuple(dict.fromkeys((*STORED, *OF_WARNING.values())))
ACTIONS = tuple(dict.fromkeys(step.action for step in TABLE))
LEVELS = ("hint", "warn", "urgent")


#: Where mobile_push has a warning's record, by kind.
RECORDS = {"notice": "/v1/notices/{}", "alert": "/v1/alerts/{}/record"}

#: States of a warning that went out, whatever became of it then.
WENT_OUT = frozenset({"published", "recalled", "superseded"})


def departments_of(call: Call) -> list[str]:
    """The departments whose findings the caller reads: those for which they judge or publish, in all units."""
    may, every = call.principal.may, call.platform.registry.departments
    return [one for one in every if any(may(role, one, "") for role in READERS)]


async def found(call: Call) -> Finding:
    """The finding that the path names. Raises NotFound, also for another department's."""
    one = await Finding.get_or_none(id=call.path["id"], department__in=departments_of(call))
    if one is None:
        raise NotFound(say("There is no such finding of a department of yours."))
    return one


def in_week(monday: date) -> QuerySet[Finding]:
    """The findings of a week and of its days."""
    return Finding.filter(at__gte=monday, at__lt=monday + WEEK)


async def of_week(call: Call, monday: date) -> Sequence[Finding]:
    """The findings of a week and of its days that the caller reads, without what was withdrawn."""
    rows = in_week(monday).filter(department__in=departments_of(call)).exclude(state="withdrawn")
    return await rows.order_by("department", "-grain", "at", "id")


async def warning_of(platform: Platform, finding: Finding, language: str = "en") -> dict[str, Any] | None:
    """The record of the warning that was drafted, as mobile_push has it; None where there is none any more."""
    own = Principal("insights", roles=(Role(PUBLISHER, finding.department),))
    try:
        address = RECORDS[finding.draft_kind].format(finding.draft_id)
        record: dict[str, Any] = await platform[READER].get(address, own, language)
    except (KeyError, NotFound):
        return None
    return record


async def warned_in(platform: Platform, monday: date) -> list[Finding]:
    """Those of a week and of its days of which the public was told."""
    drafted = await in_week(monday).filter(draft_id__isnull=False)
    records = [(one, await warning_of(platform, one)) for one in drafted]
    return [one for one, record in records if record and record["state"] in WENT_OUT]


def state_of(finding: Finding, record: Mapping[str, Any] | None) -> str:
    """What it is for whoever looks: of a draft what became of it, by its warning's record."""
    drafted = finding.state == "drafted" and record is not None
    return OF_WARNING.get(record["state"], finding.state) if drafted and record else finding.state
