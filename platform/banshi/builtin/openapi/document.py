"""The OpenAPI 3.1 document, made from the same declarations that serve the requests.

A verb whose body differs per item becomes one operation per item, so that generated clients know every form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import jsonschema_rs

from banshi.builtin.openapi.kinds import named_schemas
from banshi.builtin.openapi.links import links_of, shared_links
from banshi.forms.vocabulary.served import described
from banshi.kernel.contract.routes import EVENTS, Answer, Audience, Route
from banshi.kernel.contract.values import LANGUAGES, Item
from banshi.kernel.http.callers import BEARERS
from banshi.kernel.http.dispatch import SEGMENT
from banshi.kernel.http.document_schemas import ref
from banshi.kernel.http.idempotency import HEADER, MAX_KEY_CHARS, VISIBLE
from banshi.kernel.http.responses import JSON, PROBLEM, encode
from banshi.kernel.loading.registry import Registry

WHO = {
    Audience.ANYONE: "Anyone.",
    Audience.CITIZEN: "Citizens.",
    Audience.STAFF: "Staff.",
    Audience.PERSON: "Citizens and staff.",
    Audience.OFFICER: "Officers.",
    Audience.INTEGRATOR: "Integrators' programs.",
}

#: What a reader has to know before the first operation.
ABOUT = """\
JSON in UTF-8; errors are problem documents (RFC 9457) with a stable `code`. `Accept-Language` chooses Chinese or
English. Lists go on with `cursor`, reads have an `ETag`, and a request with an `Idempotency-Key` makes its thing once.

Each business item has operations of its own, with the schema of its own form."""

#: Keywords of JSON Schema whose keys are the form's own names, and those whose values are data.
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LITERAL = frozenset({"enum", "const", "default", "examples", "required", "dependentRequired"})

#: What a problem with that status means, where a route doesn't say it in its own words.
PROBLEMS = {
    400: "A parameter or the body can't be read.",
    401: "A bearer token is missing or not valid.",
    403: "The token is for somebody else.",
    404: "There is nothing here that the caller may see.",
    409: "It does not fit the present state.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "Some fields are wrong; `problems` lists them all.",
    429: "Too much of it within a minute or a day; see Retry-After.",
    502: "The department's service failed.",
    503: "The platform or the department can't answer now; see Retry-After.",
    504: "The department's service took too long.",
}


def document(registry: Registry, routes: Sequence[Route], department: str | None = None) -> Iterator[bytes]:
    """The description as JSON, of all items or of one department's.

    It comes piece by piece: that of ten thousand items fills more memory than all the rest.
    """
    of_whom = f": {registry.departments[department].title[LANGUAGES[-1]]}" if department else ""
    head = {
        "openapi": "3.1.0",
        "info": {
            "title": f"Banshi{of_whom}",
            "version": version("banshi"),
            "summary": "One door to every department of a city.",
            "description": ABOUT,
            "contact": {"name": registry.configuration.settings.pass_issuer},
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({route.tag for route in routes})],
        "components": {
            "schemas": named_schemas(registry),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "OpenID Connect."},
                **_client_credentials(registry, routes),
            },
            **({"links": shared} if (shared := shared_links(routes)) else {}),
        },
    }
    yield encode(head)[:-1] + b',"paths":{'
    separator = b""
    for path, operations in _paths(registry, routes, department):
        yield separator + encode(path) + b":" + encode(operations)
        separator = b","
    yield b"}}"


def _paths(registry: Registry, routes: Iterable[Route], department: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each path with its operations by method; each item is looked at once."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    for path, some in by_path.items():
        shared = {route.method.lower(): _operation(route) for route in some if route.per_item is None}
        if shared:
            yield path, shared
    of_items = [
        (path, found) for path, some in by_path.items() if (found := [one for one in some if one.per_item is not None])
    ]
    items = registry.items
    codes = (
        None if department is None else [code for code in items.codes() if items.facts(code).department == department]
    )
    for item in items.each(codes):
        for path, some in of_items:
            own = {
                route.method.lower(): _operation(route, item, body)
                for route in some
                if route.per_item is not None and (body := route.per_item(item)) is not None
            }
            if own:
                yield path.replace("{code}", item.code), own


def _operation(route: Route, item: Item | None = None, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    suffix = "_" + item.code.replace("-", "_") if item else ""
    operation: dict[str, Any] = {
        "operationId": route.operation + suffix,
        "summary": f"{route.summary} ({' · '.join(item.title.values())})" if item else route.summary,
        "description": WHO[route.audience],
        "tags": [route.tag],
        "security": _security(route),
        "parameters": _parameters(route, skip={"code"} if item else frozenset()),
        "responses": responses_of(route),
    }
    if route.deprecated:
        operation["deprecated"] = True
    if route.body is not None:
        body = route.body.schema
    if body is not None:
        content: dict[str, Any] = {JSON: {"schema": _inlined(described(body, LANGUAGES[-1], "enum"))}}
        if route.signed is not None:
            content[route.signed.media_type] = {"schema": dict(route.signed.schema)}
        operation["requestBody"] = {"required": True, "content": content}
    elif route.raw_body is not None:
        content = {media_type: {"schema": schema} for media_type, schema in route.raw_body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.audience is Audience.ANYONE:
        return []
    if route.audience is Audience.INTEGRATOR:
        return [{"client": [route.scope] if route.scope else []}]
    return [{"bearer": []}, {}] if route.unnamed_at else [{"bearer": []}]


def _client_credentials(registry: Registry, routes: Sequence[Route]) -> dict[str, Any]:
    """How integrators' programs sign in, where a plugin gives them tokens."""
    scopes = {one.scope: one.summary for one in routes if one.scope}
    for _, bearer in registry.offered(BEARERS):
        flow = {"tokenUrl": bearer.token_url, "scopes": scopes}
        return {"client": {"type": "oauth2", "flows": {"clientCredentials": flow}}}
    return {}


def _parameters(route: Route, skip: Iterable[str]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": dict(route.path_schemas.get(name, SEGMENT))}
        for name in route.path_names
        if name not in skip
    ]
    parameters += [
        {"name": one.name, "in": one.place, "description": one.description, "schema": dict(one.schema)}
        for one in route.parameters
    ]
    if route.creates:
        schema = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS, "pattern": f"^{VISIBLE.pattern}$"}
        description = "The same key and body are answered with the stored answer; take a new one per intention."
        parameters.append({"name": HEADER, "in": "header", "description": description, "schema": schema})
    return parameters


def responses_of(route: Route) -> dict[str, Any]:
    """What a route may answer, by status, as the description has it."""
    responses = {}
    for status, answer in sorted(route.answers.items()):
        told: dict[str, Any] = {"description": answer.description}
        if status >= 400:
            told["content"] = _errors(route)
            # What a standard has in place of a problem document, where the handler speaks it.
            told["content"] |= {answer.media_type: {"schema": _shape(answer)}} if answer.schema is not None else {}
        elif status != 204 and answer.media_type:
            told["content"] = {answer.media_type: {"schema": _shape(answer)}}
        if answer.headers:
            told["headers"] = {
                name: {"description": text, "schema": {"type": "string"}} for name, text in answer.headers.items()
            }
        if links := links_of(route, answer):
            told["links"] = links
        responses[str(status)] = told
    for status in statuses_of(route) - route.answers.keys():
        if status == 304:
            responses["304"] = {"description": "The caller has it already (If-None-Match)."}
        else:
            responses[str(status)] = {"description": PROBLEMS[status], "content": _errors(route)}
    return dict(sorted(responses.items()))


def _errors(route: Route) -> dict[str, Any]:
    """The body of whatever goes wrong."""
    if route.errors is None:
        return {PROBLEM: {"schema": ref("Problem")}}
    shape = _shape(Answer("", route.errors.schema, media_type=route.errors.media_type))
    return {route.errors.media_type: {"schema": shape}}


def _shape(answer: Answer) -> dict[str, Any]:
    """The schema of an answer's body; of one that isn't JSON, whether it is text or a file."""
    if answer.schema is not None:
        told: dict[str, Any] = _untitled(answer.schema)
        return told
    if answer.media_type in {JSON, EVENTS}:  # of a stream, it would be each event's
        return {}
    return {"type": "string"} if answer.media_type.startswith("text/") else {"type": "string", "format": "binary"}


def statuses_of(route: Route) -> set[int]:
    """All that the description names: the handler's own, and those that the way of a request can give."""
    statuses = {400, 503, *route.answers}
    if route.method == "GET":
        statuses.add(304)
    if route.audience is not Audience.ANYONE:
        statuses |= {401, 403}
    if "{" in route.path:
        statuses.add(404)
    if route.body is not None or route.per_item is not None or route.raw_body is not None:
        statuses |= {409, 413, 415, 422}
    if route.per_item is not None:
        statuses |= {502, 504}
    if route.counted:
        statuses.add(429)
    return statuses


def _inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A form's schema with its own references resolved: inside this document they would point elsewhere."""
    if "$defs" in schema or "$ref" in schema:
        schema = dict(jsonschema_rs.dereference(dict(schema)))
        schema.pop("$defs", None)
    told: dict[str, Any] = _untitled(schema)
    return told


def _untitled(schema: Any) -> Any:
    """A schema whose titles stand before its descriptions: generators name their types by a title, even by 车型."""
    if isinstance(schema, list):
        return [_untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NAMED and isinstance(value, dict):
            told[key] = {name: _untitled(one) for name, one in value.items()}
        elif key in {"const", "enum"} and (value is True or (value == [True] and value[0] is True)):
            # Of a choice generators make a type, and of true one that doesn't compile.
            told |= {"type": "boolean", "not": {"const": False}}
        elif key in _LITERAL or key.startswith("x-"):
            told[key] = value
        elif key != "title":
            told[key] = _untitled(value)
    if "title" in schema:
        told["description"] = (
            f"{schema['title']}. {schema['description']}" if "description" in schema else schema["title"]
        )
    return told
