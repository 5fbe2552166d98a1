"""Who reads which finding, and which of them were made warnings that the public has read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from banshi import Call, Key, NotFound, Platform, Principal, Role
from banshi.sdk.http import ApiReader
from insights.findings.models import Finding
from insights.findings.steps import PUBLISHER, READERS
from insights.sentences import say

READER: Key[ApiReader] = Key("insights' reader of the API")

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


async def of_week(call: Call, monday: date) -> Sequence[Finding]:
    """The findings of a week that the caller reads; without the urgent ones of its days."""
    own = departments_of(call)
    return await Finding.filter(at=monday, grain="week", department__in=own).order_by("department", "id")


async def warning_of(platform: Platform, finding: Finding, language: str = "en") -> dict[str, Any] | None:
    """The record of the warning that was drafted, as mobile_push has it; None where there is none any more."""
    own = Principal("insights", roles=(Role(PUBLISHER, finding.department),))
    try:
        address = RECORDS[finding.draft_kind].format(finding.draft_id)
        record: dict[str, Any] = await platform[READER].get(address, own, language)
    except (KeyError, NotFound):
        return None
    return record


async def warned_in(platform: Platform, monday: date) -> set[tuple[str, str]]:
    """Category and division of each figure that the public was told of a week, those of the page behind it too."""
    drafted = await Finding.filter(at=monday, grain="week", draft_id__isnull=False)
    records = [(one, await warning_of(platform, one)) for one in drafted]
    sent = [one for one, record in records if record and record["state"] in WENT_OUT]
    return {(one.category, place) for one in sent for place in one.told_places}
