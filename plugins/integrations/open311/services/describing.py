"""Reads for anyone: where the endpoint is, which services there are, and what each asks."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Call, text_in

from ..wire.formats import JSON, XML, Format, answer
from .service import OFFICE

#: Where everything is.
ROOT = "/open311/v2"

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"

#: When this endpoint last changed in a way that clients notice.
CHANGESET = "2026-11-26T00:00:00Z"


async def discover(written: Format, call: Call) -> web.StreamResponse:
    """The discovery document."""
    office = call.platform[OFFICE]
    endpoint = {
        "specification": SPECIFICATION,
        "url": call.address + ROOT,
        "changeset": CHANGESET,
        "type": office.settings.stage,
        "formats": [XML.media_type, JSON.media_type],
    }
    document = {
        "changeset": CHANGESET,
        "contact": office.settings.contact,
        "key_service": office.settings.key_service,
        "endpoints": [endpoint],
    }
    return answer(call, written, "discovery", document)


async def list_services(written: Format, call: Call) -> web.StreamResponse:
    """All services."""
    office, registry, language = call.platform[OFFICE], call.platform.registry, call.language
    office.jurisdiction(call.query.get("jurisdiction_id"))
    found: list[dict[str, Any]] = [
        {
            "service_code": item.code,
            "service_name": text_in(item.title, language),
            "description": text_in(item.summary, language),
            "metadata": bool(office.services[item.code].attributes),
            "type": "realtime",
            "keywords": ", ".join(item.keywords.get(language, ())),
            "group": text_in(registry.departments[item.department].title, language),
        }
        for item in registry.items.each(office.services)
    ]
    return answer(call, written, "services", found)


async def show_service(written: Format, call: Call) -> web.StreamResponse:
    """What a service asks beside the standard's own arguments."""
    office = call.platform[OFFICE]
    office.jurisdiction(call.query.get("jurisdiction_id"))
    service = office.service(call.path["service_code"])
    asked = [one.document(order, call.language) for order, one in enumerate(service.attributes, 1)]
    return answer(call, written, "service_definition", {"service_code": service.code, "attributes": asked})
