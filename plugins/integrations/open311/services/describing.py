"""Reads for anyone: where the endpoint is, which services there are, and what each asks."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Call, text_in

from ..wire import schemas
from ..wire.formats import JSON, XML, Format, answer
from ..wire.methods import ROOT, Methods
from .service import ENDPOINT, endpoint_for

ROUTES = Methods("open311")

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"

#: When this endpoint last changed in a way that clients notice.
CHANGESET = "2026-11-26T00:00:00Z"


@ROUTES.both("GET", "discovery", "The discovery document.", schemas.DISCOVERY, answers={})
async def discover(written: Format, call: Call) -> web.StreamResponse:
    """Show where the endpoint is."""
    office = call.platform[ENDPOINT]
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


@ROUTES.both("GET", "services", "All services.", schemas.SERVICES)
async def list_services(written: Format, call: Call) -> web.StreamResponse:
    """List the services."""
    office, registry, language = endpoint_for(call), call.platform.registry, call.language
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


@ROUTES.both("GET", "services/{service_code}", "Its attributes.", schemas.DEFINITION)
async def show_service(written: Format, call: Call) -> web.StreamResponse:
    """Show what a service asks.

    That is what it asks beside the standard's own arguments.
    """
    office = endpoint_for(call)
    service = office.service(call.path["service_code"])
    asked = [one.document(order, call.language) for order, one in enumerate(service.attributes, 1)]
    return answer(call, written, "service_definition", {"service_code": service.code, "attributes": asked})
