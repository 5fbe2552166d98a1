"""What is wrong with a route: its declaration is its documentation, and the kernel's routes are taken."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Set
from functools import partial
from typing import Any

import jsonschema_rs

from banshi.builtin.identity.access import untold
from banshi.builtin.openapi.kinds import named_schemas
from banshi.builtin.openapi.schemas import SCHEMAS
from banshi.foundation.findings import Finding, one_line
from banshi.kernel.contract.routes import Audience, Route
from banshi.kernel.loading.registry import Registry

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes_are_distinct(registry: Registry) -> Iterator[Finding]:
    """No two routes have one verb and path, or one operation; the kernel's are among them."""
    seen: dict[str, str] = {}
    for plugin, route in registry.routes:
        path = re.sub(r"{[^}]*}", "{}", str(route.path))
        for key, what in ((f"{route.method} {path}", f"{route.method} {route.path}"), (route.operation, "operation")):
            if key in seen:
                told_as = what if what != "operation" else f"operation {route.operation!r}"
                yield Finding(plugin, "duplicate-route", f"change {told_as}: {seen[key]} has registered it already")
            seen.setdefault(key, plugin)


def routes_say_what_they_do(registry: Registry) -> Iterator[Finding]:
    """A route says who may call it, what goes in and what comes out; the API's documentation is made of that."""
    judge = partial(route_faults, known=named_schemas(registry).keys())
    return of_each_route(registry, "incomplete-route", judge, "give each field of the route a value of its type")


def of_each_route(
    registry: Registry, rule: str, judge: Callable[[Route], Iterator[str]], mistyped: str
) -> Iterator[Finding]:
    """What is wrong with each route; of one with a value of another type, what is `mistyped`."""
    for plugin, route in registry.routes:
        try:
            faults = list(judge(route))
        except (AttributeError, TypeError) as error:
            faults = [f"{mistyped}: {one_line(error)}"]
        for advice in faults:
            yield Finding(plugin, rule, f"{route.method} {route.path}: {advice}")


def roles_are_told(registry: Registry) -> Iterator[Finding]:
    """Warns of plugins with routes for staff that don't say which roles these ask for: no role is refused there."""
    for plugin, department in untold(registry):
        where = f"of {department}" if department else "of every department"
        advice = f"offer ROLES with the roles that its routes ask for: until then any role {where} is taken for known"
        yield Finding(plugin, "untold-roles", advice, warning=True)


def route_faults(route: Route, known: Set[str] = SCHEMAS.keys()) -> Iterator[str]:
    """What is wrong with the declaration of one route."""
    if route.method not in METHODS:
        yield f"method is one of {', '.join(METHODS)}"
    if not isinstance(route.audience, Audience):
        yield f"audience is an Audience, such as Audience.CITIZEN, not {route.audience!r}"
    if route.scope and (
        # On a route for anyone the token is in the body, where its handler finds it.
        not (route.audience is Audience.INTEGRATOR or (route.audience is Audience.ANYONE and route.raw_body))
        or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", route.scope)
    ):
        yield f"scope is a verb such as services, of a route for Audience.INTEGRATOR, not {route.scope!r}"
    if route.from_replica and (route.method != "GET" or route.audience is not Audience.ANYONE):
        yield "from_replica is for a GET for Audience.ANYONE: whoever has just written reads it back"
    if not inspect.iscoroutinefunction(route.handler):
        yield "write `async def` for its handler: it is awaited"
    parameters = re.findall(r"{(\w+)}", route.path)
    if not route.path.startswith("/") or re.search(r"[{}]", re.sub(r"{\w+}", "", route.path)):
        yield "path begins with / and names its parameters as {name}; path_schemas says what they may be"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", route.operation):
        yield "operation is a name such as list_zones: a function in generated clients"
    if not route.summary.strip() or not route.tag.strip():
        yield "say in summary, or first in its docstring, what it does, and in tag where it belongs"
    if not any(status < 400 for status in route.answers):
        yield "describe in answers what comes back when all is well"
    for status, answer in route.answers.items():
        if not answer.description.strip():
            yield f"describe answers[{status}]"
        for name in sorted(_references(answer.schema) - known):
            yield f"mend answers[{status}].schema: there is no schema {name!r}"
    for parameter in route.parameters:
        if not parameter.description.strip():
            yield f"describe the parameter {parameter.name}"
    schemas = {one.name: one.schema for one in route.parameters} | dict(route.path_schemas)
    for name, schema in schemas.items():
        try:
            validator = jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)
        except ValueError as error:
            yield f"mend the schema of {name}: {str(error).splitlines()[0]}"
        else:
            if "default" in schema and not validator.is_valid(schema["default"]):
                yield f"mend the default of {name}, which its own schema does not take: {schema['default']!r}"
    for name in sorted(set(route.path_schemas) - set(parameters)):
        yield f"remove path_schemas[{name!r}]: the path has no such parameter"
    bodies = [route.body is not None, route.raw_body is not None, route.per_item is not None]
    if sum(bodies) > 1 or (route.method == "GET" and any(bodies)):
        yield "take one body (body, raw_body or per_item), and none with GET"
    if route.signed is not None and (route.body is None or not inspect.iscoroutinefunction(route.signed.handler)):
        yield "signed stands beside a JSON body, and its handler is an `async def`"
    if route.per_item is not None and "code" not in parameters:
        yield "put {code} into the path: per_item is about the item of that code"


def _references(schema: Any) -> set[str]:
    """The schemas of the API's document that a schema refers to."""
    found, waiting = set(), [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            own = part.get("$ref")
            if isinstance(own, str) and own.startswith("#/components/schemas/"):
                found.add(own.rpartition("/")[2])
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return found
