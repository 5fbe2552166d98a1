"""The way of a request: identity, authorisation, checks, the handler, and whatever went wrong as a problem.

Each route is wrapped once at start in exactly the steps that its declaration asks for.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema_rs
import orjson
from aiohttp import web
from tortoise.exceptions import IntegrityError

from banshi.forms.days import CALENDAR
from banshi.foundation import errors
from banshi.foundation.database.writes import Stale
from banshi.foundation.logs import REQUEST_ID
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.routes import WITHOUT_KEY, Audience, Call, Parameter, Receipts, Route
from banshi.kernel.http.callers import CHALLENGE, CREATING, TOKENS, UNSENT
from banshi.kernel.http.idempotency import HEADER, IdempotentRequest
from banshi.kernel.http.malformed import parse
from banshi.kernel.http.responses import JSON, language_of, problem_reply
from banshi.kernel.runtime.running import Platform
from banshi.kernel.sentences import say, word

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Path parameters without a schema of their own.
SEGMENT = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[A-Za-z0-9._~-]+$"}

#: Seconds within which a JSON body has to be there.
BODY_TIMEOUT_S = 15.0

ROUTE = web.RequestKey("banshi_route", Route)
#: Whose token it is, as soon as that is known.
SUBJECT = web.RequestKey("banshi_subject", str)
#: For whom code of this process asks; nothing that comes over a connection can say it.
SPOKEN_FOR = web.RequestKey("banshi_spoken_for", Principal)

#: Why a write that was right a moment ago can't be made any more.
JUST_CHANGED = say("Something that this rests on has just changed; look at it again.")
THERE_ALREADY = say("It exists already; look at it before you create it again.")


def validator_of(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """What checks a parameter; hundreds of them have the same few schemas, and share what is made of one."""
    return _validator(orjson.dumps(dict(schema)))


@lru_cache(maxsize=1_000)
def _validator(schema: bytes) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(orjson.loads(schema), validate_formats=True, formats=CALENDAR)


def endpoint(platform: Platform, route: Route) -> Handler:
    """aiohttp's handler for a route."""
    query = Query(route.parameters, lenient=route.lenient)
    paths = {name: validator_of(route.path_schemas.get(name, SEGMENT)) for name in route.path_names}
    takes_json = route.body is not None or route.per_item is not None
    takes_body, counted = takes_json or route.raw_body is not None, route.counted

    async def handle(request: web.Request) -> web.StreamResponse:
        request[ROUTE] = route
        if unnamed := route.is_unnamed(request):
            stay_unnamed(request)
        if not request.headers.get("Host", "").isascii():
            raise errors.MalformedRequest(say("Host has to be a name in ASCII."))
        # Whoever takes a body asks for its type where none came, too.
        if takes_body or request.body_exists:
            check_type(request)
        path, headers = request.match_info, request.headers
        caller: Principal | None = None
        once: Receipts = WITHOUT_KEY
        signed = route.signed if route.signed and request.content_type == route.signed.media_type else None
        if route.audience is not Audience.ANYONE and signed is None and not unnamed:
            caller = await authorise(platform, route, request)
        for name, validator in paths.items():
            if not validator.is_valid(path[name]):
                raise errors.NotFound()
        # What an unnamed caller is answered is kept nowhere.
        if route.creates and not unnamed and (key := headers.get(HEADER)) is not None:
            once = IdempotentRequest(platform, caller, key, counted=counted)
        elif counted and caller is not None:
            await platform[CREATING](caller)
        language = language_of(headers.get("Accept-Language"))
        # By position: names would cost a read another half a microsecond.
        call = Call(platform, request, route, language, caller, path, query.read(request), {}, once)
        try:
            if signed is not None:
                call.body = await read_body(request, signed.limit, signed.media_type)
                return await signed.handler(call)
            if takes_json:
                return await answer_json(call)
            replica = platform.store.replica if route.from_replica else None
            return await (replica.first(partial(route.handler, call)) if replica else route.handler(call))
        except (IntegrityError, Stale, errors.Problem) as error:
            problem = error
            if not isinstance(problem, errors.Problem):
                problem = errors.Conflict(JUST_CHANGED if isinstance(error, Stale) else THERE_ALREADY)
            tell = route.errors.told if route.errors else problem_reply
            # Another attempt under this key may have become something else, here or in another process.
            if stored := await call.once.refused(problem, partial(tell, problem, language)):
                return stored
            raise problem from None
        finally:
            once.end()

    return handle


async def answer_json(call: Call) -> web.StreamResponse:
    """Read and check the JSON body, then answer: from what is stored under the Idempotency-Key, or by the handler."""
    route, request = call.route, call.request
    raw = await read_body(request, call.platform.settings.body_limit)
    call.body = parse(raw, request)
    if route.body is not None:
        call.body = route.body.spelled(call.body)
        route.body.check(call.body, call.language, at=call.platform.city_time())
    return await call.once.begin(route.method.encode(), request.path.encode(), raw) or await route.handler(call)


async def authorise(platform: Platform, route: Route, request: web.Request) -> Principal:
    principal = request.get(SPOKEN_FOR) or await platform[TOKENS].principal(request.headers.get("Authorization"))
    if principal is None:
        raise errors.Unauthenticated(headers=CHALLENGE, reason=UNSENT)
    request[SUBJECT] = principal.subject
    if not route.audience.admits(principal):
        raise errors.Forbidden(audience=route.audience.value)
    if route.scope and principal.client is not None and not principal.client.may_somewhere(route.scope):
        raise errors.InsufficientScope(route.scope)
    return principal


def stay_unnamed(request: web.Request) -> None:
    """Let nothing of the caller's get any further, the log included. Raises TokenNotTaken."""
    # The id that a caller gives may be the same in all that their phone sends.
    REQUEST_ID.set(os.urandom(6).hex())
    if "Authorization" in request.headers:
        raise errors.TokenNotTaken()


#: A parameter's name that may be said again.
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


class Query:
    """The declared query parameters of a route, read with the types of their schemas."""

    def __init__(self, parameters: Any, *, lenient: bool = False) -> None:
        self._lenient = lenient
        mine: list[Parameter] = [one for one in parameters if one.place == "query"]
        self._parameters = {one.name: one for one in mine}
        self._validators = {name: validator_of(one.schema) for name, one in self._parameters.items()}
        self._defaults = {one.name: one.schema["default"] for one in mine if "default" in one.schema}

    def read(self, request: web.Request) -> Mapping[str, Any]:
        """The values by name, defaults among them. Raises InvalidParameter for an unknown, repeated or wrong one."""
        if not request.query_string:
            return self._defaults.copy()
        if "%" in (raw := request.rel_url.raw_query_string):
            self._decode(raw)
        values: dict[str, Any] = {}
        for name, text in self._joined(request) if self._lenient else request.query.items():
            if name not in self._parameters:
                known = ", ".join(self._parameters) or "–"
                raise _wrong(name, say("There is no such query parameter; there are: {known}.", known=known))
            if name in values:
                raise errors.InvalidParameter(say("{name} may be given once.", name=name), parameter=name)
            values[name] = self._value(name, text)
        return self._defaults | values

    def _decode(self, raw: str) -> None:
        """Raise InvalidParameter for a value in another encoding: read as UTF-8 it would find nothing."""
        for name, _, text in (part.partition("=") for part in raw.split("&")):
            try:
                unquote_to_bytes(text).decode()
            except UnicodeDecodeError:
                told = name if PLAIN.fullmatch(name) else word("Each value")
                raise _wrong(name, say("{name} has to be in UTF-8.", name=told)) from None

    def _joined(self, request: web.Request) -> Iterator[tuple[str, str]]:
        """The declared parameters that have a value; all values of one are joined by commas."""
        for name in self._parameters:
            given = [text for text in request.query.getall(name, ()) if text]
            if given:
                yield name, ",".join(given)

    def _value(self, name: str, text: str) -> Any:
        schema = self._parameters[name].schema
        value: Any = text
        if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]{1,15}", text):
            value = int(text)
        elif schema.get("type") == "boolean" and text in {"true", "false"}:
            value = text == "true"
        if "\0" in text or not self._validators[name].is_valid(value):
            shape = orjson.dumps(dict(schema)).decode()
            raise _wrong(name, say("{name} has to fit the schema {shape}.", name=name, shape=shape))
        return value


def _wrong(name: str, told: str | Mapping[str, str]) -> errors.InvalidParameter:
    """The problem of a parameter, which is named where its name is one."""
    return errors.InvalidParameter(told, parameter=name) if PLAIN.fullmatch(name) else errors.InvalidParameter(told)


def check_type(request: web.Request) -> None:
    """Raise UnsupportedMediaType where Content-Type can't be read: aiohttp asks Python's email, which fails at some."""
    try:
        request.content_type  # noqa: B018 - it is kept
    except Exception:
        told = say("Content-Type can't be read: give a media type, and its parameters as name=value.")
        raise errors.UnsupportedMediaType(told) from None


async def read_body(request: web.Request, limit: int, media_type: str = JSON) -> bytes:
    """The whole body. Raises UnsupportedMediaType, TooLarge."""
    if request.content_type != media_type:
        raise errors.UnsupportedMediaType(say("Send the body as {type}.", type=media_type), accepted=[media_type])
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise errors.UnsupportedMediaType(say("Send the body without Content-Encoding."))
    if (request.content_length or 0) > limit:
        raise errors.TooLarge(limit=limit)
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                size += len(chunk)
                if size > limit:
                    raise errors.TooLarge(limit=limit)
                parts.append(chunk)
    except TimeoutError:
        raise errors.MalformedBody(say("The body was not all there after {s:g} seconds.", s=BODY_TIMEOUT_S)) from None
    return b"".join(parts)
