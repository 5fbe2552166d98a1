"""What an integrator sends: the items of a service, where it is called, and what of it is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from banshi import Call, Conflict, Department, FieldProblem, Forbidden, InvalidFields, Item, Update
from banshi.sdk.documents import Record, array, optional
from banshi.sdk.outgoing import key_of

from ..calls.sync import Services
from ..declared import declared_by, owner_of
from ..models import RemoteService, ServiceItem
from ..sentences import say

#: The scope that a client needs, for the department or for all.
SCOPE = "services"

#: What an endpoint may be asked beside a query of its registers.
CALLS = ("validate", "review", "claims", "slots")

#: Kinds whose verbs a service can stand behind.
KINDS = ("appeal", "application", "appointment", "posting", "query")

SLUG = {"type": "string", "pattern": r"^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64}

_VERSION: Mapping[str, Any] = {
    "endpoint": {"type": "string", "maxLength": 2048, "description": "The https:// address that is called."},
    "calls": optional(
        array(
            {"type": "string", "enum": list(CALLS)},
            uniqueItems=True,
            default=["review"],
            description="What it takes beside queries of its registers.",
        )
    ),
    "items": array(
        {"type": "object"},
        minItems=1,
        description="Each as a table [[items]] of items.toml; a form is its JSON Schema.",
    ),
    "registers": optional(array({"type": "object"}, description="Each as a table [[registers]] of registers.toml.")),
}

_SERVICE: Mapping[str, Any] = {
    "code": SLUG,
    "department": {**SLUG, "description": "Whose items they will be; its staff approve the service."},
    "secret": optional(
        {
            "type": "string",
            "maxLength": 120,
            "description": "whsec_ and 24 to 64 random bytes in base64; made and shown once where it is left out.",
        }
    ),
}

NEW_SERVICE = Record(**_SERVICE, **_VERSION).form()
NEW_VERSION = Record(**_VERSION).form()


def allowed_department(call: Call, code: str) -> Department:
    """The department, for which the client has the scope. Raises InvalidFields, Forbidden."""
    department = call.platform.registry.departments.get(code)
    if department is None:
        told = say("There is no such department; look for it in the list of departments.")
        raise InvalidFields([FieldProblem("/department", told, "unknown")])
    if not call.client.may(SCOPE, code):
        raise Forbidden(
            say("The token does not allow {scope}:{code}.", scope=SCOPE, code=code), scope=f"{SCOPE}:{code}"
        )
    return department


async def read_declaration(call: Call, services: Services, code: str, department: Department) -> tuple[str, list[Item]]:
    """The endpoint as it is called, and the items; everything that is wrong at once, as InvalidFields."""
    body, outgoing, settings = call.body, services.outgoing, services.settings
    problems: list[FieldProblem] = []
    endpoint = ""
    try:
        endpoint = outgoing.checked(body["endpoint"])
    except ValueError as error:
        problems.append(FieldProblem("/endpoint", say("endpoint {error}.", error=error), "wrong-endpoint"))
    if len(body["items"]) > settings.items:
        told = say("A service has {items} items at most; register another one for the rest.", items=settings.items)
        raise InvalidFields([*problems, FieldProblem("/items", told, "maxItems")])
    registry = call.platform.registry
    async with services.checking:
        found = await asyncio.to_thread(declared_by, registry, owner_of(code), body, department)
    about = f"{owner_of(code)}: "
    problems += [
        FieldProblem("/items", finding.advice.removeprefix(about), finding.rule)
        for finding in found.findings
        if not finding.warning
    ]
    for item in found.items:
        if item.kind not in KINDS:
            told = say(
                "items.{code}: a service offers {value}; {kind} is a plugin's.",
                code=item.code,
                value=", ".join(KINDS),
                kind=item.kind,
            )
            problems.append(FieldProblem("/items", told, "unknown-kind"))
    if problems:
        raise InvalidFields(problems)
    return endpoint, list(found.items)


def raised_versions(
    before: Iterable[Sequence[Mapping[str, Any]]], now: Sequence[Mapping[str, Any]]
) -> list[FieldProblem]:
    """Items that can't follow on what cases rest on: another kind, or other content under no higher version.

    Args:
        before: The items of the versions that were approved, the newest first.
        now: Those that are to be.
    """
    known: dict[str, Mapping[str, Any]] = {}
    highest: dict[str, int] = {}
    for table in (table for tables in before for table in tables):
        code = table["code"]
        known.setdefault(code, table)
        highest[code] = max(highest.get(code, 0), table.get("version", 1))
    wrong = []
    for position, table in enumerate(now):
        code = table["code"]
        old = known.get(code)
        if old is None:
            continue
        if old["kind"] != table["kind"]:
            told = say(
                "items.{code} is of the kind {value} for good: give another kind another code.",
                code=code,
                value=old["kind"],
            )
            wrong.append(FieldProblem(f"/items/{position}/kind", told, "other-kind"))
        version = table.get("version", 1)
        if version < highest[code] or (version == highest[code] and old != table):
            told = say("items.{code} has changed: give it a version above {value}.", code=code, value=highest[code])
            wrong.append(FieldProblem(f"/items/{position}/version", told, "same-version"))
    return wrong


async def new_codes(call: Call, service_id: Any, items: Iterable[Item]) -> tuple[list[Update], list[ServiceItem]]:
    """What makes the codes the service's own. Raises Conflict for one that is somebody else's.

    A service that retired before it ever ran has left its codes to others.
    """
    codes = [item.code for item in items]
    held = {row.code: row.service_id for row in await ServiceItem.filter(code__in=codes)}
    never = RemoteService.filter(id__in=set(held.values()), state="retired", current=0)
    left = set(await never.values_list("id", flat=True)) if held else set()
    registry = call.platform.registry
    updates, rows = [], []
    for code in codes:
        owner = held.get(code)
        if owner is None and code not in registry.items:
            rows.append(ServiceItem(code=code, service_id=service_id))
        elif owner in left and owner != service_id:
            updates.append(Update(ServiceItem, {"code": code, "service_id": owner}, {"service_id": service_id}))
        elif owner != service_id:
            raise Conflict(
                say("There is an item of the code {code!r} already; take another one.", code=code), item=code
            )
    return updates, rows


def given_secret(text: str) -> str:
    """A secret that the integrator brings. Raises InvalidFields."""
    try:
        key_of(text)
    except ValueError as error:
        raise InvalidFields([FieldProblem("/secret", say("secret {error}.", error=error), "wrong-secret")]) from None
    return text
