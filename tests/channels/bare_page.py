"""Somebody on a bare page: reads its fields, fills them in by their names, and presses the button."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from banshi.testing import Door, Reply
from questions.plan import MISSING, choices, value_at
from questions.plan import parts_of as parts

LINK = re.compile(r"(/v1/(?:conversations/rest|tips/forms)/[A-Za-z0-9_-]+)")
FIELD = re.compile(r'<(?:input|select|textarea) name="([^"]+)"')


def link_in(text: str) -> str:
    found = LINK.search(text)
    assert found, text
    return found[1]


def node_at(schema: Any, pointer: str) -> Any:
    for part in parts(pointer):
        schema = schema["items"] if part.isdigit() else schema["properties"][part]
    return schema


def typed(schema: Any, pointer: str, value: Any) -> list[str]:
    """What a browser sends of a field with that value."""
    node = node_at(schema, pointer)
    options = [one for one, _ in choices(node)] or ([True, False] if node.get("type") == "boolean" else [])
    several = value if isinstance(value, list) else [value]
    return [str(options.index(one) + 1) for one in several] if options else [str(value)]


def fields_of(page: str) -> list[str]:
    return [unescape(one) for one in FIELD.findall(page)]


async def send(door: Door, link: str, fields: dict[str, list[str]], origin: str = "") -> Reply:
    """Press the button of the page there."""
    address = origin or door.platform.settings.address or door.url
    pairs = [(name, value) for name, values in fields.items() for value in values]
    body = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    headers = {"Origin": address, "Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "zh-CN"}
    return await door.anyone.call("POST", link, data=body.encode(), headers=headers)


def _quoted(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text)


async def handed_in(door: Door, link: str, schema: Any, whole: Any) -> str:
    """Fill in all that the page asks and hand it in; the page that comes then."""
    page = await door.anyone.get(link)
    if "/rest/" in link:
        page = await send(door, link, {})
    fields: dict[str, list[str]] = {}
    for _ in range(5):
        text = page.body.decode()
        assert page.status == 200, text
        asked = fields_of(text)
        if not asked:
            return text
        values = {name: value_at(whole, name) for name in asked}
        fields = {name: typed(schema, name, value) for name, value in values.items() if value is not MISSING}
        page = await send(door, link, fields)
    raise AssertionError(f"it asks without end: {text}")
