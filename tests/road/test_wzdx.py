"""Works and detours are a right feed of WZDx 4.2, and every list right GeoJSON, as programs judge that aren't ours."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncIterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from road.vocabulary import MEMBERS
from tests.places import ROOT
from tests.road.city import open_city, published
from tools import npm

STANDARDS = Path(os.environ.get("BANSHI_STANDARDS") or ROOT.parent / "shared" / "standards")
JUDGES = {"@mapbox/geojsonhint": "3.2.0", "ajv": "8.20.0", "ajv-formats": "3.0.1"}
FEED = "https://raw.githubusercontent.com/usdot-jpo-ode/wzdx/main/schemas/4.2/WorkZoneFeed.json"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"

WORKS: dict[str, Any] = {
    "kind": "works",
    "road": "示例路1号至9号",
    "lanes": "some-lanes-closed",
    "text": "管线施工，占用一条车道",
    "text_en": "Pipe works take one lane",
    "direction": "northbound",
    "speed_limit": 30,
    "max_height": 350,
    "max_weight": 20_000,
    "closed_for": ["trucks"],
    "detour": "请走示例二路",
    "detour_line": {"type": "LineString", "coordinates": [[104.73, 31.46], [104.75, 31.47]]},
}


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_city(tmp_path, licence=CC0) as door:
        yield door


def judged(*documents: Any) -> list[list[str]]:
    """What is wrong with each."""
    schemas = [*STANDARDS.glob("wzdx-4.2/*.json"), *STANDARDS.glob("geojson/*.json")]
    if len(schemas) != 9:
        pytest.skip(
            "WZDx's and GeoJSON's schemas are not in ../shared/standards; BANSHI_STANDARDS may name their folder"
        )
    try:
        modules = npm.installed(JUDGES, "feeds of roads are not judged")
    except npm.Missing as error:
        pytest.skip(str(error))
    command = ["node", str(Path(__file__).parent / "judge.mjs"), str(modules), FEED, *map(str, schemas)]
    lines = "\n".join(map(json.dumps, documents))
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_feed_and_lists_are_right_and_wrong_ones_are_named(city: Door) -> None:
    await published(city, **WORKS)
    await published(city, kind="works", road="县道", geometry={"type": "Point", "coordinates": [104.7, 31.4]})
    await published(city, detour_line=WORKS["detour_line"])
    await published(city, kind="accident", road="示例隧道")
    feed, all_of_it, shifted = [
        (await city.anyone.get(f"/v1/road/{path}")).ok() for path in ("work-zones", "events", "events?gcj02=true")
    ]
    broken = json.loads(json.dumps(feed))
    broken["features"][0]["properties"]["core_details"]["direction"] = "uphill"
    turned = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point"}}]}
    said = judged(feed, all_of_it, shifted, broken, turned)
    assert said[:3] == [[], [], []]
    assert any("direction" in one for one in said[3])
    assert said[4] != []


async def test_a_feed_has_works_detours_and_limits_and_nothing_else(city: Door) -> None:
    record = await published(city, **WORKS)
    await published(city, kind="accident", road="示例隧道")
    await published(city, kind="works", road="无位置", geometry=None)
    answer = await city.anyone.get("/v1/road/work-zones", headers={"Accept-Language": "en"})
    assert answer.headers["Link"] == f'<{CC0}>; rel="license"'
    feed = answer.ok()
    assert (feed["feed_info"]["license"], feed["feed_info"]["version"]) == (CC0, "4.2")
    zone, detour = feed["features"]
    assert (zone["id"], detour["id"]) == (record["id"], f"{record['id']}-detour")
    assert zone["properties"]["core_details"]["related_road_events"] == [{"type": "related-detour", "id": detour["id"]}]
    assert zone["properties"]["restrictions"] == [
        {"type": "reduced-height", "value": 350, "unit": "centimeters"},
        {"type": "gross-weight-limit", "value": 20_000, "unit": "kilograms"},
        {"type": "no-trucks"},
    ]
    assert zone["properties"]["reduced_speed_limit_kph"] == 30
    assert detour["properties"]["core_details"]["description"] == "请走示例二路"
    assert (await city.anyone.get("/v1/road/events")).ok()["license"] == CC0


async def test_another_licence_is_named_where_the_standard_lets_it(tmp_path: Path) -> None:
    async with open_city(tmp_path, licence="https://city.example/licence") as door:
        await published(door, **WORKS)
        answer = await door.anyone.get("/v1/road/work-zones")
        assert "license" not in answer.ok()["feed_info"]
        assert answer.headers["Link"] == '<https://city.example/licence>; rel="license"'


async def test_every_impact_and_limit_of_an_event_is_a_word_of_the_standard(city: Door) -> None:
    limits = {"max_height": 350, "max_width": 250, "max_weight": 20_000, "closed_for": ["trucks", "bicycles"]}
    impacts = [one["const"] for one in MEMBERS["lanes"]["oneOf"]]
    directions = [one["const"] for one in MEMBERS["direction"]["oneOf"]]
    for number, (lanes, direction) in enumerate(zip_longest(impacts, directions, fillvalue="unknown")):
        said = {"lanes": lanes, "direction": direction, "detour_en": "Take Example Road 2", **limits}
        await published(city, **{**WORKS, "road": f"示例路{number}号", **said})
    # Whose place isn't known has a detour all the same, where that one's is.
    await published(city, kind="closure", road="示例隧道", geometry=None, detour_line=WORKS["detour_line"])
    feed = (await city.anyone.get("/v1/road/work-zones", headers={"Accept-Language": "en"})).ok()
    assert judged(feed) == [[]]
    zones, detours = (
        [one for one in feed["features"] if one["properties"]["core_details"]["event_type"] == sort]
        for sort in ("work-zone", "detour")
    )
    assert [one["properties"]["vehicle_impact"] for one in zones][: len(impacts)] == impacts
    assert {json.dumps([rest["type"] for rest in one["properties"]["restrictions"]]) for one in zones} == {
        '["reduced-height", "reduced-width", "gross-weight-limit", "no-trucks"]'
    }
    assert len(detours) == len(zones) + 1
    for zone, detour in zip(zones, detours, strict=False):
        core = detour["properties"]["core_details"]
        assert core["related_road_events"] == [{"type": "related-work-zone", "id": zone["id"]}]
        assert core["description"] == "Take Example Road 2"
