"""A hotline with something in each of its rooms, for who looks at the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.testing import Door, Person
from tests.channels.desk.bureau import DESKS, ENQUIRIES
from tests.channels.hotline.exchange import AGREED, CALL_BACKS, FILINGS, HOTLINE, NUMBER, Switch

#: Of a city whose desk is the department `traffic`'s.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "conversations": {"desks": [{**DESKS[1], "code": "traffic", "department": "traffic"}]},
    "hotline": {**HOTLINE, "lines": {}},
}


async def pages_of(door: Door, li: Person, item: str) -> dict[str, str]:
    """By name, the pages of an operator who speaks with somebody, while others ring and wait to be called back."""
    switch = Switch(door)
    for number in range(3):
        await switch.told("missed", f"missed-{number}", number=f"+86199000047{number:02}")
    await switch.told("ringing", "held")
    (enquiry,) = [one for one in (await li.get(ENQUIRIES)).ok()["items"] if one["kind"] == "call"]
    (await li.post(f"{ENQUIRIES}/{enquiry['id']}/claim")).ok()
    call = enquiry["subject"]
    waits = {"call": call, "item": item, "submission": {"answers": {}}, "wait": True, "name": "王小明", **AGREED}
    (await li.post(FILINGS, waits)).created()
    due = (await li.get(CALL_BACKS)).ok()["items"]
    (await li.post(f"{CALL_BACKS}/{due[0]['id']}/claim")).ok()
    for name in ("rings", "hidden"):
        await switch.told("ringing", name, number=NUMBER if name == "rings" else "anonymous")
    form = f"/staff/hotline/items/{item}?call={call}"
    return {"staff-hotline": "/staff/hotline", "staff-call": f"/staff/hotline/calls/{call}", "staff-callers-form": form}
