"""What a route is: verb, path, who may call it, what goes in and what comes out.

A route's declaration is the single source of its authorisation, its checks and its entry in the OpenAPI document:
what is not declared is not accepted, and a route without an audience can't be written.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from banshi.kernel.contract.principals import Client, Principal

if TYPE_CHECKING:
    from aiohttp import web
    from tortoise.models import Model

    from banshi.forms import Form
    from banshi.foundation.errors import Problem
    from banshi.kernel.contract.items import Item
    from banshi.kernel.runtime.running import Platform


#: The media type of an answer of events, which goes on until somebody leaves.
EVENTS = "text/event-stream"

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Audience(enum.StrEnum):
    """Who may call a route. There is no default: a route states one, or it isn't served."""

    ANYONE = "anyone"
    CITIZEN = "citizen"
    STAFF = "staff"
    #: A citizen or a member of staff; the route itself decides what each may see.
    PERSON = "person"
    #: Staff in the street who scan passes.
    OFFICER = "officer"
    #: An integrator's program; the route's `scope` says what its token has to allow.
    INTEGRATOR = "integrator"

    def admits(self, principal: Principal | None) -> bool:
        if self is Audience.ANYONE or principal is None:
            return self is Audience.ANYONE
        if self is Audience.INTEGRATOR or principal.client is not None:
            return self is Audience.INTEGRATOR and principal.client is not None
        if self is Audience.PERSON:
            return True
        if self is Audience.CITIZEN:
            return not principal.is_staff
        if self is Audience.OFFICER:
            return principal.is_officer
        return any(role.name != "officer" for role in principal.roles)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the query or the headers, held against its JSON Schema."""

    name: str
    schema: Mapping[str, Any]
    description: str
    place: Literal["query", "header"] = "query"


@dataclass(frozen=True, slots=True)
class Link:
    """Another operation that an answer leads to, for the API's document.

    What it takes is written as OpenAPI's runtime expressions: `$response.body#/items/0/id` by JSON Pointer,
    `$request.path.code`, `$request.query.department`, `$request.body#/code`.
    """

    operation: str
    #: Parameters of that operation's path and query: name → expression.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: Members of that operation's body: name → expression.
    body: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def to(cls, *operations: str, at: str = "") -> list[Link]:
        """To each of these operations with the id of the body, or of what stands in it there (a JSON Pointer)."""
        return [cls(one, {"id": f"$response.body#{at}/id"}) for one in operations]


@dataclass(frozen=True, slots=True)
class Answer:
    """One documented answer: JSON by `schema`, or other bytes by `media_type`, or no body where that is empty."""

    description: str
    schema: Mapping[str, Any] | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Where it leads. To the next page, a list with `cursor` and `next` leads by itself.
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFormat:
    """How a route tells what went wrong, where a standard has it otherwise than as problem documents."""

    media_type: str
    #: JSON Schema for the API's document; None where it isn't JSON.
    schema: Mapping[str, Any] | None = None
    #: The answer to a problem, in the language that the caller reads.
    told: Callable[[Problem, str], web.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBody:
    """A body that proves by its own signature who sent it, in place of a bearer token."""

    media_type: str
    #: Gets the whole body as bytes in `call.body`, and no caller. It refuses what is not signed by somebody it trusts.
    handler: Callable[[Call], Awaitable[web.StreamResponse]]
    #: JSON Schema for the API's document.
    schema: Mapping[str, Any]
    #: Bytes at most.
    limit: int = 1_048_576


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation of the HTTP API."""

    method: Method
    #: aiohttp's notation: `/v1/cases/{id}`.
    path: str
    audience: Audience
    handler: Callable[[Call], Awaitable[web.StreamResponse]]
    #: Unique in the API; the name of the function in generated clients.
    operation: str
    summary: str
    tag: str
    answers: Mapping[int, Answer]
    parameters: Sequence[Parameter] = ()
    #: JSON Schema per parameter of the path; a string without control characters where none is given.
    path_schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: The JSON body, where one is taken.
    body: Form | None = None
    #: A body that the handler streams itself: media type → JSON Schema for the document.
    raw_body: Mapping[str, Mapping[str, Any]] | None = None
    #: Taken beside the JSON body, by its media type: whoever signed it needs no token.
    signed: SignedBody | None = None
    #: Honours Idempotency-Key: the handler writes `call.once.receipt(...)` in its transaction.
    creates: bool = False
    #: Of a citizen's POST or PUT: it counts against `platform.rates`. False where it makes nothing that stays.
    counts: bool = True
    #: The verb that an integrator's token has to allow for some department at least; the handler asks for which. "" is
    #: for any client, and on a route for somebody else. On a route for anyone the handler asks for all of it: its
    #: standard has the token in the body.
    scope: str = ""
    #: Of its query: a parameter without a value is none, a repeated one is a list with commas, an unknown one is left
    #: out. For standards that say so.
    lenient: bool = False
    #: A GET for anyone whose answer may be a moment old: it is read from a replica of the database where there is one.
    from_replica: bool = False
    #: In place of problem documents.
    errors: ErrorFormat | None = None
    #: For people who don't say who they are: a token is refused, and no log and no trace has anything of their request.
    unnamed: bool = False
    #: By what the path names, whether people come in without a token beside the audience; `call.caller` is None then.
    unnamed_at: Callable[[Mapping[str, str]], bool] | None = None
    #: An old way: it goes on for a while, and the API's document says so.
    deprecated: bool = False
    #: Whether it is in the API's document. A page that people look at in a browser is nothing a client calls.
    described: bool = True
    #: For a path with `{code}`: the JSON body's schema for one item, or None where the item hasn't this verb. The
    #: OpenAPI document then has one operation per item.
    per_item: Callable[[Item], Mapping[str, Any] | None] | None = None
    #: For a path with `{code}` and no body of its own per item: whether an item's guide links to it.
    linked: Callable[[Item], bool] | None = None

    @property
    def streams(self) -> bool:
        """Whether its answer is events that go on until somebody leaves. It has no head without a body."""
        return any(answer.media_type == EVENTS for answer in self.answers.values())

    @property
    def counted(self) -> bool:
        """Whether a citizen who calls it creates something, of which there may be so much a day."""
        return self.counts and self.method in {"POST", "PUT"} and self.audience in {Audience.CITIZEN, Audience.PERSON}

    def is_unnamed(self, request: web.Request) -> bool:
        """Whether this request is of somebody who doesn't say who they are."""
        if self.unnamed_at is None or "Authorization" in request.headers:
            return self.unnamed
        return self.unnamed_at(request.match_info)

    @property
    def path_names(self) -> list[str]:
        """The parameters of the path, in order."""
        return re.findall(r"{(\w+)}", self.path)


class Receipts:
    """The Idempotency-Key of one request. This one is its absence: nothing is stored, and nothing found."""

    async def begin(self, *_request: bytes) -> web.Response | None:
        """The stored answer, if the same request was answered before. Raises KeyReused and StillRunning."""
        return None

    async def stored(self) -> web.Response | None:
        """The answer that is stored under this key, as it was given; None where there is none."""
        return None

    def receipt(self, document: Any, *, status: int = 201, headers: Mapping[str, str] | None = None) -> Sequence[Model]:  # noqa: ARG002
        """The row that remembers this answer, for the transaction that makes it true; nothing without a key."""
        return ()

    async def refused(self, problem: Problem, answer: Callable[[], web.Response]) -> web.StreamResponse | None:  # noqa: ARG002
        """Keep the refusal as what became of this key. What was kept before, which is the answer then; else None."""
        return None

    def end(self) -> None:
        """The request is over, well or badly."""


WITHOUT_KEY = Receipts()


@dataclass
class Call:
    """One request, as a route's handler sees it: authorised, parsed and checked."""

    platform: Platform
    #: aiohttp's own request, for streaming.
    request: web.Request
    route: Route
    language: str
    #: None only where the audience is `anyone`.
    caller: Principal | None
    path: Mapping[str, str]
    #: Declared query parameters, with the types of their schemas.
    query: Mapping[str, Any]
    #: The JSON body, the bytes of a signed one, or {} where the route takes none.
    body: Any
    #: Remembers the answer of a creating request under its Idempotency-Key.
    once: Receipts

    @cached_property
    def principal(self) -> Principal:
        """Who is calling. On a route for anyone this raises: such a route has no use for it."""
        if self.caller is None:
            raise RuntimeError(f"{self.route.operation} is open to anyone and has no principal")
        return self.caller

    @cached_property
    def client(self) -> Client:
        """Whose program is calling. On a route that isn't for integrators this raises."""
        if self.principal.client is None:
            raise RuntimeError(f"{self.route.operation} is not for integrators and has no client")
        return self.principal.client

    @cached_property
    def now(self) -> datetime:
        return self.platform.now()

    @cached_property
    def address(self) -> str:
        """Scheme and host by which others reach the API: `platform.address`, or else what this request asked."""
        return self.platform.settings.address or f"{self.request.scheme}://{self.request.host}"
