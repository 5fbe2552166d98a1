"""Answers: JSON with an ETag, problems as RFC 9457, pages with a cursor."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar, overload

import orjson
from aiohttp import web

from banshi.foundation.errors import InvalidParameter, Problem
from banshi.kernel.contract.routes import Answer, Call, Link, Parameter
from banshi.kernel.contract.values import LANGUAGES
from banshi.kernel.http.document_schemas import MAYBE_TEXT, Record, array
from banshi.kernel.http.ready import GUARDED, ReadyAnswer, ReadyResponse, ready_answer
from banshi.kernel.sentences import say

T = TypeVar("T")

JSON = "application/json"
PROBLEM = "application/problem+json"
encode = orjson.dumps

#: What an answer says of its language.
LANGUAGE_HEADERS = {language: {"Content-Language": language, "Vary": "Accept-Language"} for language in LANGUAGES}

#: Rows of a page, when the caller doesn't say, and at most.
PAGE_ROWS = 20
MAX_PAGE_ROWS = 100

_LIMIT = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_ROWS, "default": PAGE_ROWS}
_CURSOR = {"type": "string", "minLength": 1, "maxLength": 200}
#: The parameters of every list.
PAGE_PARAMETERS = (
    Parameter("limit", _LIMIT, "Rows at most."),
    Parameter("cursor", _CURSOR, "Where to go on: `next` of the page before."),
)


@lru_cache(maxsize=512)
def language_of(header: str | None) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110 section 12.5.4)."""
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate((header or "").split(",")[:20]):
        tag, _, quality = part.strip().partition(";")
        primary = tag.strip().lower().split("-")[0]
        match = next((own for own in LANGUAGES if primary in {"*", own.lower().split("-")[0]}), None)
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality.strip() else 1.0
        except ValueError:
            continue
        if match and weight > 0:
            ranked.append((-weight, position, match))
    return min(ranked)[2] if ranked else LANGUAGES[0]


def etag_of(body: bytes) -> str:
    """A strong validator: the same bytes have the same tag on every machine."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def reply(call: Call, document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """`document` as JSON, in the caller's language. A read gets an ETag, and 304 where the caller has it already."""
    body = encode(document)
    all_headers = {**LANGUAGE_HEADERS[call.language], **(headers or {})}
    if call.route.method == "GET":
        return reply_bytes(call, body, JSON, etag_of(body), all_headers)
    return web.Response(body=body, status=status, content_type=JSON, headers=all_headers)


def reply_bytes(
    call: Call, body: bytes | AsyncIterator[bytes], media_type: str, etag: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Prepared bytes, or pieces of them and their Content-Length among `headers`, with their ETag; or 304."""
    asked = call.request.headers.get("If-None-Match")
    # What was read with a token is its bearer's: no cache keeps it, on the way or in a browser that others use later.
    kept = "no-cache" if call.caller is None else "no-store"
    all_headers = {"ETag": etag, "Cache-Control": kept, **(headers or {})}
    if asked is not None and _matches(asked, etag):
        all_headers.pop("Content-Length", None)
        return web.Response(status=304, headers=all_headers)
    all_headers["Content-Type"] = media_type
    return web.Response(body=body, headers=all_headers)


def ready_json(body: bytes, language: str) -> ReadyAnswer:
    """JSON in a language that anybody may read, ready to be sent."""
    headers = {"ETag": etag_of(body), "Cache-Control": "no-cache", **LANGUAGE_HEADERS[language], "Content-Type": JSON}
    return ready_answer(body, {**GUARDED, **headers})


def reply_ready(call: Call, answer: ReadyAnswer) -> web.Response:
    """JSON that was made ready, on a route whose audience is anyone; or 304."""
    if "If-None-Match" in call.request.headers:
        return reply_bytes(call, answer.body, JSON, answer.headers["ETag"], LANGUAGE_HEADERS[call.language])
    return ReadyResponse(answer)


def _matches(asked: str, etag: str) -> bool:
    """Whether an If-None-Match header names the tag, compared weakly as a read wants it (RFC 9110 section 8.8.3.2)."""
    return asked.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in asked.split(",")]


def problem_reply(problem: Problem, language: str = "en") -> web.Response:
    spoken = LANGUAGE_HEADERS[language] if problem.in_languages else {"Vary": "Accept-Language"}
    body, headers = encode(problem.document(language)), {**spoken, **problem.headers}
    return web.Response(body=body, status=problem.status, content_type=PROBLEM, headers=headers)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest or most urgent first."""

    rows: list[dict[str, Any]]
    #: What the next page goes on after; None on the last page.
    after: str | None

    def document(self) -> dict[str, Any]:
        return {"items": self.rows, "next": to_cursor(self.after) if self.after is not None else None}


def to_cursor(after: str) -> str:
    """A place in a list as callers see it: opaque, so that they don't build on it."""
    return base64.urlsafe_b64encode(after.encode()).rstrip(b"=").decode()


@overload
def from_cursor(call: Call) -> str | None: ...
@overload
def from_cursor(call: Call, read: Callable[[str], T]) -> T | None: ...
def from_cursor(call: Call, read: Callable[[str], Any] = str) -> Any:
    """The place that the caller's cursor names, as `read` makes it of the text that `Page` was given.

    Raises InvalidParameter, also where `read` raises ValueError.
    """
    text = call.query.get("cursor")
    if text is None:
        return None
    try:
        return read(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode())
    except ValueError:
        raise InvalidParameter(say("The list has no such place; begin it anew."), parameter="cursor") from None


def in_utc(text: str) -> datetime:
    """A time in UTC. ValueError for one without its offset, and one that its offset leads out of the calendar."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


def limit_of(call: Call) -> int:
    """How many rows a page has, as the caller asks."""
    return int(call.query.get("limit", PAGE_ROWS))


def page_answer(row: Mapping[str, Any], *links: Link) -> Answer:
    """A page of rows by that schema, and where one of them leads: the next page is linked by itself."""
    return Answer("One page, and where to go on.", Record(items=array(row), next=MAYBE_TEXT), links=links)
