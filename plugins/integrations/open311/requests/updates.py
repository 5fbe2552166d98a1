"""GET servicerequestupdates, as FixMyStreet and CitySDK have it: what happened to requests, in order.

A step that leaves the state as it is, such as another unit of the same department, is no update.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from tortoise.expressions import F, Subquery

from banshi import Call, Case
from banshi.sdk.cases import CaseEvent

from ..services.service import endpoint_for
from ..wire import schemas
from ..wire.formats import Format, answer
from ..wire.methods import Methods
from .listing import MAX_ROWS, NAMED, REAL, TIMES, iso, numbers_in, offered, span
from .wording import note_of, status_of

ROUTES = Methods("open311")

#: Requests that are older than this before the time that is asked about have no updates any more.
UPDATED_FOR = timedelta(days=365)

#: Before everything: no time that is asked about leads out of the calendar.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@ROUTES.both(
    "GET",
    "servicerequestupdates",
    "The updates, the oldest first.",
    schemas.UPDATES,
    parameters=(NAMED, *TIMES),
    from_replica=True,
)
async def list_updates(written: Format, call: Call) -> web.StreamResponse:
    """List what happened to requests.

    Whoever wants more goes on from the last one's time.
    """
    office = endpoint_for(call)
    begin, end = span(call)
    requests = offered(office)
    if wanted := call.query.get("service_request_id"):
        requests = requests.filter(case__number__in=numbers_in(wanted, call.language))
    else:
        # A step is never later than the case's last change.
        requests = requests.filter(requested_at__gte=max(begin, EPOCH) - UPDATED_FOR, requested_at__lte=end)
        requests = requests.filter(case__updated_at__gte=begin, **REAL)
    steps = CaseEvent.filter(case_id__in=Subquery(requests.values("case_id")), at__gte=begin, at__lte=end)
    steps = steps.exclude(state_before=F("state")).order_by("at", "id").limit(MAX_ROWS)
    rows = await steps.values("id", "at", "state", "case_id")
    named = dict(await Case.filter(id__in={row["case_id"] for row in rows}).values_list("id", "number"))
    shown = [_shown(call, row, named[row["case_id"]]) for row in rows if row["case_id"] in named]
    return answer(call, written, "service_request_updates", shown)


def _shown(call: Call, row: Mapping[str, Any], number: str) -> dict[str, Any]:
    return {
        "update_id": str(row["id"]),
        "service_request_id": number,
        "status": status_of(row["state"]),
        "updated_datetime": iso(row["at"], call.platform.settings.timezone),
        "description": note_of(row["state"], call.language),
        "media_url": None,
    }
