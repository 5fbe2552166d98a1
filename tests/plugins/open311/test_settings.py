"""What `banshi check` says of Open311's settings, and what a form has to be for its item to be a service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from banshi.app import loaded
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.settings import Settings
from banshi.testing import open_door
from tests.plugins.open311_city import (
    ITEM,
    LIGHT,
    PLUGINS,
    ROOT,
    STREETS,
    got,
    key_of,
    made,
    moved,
    open_city,
    part,
    sent,
)


async def wrong(folder: Path, **settings: Any) -> list[str]:
    """The findings that stop the start."""
    with pytest.raises(ConfigurationError) as caught:
        async with open_city(folder, **settings):
            pass
    assert {one.plugin for one in caught.value.findings} == {"open311"}
    return [f"{one.rule}: {one.advice}" for one in caught.value.findings]


#: What is told of each service, all at once.
WRONG: list[tuple[dict[str, Any], set[str]]] = [
    (
        {
            "nothing": {},
            "question": {},
            "damage": {},
            "tip": {},
            "open-day": {},
            "pothole": {"address": "/nowhere"},
        },
        {
            "unknown-item: plugins.open311.settings.services.nothing",
            "no-place: plugins.open311.settings.services.question",
            "unsendable-field: plugins.open311.settings.services.damage",
            "no-service: plugins.open311.settings.services.tip",
            "unknown-item: plugins.open311.settings.services.open-day",
            "unknown-field: plugins.open311.settings.services.pothole",
        },
    ),
    (
        {"question": {"latitude": "/what"}, "pothole": {"description": "what"}},
        {
            "half-position: plugins.open311.settings.services.question",
            "unknown-field: plugins.open311.settings.services.pothole",
        },
    ),
]


@pytest.mark.parametrize(("services", "told"), WRONG, ids=["items", "fields"])
async def test_a_setting_that_can_t_be_is_told_with_its_place(
    tmp_path: Path, services: dict[str, Any], told: set[str]
) -> None:
    assert {": ".join(one.split(": ")[:2]) for one in await wrong(tmp_path, services=services)} >= told


@pytest.mark.parametrize(
    "settings",
    [
        {"per_minute": 0},
        {"decimals": 6},
        {"stage": "draft"},
        {"services": {"pothole": {"public": ["phone"]}}},
        {"services": {"pothole": {"nonsense": 1}}},
        {"nonsense": 1},
    ],
)
async def test_a_setting_of_the_wrong_value_stops_the_start(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert await wrong(tmp_path, **settings)


async def test_a_setting_takes_a_service_out_and_names_the_fields_of_another(tmp_path: Path) -> None:
    """Where a form marks no place, or another field is meant."""
    services = {
        "light": {"offered": False},
        "question": {"address": "/what"},
        "pothole": {"description": "/note", "phone": "/owner/plate", "public": ["description"]},
    }
    async with open_city(tmp_path, services=services, here="https://services.city.example", stage="test") as door:
        codes = {one["service_code"] for one in await got(door, "/services.json")}
        assert {"question", "pothole"} <= codes
        assert "light" not in codes
        assert {one["code"] for one in (await got(door, "/services/pothole.json"))["attributes"]} >= {"what"}
        endpoint = (await got(door, "/discovery.json"))["endpoints"][0]
        assert (endpoint["url"], endpoint["type"]) == ("https://services.city.example/open311/v2", "test")
        key = await key_of(door, "open311")
        number = await made(door, key, **{"attribute[what]": "A large hole"})
        case = await moved(door, number, "assign")
        answers = (await door.staff("li", "streets:reviewer").get(f"/v1/cases/{case}")).ok()["answers"]
        assert (answers["what"], answers["note"]) == ("A large hole", "A deep hole & it grows\nevery day")
        assert answers["owner"] == {"plate": "13800000000"}


async def test_what_is_withdrawn_as_a_service_is_read_no_more(tmp_path: Path) -> None:
    async with open_city(tmp_path) as door:
        number = await made(door, await key_of(door, "open311"))
    async with open_city(tmp_path, services={"pothole": {"offered": False}}) as door:
        assert await got(door, "/requests.json") == []
        assert (await door.anyone.get(f"/open311/v2/requests/{number}.json")).status == 404


def test_a_form_is_read_whatever_its_schema_is() -> None:
    """Every field has one of the standard's types, or is left out; what is needed and left out keeps the item out."""
    fields = fields_of(
        {
            "type": "object",
            "required": ["a", "inner", "files", "either"],
            "properties": {
                "a": {"type": ["string", "null"], "format": "cn-mobile"},
                "inner": {
                    "type": "object",
                    "required": ["b~/c"],
                    "properties": {"b~/c": {"const": 7}, "d": {"enum": [1, "x"]}},
                },
                "files": {"type": "array", "items": {"type": "string", "format": "uuid", "x-attachment": True}},
                "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                "bare": {},
                "list": {"type": "array", "items": {"type": "string"}},
                "open": {"type": "object"},
            },
        }
    )
    assert [(one.code, one.datatype, one.required) for one in fields] == [
        ("a", "string", True),
        ("inner.b~/c", "singlevaluelist", True),
        ("inner.d", "singlevaluelist", False),
        ("files", "", True),
        ("either", "", True),
        ("bare", "", False),
        ("list", "", False),
        ("open", "", False),
    ]
    assert [one.pointer for one in fields][1:3] == ["/inner/b~0~1c", "/inner/d"]


def fields_of(schema: dict[str, Any]) -> list[Any]:
    loaded(Configuration(ROOT / "plugins.toml", Settings(), {"open311": Entry(api=1, path=PLUGINS["open311"])}))
    return list(part("open311", "services.attributes").fields_of(schema))


async def test_a_large_city_s_services_are_found_on_its_shelf(tmp_path: Path) -> None:
    streets = tmp_path / "many"
    streets.mkdir()
    codes = [f"light-{number}" for number in range(1000)]
    written = "".join(ITEM.format(code=code, more="").replace(f"{code}.json", "light.json") for code in codes)
    (streets / "items.toml").write_text(STREETS + written, encoding="utf-8")
    (streets / "light.json").write_text(json.dumps(LIGHT), encoding="utf-8")
    async with open_door(tmp_path, {**PLUGINS, "streets": streets}) as door:
        assert door.platform.registry.put_away
        assert {one["service_code"] for one in await got(door, "/services.json")} == set(codes)
        form = {"service_code": "light-77", "address_string": "Gate", "description": "It is dark here"}
        (await sent(door, {**form, "api_key": await key_of(door, "open311")})).ok()
