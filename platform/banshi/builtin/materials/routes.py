"""The materials' face: what an item needs from its reader, and what of that the platform has already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from banshi.builtin.materials import Earlier, earlier_files
from banshi.builtin.materials.vocabulary import document_of
from banshi.builtin.openapi.schemas.items import MATERIAL, OFFERED_FILE, offered_case
from banshi.builtin.sentences import say, word
from banshi.foundation.errors import NotFound
from banshi.kernel.cases.materials import SOURCES
from banshi.kernel.cases.modes import offered
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link, Parameter
from banshi.kernel.contract.values import Item, Material, Texts, text_in
from banshi.kernel.http.document_schemas import ID, named, ref
from banshi.kernel.http.responses import reply
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case

ROUTES = Routes("cases")

#: The first thing that can be handed in again.
OFFER = "$response.body#/materials/0/offers/0"

#: What people read for what they do about a material.
HOW: Mapping[str, Texts] = {
    "upload": word("Upload it"),
    "in-person": word("Bring it with you"),
    "not-needed": word("You need not hand it in"),
}


@ROUTES.get(
    "/v1/items/{code}/materials",
    Audience.CITIZEN,
    {
        200: Answer(
            "The materials, with what can be handed in again.",
            ref("Materials"),
            links=[
                Link("show_item", {"code": "$response.body#/item/code"}),
                Link("show_case", {"id": f"{OFFER}/case/id"}),
                Link("download", {"id": f"{OFFER}/files/0/id"}),
            ],
        ),
        404: Answer("There is no such item, or no such case of the caller's."),
    },
    parameters=(Parameter("case", ID, "Offer what this case of the caller's has, and no other."),),
    linked=lambda item: bool(item.materials),
)
async def list_materials(call: Call) -> web.StreamResponse:
    """List what an item needs, and what of that the platform has from the caller's earlier cases."""
    platform, language, person = call.platform, call.language, call.principal.subject
    item = offered(platform, call.path["code"], call.principal)
    if item is None:
        raise NotFound(say("There is no such item; look for it in the list of items."), see="/v1/items")
    case_id = call.query.get("case")
    if case_id is not None and not await Case.filter(id=case_id, person=person).exists():
        raise NotFound(say("There is no such case that you may see."))
    offers = await earlier_files(platform, item, person, case_id=case_id)
    department = platform.registry.departments[item.department]
    materials = []
    for material in item.materials:
        document = document_of(material, department)
        told = {
            "title": text_in(material.title, language),
            "source_title": text_in(SOURCES[material.source], language),
            "how": how(material),
            "how_title": text_in(HOW[how(material)], language),
            "document": named(material.document, document.title, language) if document else None,
            "offers": [_offer(platform, item, one, language) for one in offers.get(material.field, ())],
        }
        materials.append(MATERIAL.of(platform, material, **told))
    return reply(call, {"item": named(item.code, item.title, language), "materials": materials})


def how(material: Material) -> str:
    """What the citizen does about it: nothing where the platform has it from a register or a department."""
    if material.field:
        return "upload"
    return "not-needed" if material.source == "platform" else "in-person"


def _offer(platform: Platform, item: Item, earlier: Earlier, language: str) -> dict[str, Any]:
    about = earlier.document.concerns
    department = platform.registry.departments[item.department]
    return {
        "case": offered_case(platform, earlier.case, language),
        "concerns": {"title": text_in(about, language), "value": earlier.concerns} if about else None,
        "files": [
            OFFERED_FILE.of(platform, file, links={"self": f"/v1/attachments/{file.id}"}) for file in earlier.files
        ],
        "uploaded_at": platform.moment(min(file.created_at for file in earlier.files)),
        "until": platform.moment(earlier.until),
        "consent": {
            "id": earlier.consent.id,
            "department": named(department.code, department.title, language),
            "purpose": text_in(item.title, language),
            "text": dict(earlier.consent.texts),
        },
    }
