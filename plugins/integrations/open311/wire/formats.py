"""The two formats of an answer: XML, which the standard asks for, and JSON, made from the same document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web
from lxml import etree

from banshi import Call
from banshi.sdk.http import etag_of, reply_bytes

#: Any page may read what is public.
OPEN = {"Access-Control-Allow-Origin": "*"}

#: What a list's members are called in XML.
MEMBERS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}

#: Signs that XML 1.0 doesn't have (section 2.2).
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Format:
    #: As it stands at the end of an address.
    name: str
    media_type: str
    #: From the root's name and the document to bytes in UTF-8.
    write: Callable[[str, Any], bytes]

    @property
    def content_type(self) -> str:
        return f"{self.media_type}; charset=utf-8"


def _xml(root: str, document: Any) -> bytes:
    written: bytes = etree.tostring(_element(root, document), xml_declaration=True, encoding="UTF-8")
    return written


def _element(name: str, value: Any) -> etree._Element:
    element = etree.Element(name)
    if isinstance(value, Mapping):
        element.extend([_element(key, one) for key, one in value.items()])
    elif isinstance(value, list):
        element.extend([_element(MEMBERS[name], one) for one in value])
    elif value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        element.text = NO_XML.sub("\ufffd", text)
    return element


XML = Format("xml", "text/xml", _xml)
JSON = Format("json", "application/json", lambda _, document: orjson.dumps(document))


def answer(call: Call, written: Format, root: str, document: Any) -> web.Response:
    """A document in the caller's format and language; for a read with its ETag, or 304."""
    body = written.write(root, document)
    spoken = {"Content-Language": call.language, "Vary": "Accept-Language"}
    if call.route.method == "GET":
        return reply_bytes(call, body, written.content_type, etag_of(body), {**OPEN, **spoken})
    headers = {"Content-Type": written.content_type, "Cache-Control": "no-store", **spoken}
    return web.Response(body=body, headers=headers)
