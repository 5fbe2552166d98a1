"""The catalogue face: departments and items, the guide and the form of each. Open to anyone, prepared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from banshi.builtin.catalogue.beside import BESIDE_GUIDE
from banshi.builtin.catalogue.browsing.places import changes_at, state_of
from banshi.builtin.catalogue.elements import elements_document, elements_of
from banshi.builtin.catalogue.material_fields import form_document
from banshi.builtin.catalogue.remedies import decided, remedy_document, remedy_of
from banshi.builtin.identity.access import ROLE_TITLES
from banshi.builtin.openapi.kinds import KIND_TYPES
from banshi.builtin.openapi.schemas.items import DEPARTMENT, GUIDE, ITEM_SUMMARY, NO_DEPARTMENT
from banshi.builtin.openapi.titles import shown_by
from banshi.builtin.sentences import say, word
from banshi.foundation.errors import NotFound
from banshi.foundation.keys import Key
from banshi.kernel.cases.actions import title_in, words_of
from banshi.kernel.cases.beginning import BEGINNINGS, BY_CASE
from banshi.kernel.cases.materials import SOURCES
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import LANGUAGES, Department, Item, Texts, Who, text_in
from banshi.kernel.http.document_schemas import named, ref
from banshi.kernel.http.ready import ReadyAnswer
from banshi.kernel.http.responses import encode, page_answer, ready_json, reply, reply_ready
from banshi.kernel.loading.cached import PerRevision
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform

ROUTES = Routes("catalogue")

#: Guides that stay in memory, some kilobytes each.
MAX_GUIDES = 512

#: Guides by item and language, made at the first request for each, with until when the places in it are as it says:
#: None where it has none whose hours are known.
Guides = dict[tuple[str, str], tuple[datetime | None, ReadyAnswer]]
GUIDES: Key[PerRevision[Guides]] = Key("guides")


@ROUTES.get(
    "/v1/departments",
    Audience.ANYONE,
    {
        200: page_answer(
            ref("Department"),
            Link("show_department", {"code": "$response.body#/items/0/code"}),
            Link("list_items", {"department": "$response.body#/items/0/code"}),
        )
    },
)
async def list_departments(call: Call) -> web.StreamResponse:
    """List the departments."""
    platform = call.platform
    documents = [department_document(platform, one, call.language) for one in platform.registry.departments.values()]
    return reply(call, {"items": documents, "next": None})


@ROUTES.get(
    "/v1/departments/{code}",
    Audience.ANYONE,
    {
        200: Answer(
            "The department.", ref("Department"), links=[Link("list_items", {"department": "$response.body#/code"})]
        )
    },
)
async def show_department(call: Call) -> web.StreamResponse:
    """Show one department."""
    department = call.platform.registry.departments.get(call.path["code"])
    if department is None:
        raise NotFound(NO_DEPARTMENT, see="/v1/departments")
    document = department_document(call.platform, department, call.language)
    return reply(call, document | {"roles": roles_in(call.platform.registry, department.code, call.language)})


@ROUTES.get(
    "/v1/items/{code}",
    Audience.ANYONE,
    {
        200: Answer(
            "The guide.",
            ref("Item"),
            links=[
                Link("list_materials", {"code": "$response.body#/code"}),
                Link("list_slots", {"code": "$response.body#/code"}),
                Link("show_department", {"code": "$response.body#/department"}),
            ],
        )
    },
)
async def show_item(call: Call) -> web.StreamResponse:
    """Show an item's guide, its form and the links to its verbs."""
    code = call.path["code"]
    guides = call.platform[GUIDES].get()
    until, guide = guides.get((code, call.language), (None, None))
    # The clock is asked only where it matters.
    if guide is None or (until is not None and until <= call.now):
        item = call.platform.registry.items.get(code)
        if item is None:
            raise NotFound(say("There is no such item; look for it in the list of items."), see="/v1/items")
        # Before the body is made: what changes meanwhile is over then, and it is made anew.
        states = [state_of(call.platform, one.opening) for one in item.places if one.opening]
        until = changes_at(call.platform, states) if states else None
        guide = ready_json(encode(item_document(call.platform, item, call.language)), call.language)
        guides[code, call.language] = until, guide
        if len(guides) > MAX_GUIDES:
            del guides[next(iter(guides))]
    return reply_ready(call, guide)


def department_document(platform: Platform, department: Department, language: str) -> dict[str, Any]:
    return DEPARTMENT.of(
        platform,
        department,
        title=text_in(department.title, language),
        units=[named(unit.code, unit.title, language) for unit in department.units],
        remedy=remedy_document(department.remedy, language),
        links={"self": f"/v1/departments/{department.code}", "items": f"/v1/items?department={department.code}"},
    )


def item_summary(platform: Platform, item: Item, language: str) -> dict[str, Any]:
    return ITEM_SUMMARY.of(
        platform,
        item,
        title=text_in(item.title, language),
        summary=text_in(item.summary, language),
        **summary_words(platform.registry, item, language),
        **{name: in_language(getattr(item, name), language) for name in ("fee", "online_depth")},
        links={"self": f"/v1/items/{item.code}", "department": f"/v1/departments/{item.department}"},
    )


def item_document(platform: Platform, item: Item, language: str) -> dict[str, Any]:
    """The guide: everything that the department declared, in one language, with the form and the links to the verbs."""
    document = item_summary(platform, item, language)
    document |= {name: in_language(getattr(item, name), language) for name in GUIDE}
    document["details"] = {"kind": item.kind, **(document["details"] or {})}
    document["elements"] = elements_document(
        elements_of(item, platform.registry.departments.get(item.department)), language
    )
    remedy = remedy_of(platform.registry, item) if decided(item) else None
    document["remedy"] = remedy_document(remedy, language)
    document |= guide_words(platform.registry, item, language)
    for told, material in zip(document["materials"], item.materials, strict=True):
        told["source_title"] = text_in(SOURCES[material.source], language)
    for told, place in zip(document["places"], item.places, strict=True):
        told |= state_of(platform, place.opening).document(platform)
    document["form"] = form_document(item, language)
    document["begin"] = _beginning(platform, item, language)
    for _, beside in platform.registry.offered(BESIDE_GUIDE):
        document |= beside.members(platform, item, language)
    verbs = {
        route.operation: route.path.replace("{code}", item.code)
        for _, route in platform.registry.routes
        if (route.per_item is not None and route.per_item(item) is not None)
        or (route.linked is not None and route.linked(item))
    }
    document["links"] |= verbs
    return document


def _beginning(platform: Platform, item: Item, language: str) -> dict[str, Any] | None:
    """By whom the item is begun, and the schema of what goes in beside the answers; None where it can't be."""
    envelope = platform[BEGINNINGS].of(item)[0]
    if envelope is None:
        return None
    begins, schema = platform.registry.kinds[item.kind].begins or BY_CASE, envelope.described(language)
    return {
        "audience": begins.audience.value,
        "unnamed": begins.unnamed(item) if begins.unnamed else "never",
        "schema": {
            **schema,
            "required": [name for name in schema["required"] if name != "answers"],
            "properties": {name: one for name, one in schema["properties"].items() if name != "answers"},
        },
    }


def in_language(value: Any, language: str) -> Any:
    """A declared value as JSON, with every text in several languages replaced by the one asked for."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: in_language(getattr(value, name), language) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        if LANGUAGES[0] in value:
            return text_in(value, language)
        return {name: in_language(part, language) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [in_language(part, language) for part in value]
    return value


AUDIENCE: Mapping[str, Texts] = {"person": word("Persons"), "organisation": word("Organisations")}


def summary_words(registry: Registry, item: Item, language: str) -> dict[str, Any]:
    """Of what kind an item is, whose, and whom it is for."""
    kind, department = registry.kinds[item.kind], registry.departments[item.department]
    return {
        "kind_title": text_in(kind.title, language),
        "department_title": text_in(department.title, language),
        "audience_titles": [text_in(AUDIENCE[one], language) for one in item.audience],
    }


def guide_words(registry: Registry, item: Item, language: str) -> dict[str, Any]:
    """The unit, and the members that its cases have under `details`."""
    units = {unit.code: unit.title for unit in registry.departments[item.department].units}
    types = [one for _, one in registry.offered(KIND_TYPES) if one.kind == item.kind]
    return {
        "unit_title": text_in(units[item.unit], language) if item.unit in units else item.unit,
        "case_details": shown_by(types[0].details, language) if types else None,
    }


def roles_in(registry: Registry, department: str, language: str) -> list[dict[str, Any]]:
    """Each role that works on cases of the department, by name, with the steps that it may take: a step stands there
    once in each of its items' words, as 不予许可 of permits and 不予办理 of all else.
    """
    found: dict[str, dict[tuple[str, str, str], dict[str, str]]] = {}
    items = registry.items
    for item in items.each([code for code in items.codes() if items.facts(code).department == department]):
        kind = registry.kinds[item.kind]
        _, words = words_of(kind, item)
        titles = {"kind": kind.name, "kind_title": text_in(kind.title, language)}
        for role in (*kind.roles, *item.readers):
            found.setdefault(role, {})
        for step in item.steps:
            if Who.STAFF in step.who:
                label = title_in(words, step.action, language)
                told = {**titles, "action": step.action, "label": label}
                found.setdefault(step.role, {})[kind.name, step.action, label] = told
    return [
        {"role": role, "title": title_in(ROLE_TITLES, role, language), "actions": list(actions.values())}
        for role, actions in sorted(found.items())
    ]
