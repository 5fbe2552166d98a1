"""Renewing an approved case: what else is handed in, and whether the time for it has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from banshi.builtin.passes import ledger
from banshi.foundation.errors import FieldProblem, InvalidFields
from banshi.kernel.contract.values import Item, Texts
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.sentences import say, word


def handed_in(item: Item) -> Mapping[str, Any] | None:
    """What an application has beside its answers; None where there is no form to fill in."""
    if item.form is None:
        return None
    if item.details.renewal is None:
        return {}
    title = word("The case that this one renews")
    return {"renews": {"type": "string", "format": "uuid", "title": title}}


async def check_renewal(platform: Platform, item: Item, person: str, renewed_id: str) -> Case:
    """The case to renew, if it is the person's, approved, of this item and near its end."""
    renewal = item.details.renewal
    earlier = await Case.get_or_none(id=renewed_id, person=person, item=item.code)
    current = await ledger.of_case(earlier) if earlier else None
    detail: Texts = {}
    if renewal is None:
        detail = say("Cases of this item are not renewed; leave this out.")
    elif earlier is None or earlier.state != "approved" or current is None or current.revoked_at is not None:
        detail = say("Name an approved case of yours with a pass of this item.")
    else:
        now = platform.now()
        opens = current.expires_at - timedelta(days=renewal.opens_days_before)
        if now < opens:
            detail = say("It can be renewed from {day} on.", day=opens.astimezone(platform.settings.timezone).date())
        elif now > current.expires_at + timedelta(days=renewal.closes_days_after):
            detail = say("It ended too long ago to be renewed; submit a new application.")
    if detail or earlier is None:
        raise InvalidFields([FieldProblem("/renews", detail, "renewal")])
    return earlier
