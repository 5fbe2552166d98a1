"""Tickets for the stream: a browser's EventSource sends no Authorization header, so the address says who follows.

Addresses end up in logs and histories. So a ticket opens one person's stream and nothing else, ends with the token that
it was taken with and after `MAX_LIFE_S` at the latest, and shows nobody whose it is. It outlives a reconnect, for which
the browser sends the same address again. Nothing is stored: every process that has the key knows its tickets.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

import orjson
from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken

from banshi import Answer, Audience, Call, Key, Parameter, Platform, Principal, Problem, reply
from banshi.sdk.documents import LINKS, MOMENT, Record
from banshi.sdk.http import Routes
from banshi.sdk.operations import write_private
from banshi.sdk.sign_in import ENDED_SESSIONS, EndedSessions, held
from mobile_push.phones.reading import stream
from mobile_push.sentences import say

ROUTES = Routes("push")

#: Seconds for which a ticket is good at most.
MAX_LIFE_S = 3600

#: The file in the keys folder. Deleting it and restarting ends every ticket.
KEY_FILE = "stream-tickets.key"

BY_TICKET = "/v1/inbox/stream/by-ticket"


class TicketRefused(Problem, status=401, code="ticket-refused", says=say):
    """This ticket is not good, or not any more; take a new one."""

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="banshi"'})


class Tickets:
    """Gives tickets out and reads them."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    def ticket(self, principal: Principal, language: str, now: datetime) -> tuple[str, int]:
        """A ticket for a person, and the Unix second at which it ends."""
        ends = min(principal.expires_at, int(now.timestamp()) + MAX_LIFE_S)
        told = [principal.subject, ends, language, int(now.timestamp())]
        return self._fernet.encrypt(orjson.dumps(told)).decode(), ends

    def holder(self, ticket: str, now: datetime, ended: EndedSessions) -> tuple[Principal, str]:
        """Whose ticket it is, and their language. Raises TicketRefused."""
        try:
            # A ticket of an earlier version doesn't say when it was taken: it is as old as any.
            subject, ends, language, *taken = orjson.loads(self._fernet.decrypt(ticket))
        except InvalidToken:
            raise TicketRefused from None
        if ends <= now.timestamp() or ended.is_over(held(subject, *(taken or [0]))):
            raise TicketRefused
        return Principal(subject=subject, expires_at=ends), language


TICKETS: Key[Tickets] = Key("mobile_push.tickets")


def open_tickets(platform: Platform) -> Tickets:
    """Tickets under the key that all processes share; the very first start makes it."""
    file = platform.settings.keys_folder / KEY_FILE
    if not file.exists():
        write_private(file, Fernet.generate_key())
    try:
        return Tickets(file.read_bytes())
    except ValueError:
        raise ValueError(f"{file} is no key; delete it, and the next start makes a new one") from None


@ROUTES.post(
    "/v1/inbox/stream/tickets",
    Audience.CITIZEN,
    {201: Answer("The stream's address with the ticket in it.", Record(expires_at=MOMENT, links=LINKS))},
    counts=False,
)
async def take_stream_ticket(call: Call) -> web.StreamResponse:
    """Take a ticket with which a browser's EventSource follows the stream."""
    ticket, ends = call.platform[TICKETS].ticket(call.principal, call.language, call.now)
    until = datetime.fromtimestamp(ends, call.platform.settings.timezone)
    links = {"stream": f"{BY_TICKET}?{urlencode({'ticket': ticket})}"}
    answer = reply(call, {"expires_at": until.isoformat(), "links": links}, status=201)
    answer.headers["Cache-Control"] = "no-store"
    return answer


(_STREAM,) = stream.ROUTES


# Open to whoever holds a ticket: the handler looks at it before anything else.
@ROUTES.get(
    BY_TICKET,
    Audience.ANYONE,
    {**_STREAM.answers, TicketRefused.status: Answer("The ticket is not good, or not any more.")},
    parameters=(
        Parameter(
            "ticket",
            {"type": "string", "maxLength": 4096, "pattern": "^[A-Za-z0-9_-]*={0,2}$"},
            "What `POST /v1/inbox/stream/tickets` put into the address.",
        ),
        *_STREAM.parameters,
    ),
)
async def stream_inbox_by_ticket(call: Call) -> web.StreamResponse:
    """Follow the inbox live with a ticket, without a token."""
    holder, language = call.platform[TICKETS].holder(
        call.query.get("ticket", ""), call.now, call.platform[ENDED_SESSIONS]
    )
    return await stream.stream_inbox(replace(call, caller=holder, language=language))
