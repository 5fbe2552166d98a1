"""A room's routes, each declared above its handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from banshi.kernel.contract.routes import Answer, Audience, Call, ErrorFormat, Method, Parameter, Route, SignedBody

if TYPE_CHECKING:
    from aiohttp import web

    from banshi.forms import Form
    from banshi.kernel.contract.items import Item

Answers = Mapping[int, Answer]
Handler = Callable[[Call], Awaitable["web.StreamResponse"]]
Decorator = Callable[[Handler], Handler]

#: What a parameter of a path is by its name, where its route doesn't say.
PATH_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "id": {"type": "string", "format": "uuid"},
    "action": {"type": "string", "pattern": "^[a-z][a-z-]{0,31}$"},
}


class RouteOptions(TypedDict, total=False):
    """What a declaration may say beyond verb, path, audience and answers: the fields of `Route`."""

    operation: str
    summary: str
    parameters: Sequence[Parameter]
    path_schemas: Mapping[str, Mapping[str, Any]]
    body: Form | None
    raw_body: Mapping[str, Mapping[str, Any]]
    signed: SignedBody
    creates: bool
    counts: bool
    scope: str
    lenient: bool
    from_replica: bool
    errors: ErrorFormat
    unnamed: bool
    unnamed_at: Callable[[Mapping[str, str]], bool]
    deprecated: bool
    described: bool
    per_item: Callable[[Item], Mapping[str, Any] | None]
    linked: Callable[[Item], bool]


class Routes(list[Route]):
    """A room's routes, each declared above its handler: the first that fits a request takes it.

    The operation is the handler's name, the summary the first line of its docstring.
    """

    def __init__(self, tag: str, **shared: Unpack[RouteOptions]) -> None:
        self._tag, self._shared = tag, shared

    def get(self, path: str, audience: Audience, answers: Answers, **more: Unpack[RouteOptions]) -> Decorator:
        return self._declare("GET", path, audience, answers, more)

    def post(self, path: str, audience: Audience, answers: Answers, **more: Unpack[RouteOptions]) -> Decorator:
        return self._declare("POST", path, audience, answers, more)

    def put(self, path: str, audience: Audience, answers: Answers, **more: Unpack[RouteOptions]) -> Decorator:
        return self._declare("PUT", path, audience, answers, more)

    def patch(self, path: str, audience: Audience, answers: Answers, **more: Unpack[RouteOptions]) -> Decorator:
        return self._declare("PATCH", path, audience, answers, more)

    def delete(self, path: str, audience: Audience, answers: Answers, **more: Unpack[RouteOptions]) -> Decorator:
        return self._declare("DELETE", path, audience, answers, more)

    def _declare(self, method: Method, path: str, audience: Audience, answers: Answers, more: Any) -> Decorator:
        def declare(handler: Handler) -> Handler:
            function = handler.func if isinstance(handler, partial) else handler
            known = {name: one for name, one in PATH_SCHEMAS.items() if f"{{{name}}}" in path}
            summary = (function.__doc__ or "").partition("\n")[0]
            options: dict[str, Any] = {"operation": function.__name__, "summary": summary, **self._shared, **more}
            options |= {"method": method, "path": path, "audience": audience, "answers": answers, "tag": self._tag}
            known |= {name: one for name, one in self._shared.get("path_schemas", {}).items() if f"{{{name}}}" in path}
            options["path_schemas"] = {**known, **more.get("path_schemas", {})}
            self.append(Route(handler=handler, **options))
            return handler

        return declare
