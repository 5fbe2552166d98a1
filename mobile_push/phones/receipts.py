"""What phones say of messages: that they arrived, that they were opened. In batches, again and again, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from banshi import Answer, Audience, Call, Platform, reply
from banshi.sdk.database import as_stored
from banshi.sdk.documents import ID, Record, array
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import states
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast, Device, InboxMessage, PhoneReceipt

ROUTES = Routes("push")

#: Receipts in one request.
MAX_RECEIPTS = 500

#: A phone's clock is believed this far back, and not ahead at all.
MAX_AGE = timedelta(days=90)

_AT = f"By the phone's clock; taken as at most {MAX_AGE.days} days ago, and as now at the latest."

BATCH = Record(
    device={**ID, "description": "The id under which it is registered."},
    receipts=array(
        Record(
            message_id=ID,
            event={"type": "string", "enum": ["received", "opened"], "description": "What was opened was received."},
            at={"type": "string", "format": "date-time", "description": _AT},
        ),
        minItems=1,
        maxItems=MAX_RECEIPTS,
    ),
).form()

_COUNT = {"type": "integer", "minimum": 0}

OUTCOME: dict[str, Any] = Record(
    recorded={**_COUNT, "description": "Messages of which this said something new."},
    repeated={**_COUNT, "description": "Messages of which all of this was known."},
    unknown={**_COUNT, "description": "Messages that aren't the caller's, or are gone. Don't send them again."},
    registered={
        "type": "boolean",
        "description": "false: this phone isn't the caller's (any more), nothing was recorded; register it again.",
    },
)


@dataclass(slots=True)
class Said:
    """All that one batch says of one message."""

    received: datetime
    opened: datetime | None = None
    #: Only a provider says so.
    shown: datetime | None = None

    def hear(self, event: str, at: datetime) -> None:
        """The earliest of each event counts, whatever their order."""
        self.received = min(self.received, at)
        if event in ("opened", "shown"):
            setattr(self, event, min(getattr(self, event) or at, at))


@ROUTES.post(
    "/v1/receipts",
    Audience.CITIZEN,
    {200: Answer("What became of them, counted by message.", OUTCOME)},
    body=BATCH,
    counts=False,
)
async def record_receipts(call: Call) -> web.StreamResponse:
    """Say which messages arrived on this phone and which were opened.

    What can't be recorded never holds up the rest, and the app need not send any of it again.
    """
    said = merged(call.body["receipts"], call.now)
    person, device = call.principal.subject, UUID(call.body["device"])
    known = await addressed(person, list(said))
    opened = [message for message in known if said[message].opened]
    rows = [(message, device, person, said[message]) for message in sorted(known)]
    recorded = 0
    async with in_transaction() as connection:
        # First, so that a phone which is forgotten in this moment leaves no receipt behind.
        registered = await Device.filter(id=device, person=person).using_db(connection).update(seen_at=call.now)
        if registered and rows:
            recorded = await record(call.platform, connection, rows)
    if opened and await states.change(call.platform, person, opened, {"read_at": call.now}):
        call.platform[PUSH].show_changes(person)
        await call.platform[PUSH].clear(person, opened, device)
    heard = len(known) if registered else 0
    counts = {"recorded": recorded, "repeated": heard - recorded, "unknown": len(said) - heard}
    return reply(call, {**counts, "registered": bool(registered)})


def merged(receipts: Sequence[Mapping[str, str]], now: datetime) -> dict[UUID, Said]:
    """A batch by message."""
    said: dict[UUID, Said] = {}
    for one in receipts:
        at = moment(one["at"], now)
        said.setdefault(UUID(one["message_id"]), Said(at)).hear(one["event"], at)
    return said


def moment(text: str, now: datetime) -> datetime:
    """A phone's time (RFC 3339) within what can be true. A clock that is set wrong spoils no report."""
    oldest = now - MAX_AGE
    try:
        # A leap second is a second that Python doesn't know.
        return max(oldest, min(now, datetime.fromisoformat(text.upper().replace(":60", ":59"))))
    except (ValueError, OverflowError):
        # The year 0, or an offset that leads out of the calendar.
        return oldest if text[:4] < f"{now.year}" else now


async def addressed(person: str, messages: Sequence[UUID]) -> set[UUID]:
    """Which of these messages a person got: their own, and what was published."""
    own = await InboxMessage.filter(person=person, id__in=messages).values_list("id", flat=True)
    published = await Broadcast.filter(id__in=messages, seq__isnull=False).values_list("id", flat=True)
    return {UUID(str(one)) for one in (*own, *published)}


async def record(
    platform: Platform,
    connection: BaseDBAsyncClient,
    rows: Sequence[tuple[UUID, UUID, str, Said]],
    provider: str = "",
) -> int:
    """Write down what is new, in one statement, and say of how many messages. The earliest time of each event stays.

    Of each row the message, the phone and its person.

    With the provider where that said it: then the message came that way. So it makes no difference in which order
    batches come, how often, or whether two come at once.
    """
    mark, names = Marks(platform.store), ("received", "opened", "shown")
    own = (
        (message, device, as_stored(PhoneReceipt, "person", person), said.received, said.opened, said.shown, provider)
        for message, device, person, said in rows
    )
    values = ", ".join(f"({mark.each(one)})" for one in own)
    earlier = "{0} IS NOT NULL AND ({1} IS NULL OR {0} < {1})".format
    news = {f"{name}_at": earlier(f"excluded.{name}_at", f"push_receipt.{name}_at") for name in names}
    news["provider"] = "excluded.provider <> '' AND push_receipt.provider = ''"
    changes = (
        f"{name} = CASE WHEN {new} THEN excluded.{name} ELSE push_receipt.{name} END" for name, new in news.items()
    )
    sql = (
        f"INSERT INTO push_receipt (message_id, device_id, person, {', '.join(news)}) VALUES {values} "  # noqa: S608
        f"ON CONFLICT (message_id, device_id) DO UPDATE SET {', '.join(changes)} "
        f"WHERE ({') OR ('.join(news.values())}) RETURNING id"
    )
    return len(await mark.rows(sql, connection))
