"""A person's own data: all of it as one document, and forgotten on request as far as the law lets it go."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator
from uuid import UUID

from aiohttp import web

from banshi.builtin.audit.commands import whose_key
from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.models import OperatorCommand
from banshi.builtin.limits.rates import RATES
from banshi.builtin.personal_data.exporting import export
from banshi.builtin.personal_data.holdings import DataSubject
from banshi.builtin.personal_data.persons import forget_person
from banshi.builtin.sentences import say
from banshi.foundation.errors import Conflict, TooManyRequests
from banshi.foundation.files.spooled import Spooled
from banshi.foundation.keys import Key
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.contract.values import text_in
from banshi.kernel.http.document_schemas import ID, MAYBE_MOMENT, MOMENT, Record, array
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, page_answer, reply

ROUTES = Routes("me")

#: People whose data are being written or forgotten in this process: each once at a time.
BUSY: Key[set[str]] = Key("people who are exported or forgotten")

#: How often a day a person may have their data written, and be forgotten.
MAX_EXPORTS_PER_DAY, MAX_FORGETTINGS_PER_DAY, DAY_S = 20, 5, 86_400

#: Seconds that reading what was written may take.
READING_TIMEOUT_S = 600.0

ALREADY = say("This is being done already; wait until it is over and ask again.")

KEPT = Record(
    what={"type": "string", "description": "`case`, `conversation`, or a plugin's own word."},
    reason={"type": "string", "description": "`open`, `retention`, `leaving`, or a plugin's own word."},
    detail={"type": "string"},
    count={"type": "integer", "minimum": 1},
    names=array({"type": "string"}, description="Numbers of cases, a hundred at most."),
    until={**MAYBE_MOMENT, "description": "When the last of it leaves by itself, where that is known."},
)

#: A row has its table's columns, which plugins add to.
DATA = Record(
    subject={"type": "string"},
    made_at={"type": "string", "format": "date-time"},
    held={
        "type": "object",
        "description": "By plugin and table.",
        "additionalProperties": {"type": "object", "additionalProperties": array({"type": "object"})},
    },
)

OPERATOR = Record(
    id=ID,
    at=MOMENT,
    command={"type": "string", "description": "What was run, such as `person export`."},
    purpose={"type": ["string", "null"], "description": "As whoever ran it says; null where nothing was said."},
    by=Record(who={"const": "operator"}),
)

REFUSED = {409: Answer("It is being done already."), 429: Answer("Too often a day, by Retry-After.")}
NO_ROOM = Answer("There is no room to write it.")


@ROUTES.get(
    "/v1/me/data", Audience.CITIZEN, {200: Answer("The rows, by plugin and table.", DATA), **REFUSED, 507: NO_ROOM}
)
async def show_my_data(call: Call) -> web.StreamResponse:
    """Read all that is held about the caller."""
    return await _sent(call, "application/json", zipped=False)


@ROUTES.get(
    "/v1/me/data.zip",
    Audience.CITIZEN,
    {200: Answer("`data.json` and `attachments/ID`.", media_type="application/octet-stream"), **REFUSED, 507: NO_ROOM},
)
async def show_my_bundle(call: Call) -> web.StreamResponse:
    """Read all that is held about the caller, with their uploads."""
    return await _sent(call, "application/octet-stream", zipped=True)


@ROUTES.get("/v1/me/commands", Audience.CITIZEN, {200: page_answer(OPERATOR)}, parameters=PAGE_PARAMETERS)
async def list_commands_about_me(call: Call) -> web.StreamResponse:
    """List what those who run the platform did with the caller's data past the API, such as an export, and what for.

    Newest first, and without a name.
    """
    whose = whose_key(call.platform[AUDIT], call.principal.subject)
    rows, after = await page_of(call, OperatorCommand.filter(whose=whose), {"-id": UUID})
    by = {"who": "operator"}
    shown = [OPERATOR.of(call.platform, row, purpose=row.purpose or None, by=by) for row in rows]
    return reply(call, Page(shown, after).document())


async def _sent(call: Call, media_type: str, *, zipped: bool) -> web.StreamResponse:
    await _often(call, "export", MAX_EXPORTS_PER_DAY)
    alone = _Alone(call)
    with alone:
        written = await export(call.platform, _whom(call), zipped=zipped)
        is_read = call.request.method != "HEAD"
        if is_read:
            alone.goes_on()
        else:
            written.file.close()
    name = "data.zip" if zipped else "data.json"
    headers = {
        "Content-Type": media_type,
        "Content-Length": str(written.size),
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=_read_out(written, alone) if is_read else None, headers=headers)


async def _read_out(written: Spooled, alone: _Alone) -> AsyncIterator[bytes]:
    """Its file is there as long as somebody reads: one for each person, and not for longer than `READING_TIMEOUT_S`."""
    try:
        with written.file:
            async for piece in written.pieces():
                yield piece
    finally:
        alone.over()


@ROUTES.delete(
    "/v1/me",
    Audience.CITIZEN,
    {200: Answer("It is done; what is kept, and why.", Record(kept=array(KEPT))), **REFUSED},
    operation="forget_person",
)
async def forget(call: Call) -> web.StreamResponse:
    """Forget the caller, but for what has to be kept.

    The answer names what is kept, and until when.
    """
    await _often(call, "forget", MAX_FORGETTINGS_PER_DAY)
    with _Alone(call):
        # A task of its own: whoever hangs up has asked for it all the same.
        kept = await asyncio.shield(asyncio.create_task(forget_person(call.platform, _whom(call))))
    shown = [
        KEPT.of(call.platform, one, detail=text_in(one.texts, call.language), names=list(one.names)) for one in kept
    ]
    return reply(call, {"kept": shown})


class _Alone:
    """One at a time for each person. Raises Conflict."""

    def __init__(self, call: Call) -> None:
        self._busy, self._person = call.platform[BUSY], call.principal.subject
        self._request = call.request
        self._later: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        if self._person in self._busy:
            raise Conflict(ALREADY, headers={"Retry-After": "5"})
        self._busy.add(self._person)

    def __exit__(self, *_: object) -> None:
        if self._later is None:
            self._busy.discard(self._person)

    def goes_on(self) -> None:
        """It isn't over with the block, but when somebody says so; a reader is cut off after `READING_TIMEOUT_S`."""

        def cut_off() -> None:
            self.over()
            if (transport := self._request.transport) is not None:
                transport.abort()

        self._later = asyncio.get_running_loop().call_later(READING_TIMEOUT_S, cut_off)

    def over(self) -> None:
        if self._later is not None:
            self._later.cancel()
        self._busy.discard(self._person)


async def _often(call: Call, what: str, most: int) -> None:
    """Raises TooManyRequests: either takes the database a while."""
    # Whoever is to be forgotten is not written into Redis.
    person = hashlib.blake2b(call.principal.subject.encode(), digest_size=16).hexdigest()
    if wait := await call.platform[RATES].wait(f"me.{what}.{person}", most, DAY_S):
        told = say("At most {most} times a day; ask again later.", most=most)
        raise TooManyRequests(told, headers={"Retry-After": str(math.ceil(wait))})


def _whom(call: Call) -> DataSubject:
    return DataSubject(call.principal.subject, call.principal.resident_id)
