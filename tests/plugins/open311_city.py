"""A city with a department of streets that others' programs report to, and the clients that do so."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from lxml import etree

from banshi import Write
from banshi.kernel.tables.cases import Case
from banshi.testing import Door, Reply, open_door
from tests.places import ROOT

PLUGINS = {name: ROOT / "plugins" / "integrations" / name for name in ("clients", "open311")}
DEPARTMENTS = {name: ROOT / "plugins" / "departments" / name for name in ("petitions", "fire")}
BASE = "/open311/v2"

STREETS = """
[department]
code = "streets"
title = { zh-CN = "道路处", en = "Streets & <Roads>" }
phone = "000-0000001"
"""

ITEM = """
[[items]]
code = "{code}"
kind = "appeal"
title = {{ zh-CN = "{code}路面", en = "{code} in the road" }}
summary = {{ zh-CN = "报告路面问题。", en = "Report what is wrong with a road." }}
audience = ["person"]
keywords = {{ zh-CN = ["坑"], en = ["pothole", "road"] }}
promised_days = 5
result = {{ kind = "answer", title = {{ zh-CN = "答复", en = "Answer" }} }}
form = "{code}.json"
{more}
"""

#: A field of each sort that the standard can send.
POTHOLE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["what", "size"],
    "properties": {
        "what": {"type": "string", "minLength": 5, "maxLength": 2000},
        "where": {"type": "string", "maxLength": 120, "x-place": "address"},
        "lat": {"type": "number", "minimum": -90, "maximum": 90, "x-place": "latitude"},
        "lng": {"type": "number", "minimum": -180, "maximum": 180, "x-place": "longitude"},
        "size": {"type": "string", "title": "Size", "enum": ["small", "large"]},
        "dangers": {"type": "array", "items": {"type": "string", "enum": ["water", "traffic", "children"]}},
        "depth": {"type": "number", "minimum": 0},
        "lanes": {"type": "integer", "minimum": 1},
        "again": {"type": "boolean"},
        "since": {"type": "string", "format": "date"},
        "seen_at": {"type": "string", "format": "date-time"},
        "note": {"type": "string", "maxLength": 1000},
        "owner": {"type": "object", "properties": {"plate": {"type": "string", "maxLength": 20}}},
        "photo": {"type": "string", "format": "uuid", "x-attachment": True},
    },
}

#: Appeals that are no services: without a place, with a file that is needed, and of people who don't say who they are.
NO_PLACE = {"type": "object", "additionalProperties": False, "properties": {"what": {"type": "string"}}}
WITH_FILE = {**POTHOLE, "required": ["what", "photo"]}
LIGHT = {**POTHOLE, "required": ["what"]}

HANDLER = """
from banshi import Appeal, FieldProblem, hookimpl


class Pothole(Appeal):
    async def validate(self, submission):
        if submission.answers.get("depth", 0) > 100:
            return [FieldProblem("/depth", "Nothing is that deep.", "depth")]
        return ()


@hookimpl
def banshi_handlers():
    return {"pothole": Pothole()}
"""


def write_streets(folder: Path) -> Path:
    streets = folder / "streets"
    streets.mkdir(exist_ok=True)
    forms = {"pothole": POTHOLE, "light": LIGHT, "question": NO_PLACE, "damage": WITH_FILE, "tip": LIGHT}
    tip = '[items.appeal]\nsorts = ["tip"]\nanonymous = "always"'
    items = "".join(ITEM.format(code=code, more=tip if code == "tip" else "") for code in forms)
    (streets / "items.toml").write_text(STREETS + items, encoding="utf-8")
    (streets / "__init__.py").write_text(HANDLER, encoding="utf-8")
    for code, form in forms.items():
        (streets / f"{code}.json").write_text(json.dumps(form), encoding="utf-8")
    return streets


@asynccontextmanager
async def open_city(folder: Path, *, database: str = "", here: str = "", **settings: Any) -> AsyncIterator[Door]:
    plugins = {**PLUGINS, **DEPARTMENTS, "streets": write_streets(folder)}
    platform = {"address": here, **({"database": database} if database else {})}
    async with open_door(folder, plugins, settings={"open311": settings}, platform=platform) as door:
        yield door


def part(plugin: str, name: str) -> Any:
    """A module of a plugin, as the platform has loaded it."""
    return importlib.import_module(f"banshi_plugins.{plugin}.{name}")


async def key_of(door: Door, *scopes: str, client: str = "bc_1", key: str = "", mode: str = "live") -> str:
    """A client with these scopes, and its key."""
    models, digest, now = part("clients", "models"), part("clients", "tokens").digest_of, door.platform.now()
    one = models.ApiClient(id=client, name="Street app", contact="ops@example.com", mode=mode, created_at=now)
    one.scopes = sorted(scopes)
    key = key or "bak_" + client.ljust(43, "a")
    row = models.ApiKey(digest=digest(key), name=f"bk_{client}", client=client, scopes=one.scopes, created_at=now)
    await door.platform.store.commit(Write(rows=[one, row]))
    return key


#: A good request, without its key.
GOOD = {
    "service_code": "pothole",
    "lat": "31.4675012",
    "long": "104.6811987",
    "address_string": "East Gate 5, <Old> Street",
    "description": "A deep hole & it grows\nevery day",
    "attribute[size]": "large",
    "email": "zhao@example.org",
    "phone": "13800000000",
    "first_name": "Example",
    "last_name": "Zhao",
    "device_id": "device-77",
    "account_id": "account-88",
    "media_url": "https://pictures.example/1.jpg",
}

#: Of GOOD, what says who reported it.
WHO = ("zhao@example.org", "13800000000", "Zhao", "device-77", "account-88")


async def sent(door: Door, form: Any, path: str = "/requests.json", **headers: str) -> Reply:
    """A form to the endpoint, as bytes or as fields."""
    body = form if isinstance(form, bytes) else urlencode(form, doseq=True).encode()
    told = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return await door.anyone.call("POST", BASE + path, data=body, headers=told)


async def made(door: Door, key: str, **changes: Any) -> str:
    """The id of a new request."""
    return str((await sent(door, {**GOOD, "api_key": key, **changes})).ok()[0]["service_request_id"])


async def got(door: Door, path: str, **query: str) -> Any:
    return (await door.anyone.get(BASE + path, params=query)).ok()


async def moved(door: Door, number: str, *actions: str, details: Any = None) -> str:
    """Staff of the streets take steps with a request; the id of its case."""
    staff = door.staff("li", "streets:reviewer")
    case = (await Case.get(number=number)).id
    given = {"answer": {"text": "It is filled."}}
    for action in actions:
        body = {"reason": "We looked.", "details": details or given.get(action, {})}
        (await staff.post(f"/v1/cases/{case}/actions/{action}", body)).ok()
    await door.settled()
    return str(case)


def refused(reply: Reply, status: int) -> list[str]:
    """The descriptions of an error in JSON, which has to be of that status in header and body."""
    assert reply.status == status, (reply.status, reply.body)
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    errors = reply.document
    assert errors
    assert all(one.keys() == {"code", "description"} and one["code"] == status for one in errors), errors
    return [one["description"] for one in errors]


def xml_of(reply: Reply) -> etree._Element:
    """An answer in XML, as a strict parser reads it."""
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert reply.body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    return etree.fromstring(reply.body, etree.XMLParser(resolve_entities=False))


def published_schemas() -> Path:
    """The folder with the standard's published schemas; the test is skipped where it isn't there."""
    given = os.environ.get("BANSHI_STANDARDS")
    folder = (Path(given) if given else ROOT.parent / "shared" / "standards") / "georeport-v2"
    if not (folder / "request.json").is_file():
        pytest.skip("GeoReport's schemas are not in ../shared/standards; BANSHI_STANDARDS may name their folder")
    return folder
