"""What the staff of a case read of whoever a client speaks for, as long as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi import Case, Platform

from ..models import ServiceRequest


async def enclosed(_: Platform, case: Case) -> Mapping[str, Any] | None:
    """Client, contact and place of a case that came in through Open311; None for every other."""
    row = await ServiceRequest.get_or_none(case_id=case.id)
    if row is None:
        return None
    return {
        "client": row.client,
        "contact": row.contact,
        "address_string": row.address or None,
        "address_id": row.address_id or None,
        "lat": row.latitude,
        "long": row.longitude,
        "description": row.description or None,
        "media_url": row.media_url or None,
    }


async def emptied(_: Platform, case: Case) -> None:
    """Take out whom and what place a case was about; service, client and time stay."""
    words = dict.fromkeys(("address", "address_id", "description", "media_url"), "")
    # What was sent is unique by its hash, and could be guessed from it.
    gone: dict[str, Any] = {**words, "latitude": None, "longitude": None, "contact": {}, "fingerprint": case.id.hex}
    await ServiceRequest.filter(case_id=case.id).update(**gone)
