"""A severe event as an alert in the terms of CAP: a draft in mobile_push, which a second person publishes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from banshi import LANGUAGES, Call, Conflict, NotFound, text_in
from banshi.sdk.http import READER
from banshi.sdk.lists import list_entries
from lines.geometry import around, positions
from road.sentences import say
from road.settings import item_of
from road.tables.models import RoadEvent
from road.vocabulary import KIND_TITLES

#: Metres around an event's place in which people hear of it.
WITHIN_M = 1_000.0
#: How severe an event is of which an alert may be made.
SEVERE = ("Severe", "Extreme")
#: What CAP 1.2 says of it, until whoever writes the alert changes it; and what becomes of it.
CAP = {"status": "Actual", "msg_type": "Alert", "scope": "Public", "draft": True, "second_person": True}
INFO = {"category": ["Transport"], "urgency": "Immediate", "certainty": "Observed"}


async def drafted(call: Call, row: RoadEvent) -> UUID:
    """Have the alert stored as a draft that two people publish, and nobody alone: its id.

    Raises Conflict for what isn't severe, and where there is an alert of it already, and what mobile_push refuses.
    """
    if row.details["severity"] not in SEVERE:
        raise Conflict(say("Only what is severe becomes an alert; change how severe it is first."))
    reader, item = call.platform[READER], item_of(call.platform)
    if row.alert is not None:
        with suppress(NotFound):
            before = await reader.get(f"/v1/alerts/{row.alert}/record", call.principal, call.language)
            if before["state"] not in ("cancelled", "recalled"):
                raise Conflict(say("There is an alert of it already; change that one."), alert=str(row.alert))
    body = {**CAP, "department": item and item.department, "info": [_info(call, row, one) for one in LANGUAGES]}
    # Asked for again after it was killed in the middle, it is the same draft.
    key, who = f"road-{row.id}-{row.version}", (call.principal, call.language)
    return UUID((await reader.post("/v1/alerts", *who, body, key=key))["id"])


def _info(call: Call, row: RoadEvent, language: str) -> dict[str, Any]:
    said, end, kind = row.details, "_en" if language == "en" else "", KIND_TITLES[row.kind]
    line, known = positions(row.geometry), list_entries("divisions")
    place = {"area_desc": text_in(known[row.division].names, language)}
    code = {"value_name": "GB/T 2260", "value": row.division}
    where = {"polygon": [around(line, WITHIN_M)]} if line else {"geocode": [code]}
    title = say.text(language, "Road alert, {kind}: {road}", kind=kind, road=row.road)
    told: dict[str, Any] = {"headline": title, "area": [place | where], "event": text_in(kind, language)}
    told |= {"description": said.get(f"text{end}", said["text"])}
    told |= {"instruction": said.get(f"detour{end}", said.get("detour"))}
    zone = call.platform.settings.timezone
    for name, at in {"onset": row.starts_at, "expires": row.ends_at}.items():
        told[name] = at and at.astimezone(zone).isoformat(timespec="seconds")
    info = {**INFO, **told, "language": language, "severity": said["severity"]}
    return {name: value for name, value in info.items() if value}
