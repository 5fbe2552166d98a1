"""Alerts as the API takes and gives them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobile_push.cap.errors import CapError
from mobile_push.cap.geo.geometry import Polygon
from mobile_push.cap.kinds import NAME
from mobile_push.cap.representations import ALERT_DOCUMENT_SCHEMA, ALERT_SCHEMA, alert_of, document_of
from mobile_push.cap.shapes import POLYGON
from mobile_push.cap.values import Alert
from mobile_push.cap.writing import write
from tests.mobile_push.cap.conftest import ALERTS, make_alert
from tests.tries import tries

CHINA = timezone(timedelta(hours=8))
SENT = datetime(2026, 7, 1, 8, 30, tzinfo=CHINA)
WITHIN = settings(max_examples=tries(20, 60))
INTAKE = jsonschema_rs.validator_for(dict(ALERT_SCHEMA), validate_formats=True)
OUTPUT = jsonschema_rs.validator_for(dict(ALERT_DOCUMENT_SCHEMA), validate_formats=True)

RAIN: dict[str, Any] = {
    "status": "Actual",
    "msg_type": "Alert",
    "scope": "Public",
    "info": [
        {
            "language": "zh-CN",
            "category": ["Met"],
            "event": "暴雨",
            "response_type": ["Shelter"],
            "urgency": "Immediate",
            "severity": "Severe",
            "certainty": "Observed",
            "expires": "2026-07-01T12:00:00+08:00",
            "headline": "暴雨红色预警",
            "area": [
                {
                    "area_desc": "西湖区",
                    "polygon": [
                        {
                            "type": "Polygon",
                            "coordinates": [[[120.1, 30.2], [120.1, 30.3], [120.2, 30.3], [120.1, 30.2]]],
                        }
                    ],
                    "circle": [{"center": [120.15, 30.25], "radius_km": 5.5}],
                    "geocode": [{"value_name": "GB/T 2260", "value": "330106"}],
                }
            ],
        }
    ],
}


def taken(document: dict[str, Any]) -> Alert:
    return alert_of(document, sender="warnings@city.example", identifier="1", sent=SENT)


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """The good document with one place set to another value."""
    document = copy.deepcopy(RAIN)
    *way, last = [int(step) if step.isdigit() else step for step in pointer.strip("/").split("/")]
    place: Any = document
    for step in way:
        place = place[step]
    place[last] = value
    return document


# -- there and back ------------------------------------------------------------------------------------------------


def test_a_document_becomes_an_alert_with_latitude_first() -> None:
    assert INTAKE.is_valid(RAIN)
    alert = taken(RAIN)
    area = alert.infos[0].areas[0]
    assert area.polygons[0].points == ((30.2, 120.1), (30.3, 120.1), (30.3, 120.2), (30.2, 120.1))
    assert area.circles[0].center == (30.25, 120.15)
    assert area.divisions == ("330106",)
    assert b"<polygon>30.2,120.1 30.3,120.1 30.3,120.2 30.2,120.1</polygon>" in write(alert)
    given = {"identifier": "1", "sender": "warnings@city.example", "sent": "2026-07-01T08:30:00+08:00"}
    assert document_of(alert) == given | RAIN


@WITHIN
@given(data=st.data())
def test_every_alert_goes_through_json_and_comes_back_the_same(data: st.DataObject) -> None:
    alert = data.draw(ALERTS)
    # What only an alert from outside may be: without a text, or over before it begins.
    document = orjson.loads(orjson.dumps(document_of(alert)))
    assert [error.message for error in OUTPUT.iter_errors(document)] == []
    given = {name: document.pop(name) for name in ("identifier", "sender", "sent")}
    assert INTAKE.is_valid(document) is True
    try:
        again = alert_of(document, sender=given["sender"], identifier=given["identifier"], sent=alert.sent)
    except CapError as error:
        assert error.pointer.endswith(("info", "expires"))  # noqa: PT017  only some alerts are refused
    else:
        assert again == alert


def test_each_character_that_a_name_may_have_is_one_in_the_description_too() -> None:
    described = jsonschema_rs.validator_for(NAME.schema)

    def taken(name: str) -> bool:
        try:
            NAME.check(name)
        except ValueError:
            return False
        return True

    names = [f"a{chr(code)}b" for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    assert [name for name in names if taken(name) and not described.is_valid(name)] == []
    assert sum(map(taken, names)) > 60_000
    assert not taken("a\ufeffb")


def test_a_multipolygon_becomes_several_polygons() -> None:
    ring = RAIN["info"][0]["area"][0]["polygon"][0]["coordinates"]
    document = changed("/info/0/area/0/polygon/0", {"type": "MultiPolygon", "coordinates": [ring, ring]})
    assert INTAKE.is_valid(document)
    area = taken(document).infos[0].areas[0]
    assert len(area.polygons) == 2
    assert [one["type"] for one in document_of(taken(document))["info"][0]["area"][0]["polygon"]] == ["Polygon"] * 2


def test_heights_are_left_out_and_spaces_around_a_text_taken_away() -> None:
    ring = [[120.1, 30.2, 5], [120.1, 30.3, 5], [120.2, 30.3, 5], [120.1, 30.2, 5]]
    assert POLYGON.values({"type": "Polygon", "coordinates": [ring]})[0].points[0] == (30.2, 120.1)
    assert taken(changed("/info/0/headline", " 暴雨\n")).infos[0].headline == "暴雨"


@WITHIN
@given(
    st.lists(
        st.tuples(st.floats(-90, 90, allow_subnormal=False), st.floats(0, 180, allow_subnormal=False)),
        min_size=3,
        max_size=20,
        unique=True,
    )
)
def test_geojson_and_cap_polygons_turn_into_each_other(points: list[tuple[float, float]]) -> None:
    polygon = Polygon((*points, points[0]))
    geometry = orjson.loads(orjson.dumps(POLYGON.plain(polygon)))
    assert [tuple(position) for position in geometry["coordinates"][0]] == [(lon, lat) for lat, lon in polygon.points]
    assert POLYGON.values(geometry) == (polygon,)


# -- what is refused -----------------------------------------------------------------------------------------------

HOLE = [[120.12, 30.22], [120.12, 30.28], [120.14, 30.28], [120.12, 30.22]]
RING = RAIN["info"][0]["area"][0]["polygon"][0]["coordinates"][0]


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        ({"type": "Polygon", "coordinates": [RING, HOLE]}, "hole"),
        ({"type": "MultiPolygon", "coordinates": [[RING], [RING, HOLE]]}, "hole"),
        ({"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in RING]]}, "longitude first"),
        ({"type": "Polygon", "coordinates": [RING[:-1]]}, "at least four"),
        ({"type": "Polygon", "coordinates": [[*RING[:-1], [120.5, 30.5]]]}, "not closed"),
        ({"type": "Polygon", "coordinates": [[[179, 1], [-179, 1], [-179, 2], [179, 1]]]}, "180th meridian"),
        ({"type": "Polygon", "coordinates": []}, "rings"),
        ({"type": "Polygon", "coordinates": [RING[0]]}, "a position"),
        ({"type": "Polygon", "coordinates": [[["120", "30"]] * 4]}, "no number"),
        ({"type": "Polygon", "coordinates": [[[True, False]] * 4]}, "no number"),
        ({"type": "Polygon", "coordinates": [[None] * 4]}, "position"),
        ({"type": "Polygon", "coordinates": [[[float("nan"), 1.0]] * 4]}, "no place on earth"),
        ({"type": "Polygon", "coordinates": [RING * 4000]}, "simplify"),
        ({"type": "MultiPolygon", "coordinates": []}, "Polygon or MultiPolygon"),
        ({"type": "Point", "coordinates": [120, 30]}, "Polygon or MultiPolygon"),
        ({"type": "Polygon"}, "Polygon or MultiPolygon"),
        ("120,30", "Polygon or MultiPolygon"),
        (None, "Polygon or MultiPolygon"),
    ],
)
def test_a_geometry_that_cap_cannot_say_is_refused_with_advice(geometry: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        POLYGON.values(geometry)
    with pytest.raises(CapError, match=says) as caught:
        taken(changed("/info/0/area/0/polygon/0", geometry))
    assert caught.value.pointer == "/info/0/area/0/polygon/0"


@pytest.mark.parametrize(
    ("pointer", "value", "at"),
    [
        ("/info", [], "/info"),
        ("/info/0/expires", "2026-07-01T08:00:00+08:00", "/info/0/expires"),
        ("/info/0/onset", "2026-07-01T12:00:00+08:00", "/info/0/expires"),
        ("/info/0/expires", "2026-07-01T12:00:00Z", "/info/0/expires"),
        ("/info/0/expires", 5, "/info/0/expires"),
        ("/info/0/language", None, "/info/0/language"),
        ("/info/0/language", "中文", "/info/0/language"),
        ("/info/0/category", "Met", "/info/0/category"),
        ("/info/0/category", [], "/info/0/category"),
        ("/info/0/category", ["Weather"], "/info/0/category/0"),
        ("/info/0/headline", "", "/info/0/headline"),
        ("/info/0/headline", 5, "/info/0/headline"),
        ("/info/0/headline", "a\0b", "/info/0/headline"),
        ("/info/0/web", "javascript:alert(1)", "/info/0/web"),
        ("/info/0/senderName", "x", "/info/0/sender_name"),
        ("/info/0", "text", "/info/0"),
        ("/info/0/area/0/circle/0", {"center": [30.25, 120.15], "radius_km": 5}, "/info/0/area/0/circle/0"),
        ("/info/0/area/0/circle/0", {"center": [120.15, 30.25], "radius_km": True}, "/info/0/area/0/circle/0"),
        ("/info/0/area/0/circle/0", "120,30 5", "/info/0/area/0/circle/0"),
        ("/info/0/area/0/geocode/0/value", "33", "/info/0/area/0/geocode/0/value"),
        ("/info/0/area/0/altitude", True, "/info/0/area/0/altitude"),
        ("/info/0/area/0/ceiling", 9, "/info/0/area/0/ceiling"),
        ("/msg_type", "Cancel", "/references"),
        ("/scope", "Private", "/addresses"),
        ("/addresses", "a b", "/addresses"),
        (
            "/references",
            [{"sender": "a b", "identifier": "1", "sent": "2026-07-01T08:00:00+08:00"}],
            "/references/0/sender",
        ),
        ("/references", [{"sender": "a", "identifier": "1", "sent": "now"}], "/references/0/sent"),
        ("/references", [{"sender": "a"}], "/references"),
        (
            "/references",
            [{"sender": "a", "identifier": "1", "sent": "2026-07-01T08:00:00+08:00", "x": 1}],
            "/references",
        ),
        ("/identifier", "mine", "/identifier"),
        ("/sender", "me", "/sender"),
        ("/sent", "2026-07-01T08:00:00+08:00", "/sent"),
        ("/colour", "red", "/colour"),
    ],
)
def test_what_is_wrong_is_named_by_its_pointer(pointer: str, value: Any, at: str) -> None:
    with pytest.raises(CapError) as caught:
        taken(changed(pointer, value))
    assert caught.value.pointer == at
    assert caught.value.detail


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, pointer: str = "") -> Iterator[str]:
    """The pointer of every place in a document."""
    if pointer:
        yield pointer
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from places(inner, f"{pointer}/{step}")


@settings(max_examples=tries(80, 400))
@given(st.sampled_from(list(places(RAIN))), JUNK)
def test_no_junk_does_anything_but_become_an_alert_or_be_refused_at_a_place_in_the_document(
    pointer: str, junk: Any
) -> None:
    document = changed(pointer, junk)
    refused = None
    try:
        alert = taken(document)
    except CapError as error:
        refused = error.pointer
    else:
        assert (
            taken({k: v for k, v in document_of(alert).items() if k not in ("identifier", "sender", "sent")}) == alert
        )
    assert refused is None or refused in {*places(document)} or refused.rpartition("/")[0] in {"", *places(document)}


def test_a_cancel_needs_no_text() -> None:
    reference = {"sender": "warnings@city.example", "identifier": "0", "sent": "2026-07-01T08:00:00+08:00"}
    document = {"status": "Actual", "msg_type": "Cancel", "scope": "Public", "references": [reference]}
    assert INTAKE.is_valid(document)
    assert taken(document).references[0].identifier == "0"


# -- the schema ----------------------------------------------------------------------------------------------------


def test_the_schema_is_one_of_2020_12_and_refuses_what_it_can_say() -> None:
    assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **ALERT_SCHEMA})
    for pointer, value in [
        ("/status", "actual"),
        ("/sender", "me"),
        ("/info/0/severity", "red"),
        ("/info/0/expires", "2026-07-01T12:00:00Z"),
        ("/info/0/expires", "2026-07-01T12:00:00.5+08:00"),
        ("/info/0/headline", ""),
        ("/info/0/headline", "x" * 301),
        ("/info/0/senderName", "x"),
        ("/info/0/language", "中文"),
        ("/info/0/area/0/polygon/0", {"type": "Point", "coordinates": [1, 2]}),
        ("/info/0/area/0/circle/0", {"center": [1, 2]}),
    ]:
        assert not INTAKE.is_valid(changed(pointer, value)), (pointer, value)
    for name in ("status", "msg_type", "scope"):
        assert not INTAKE.is_valid({key: value for key, value in RAIN.items() if key != name})


def objects(schema: Any) -> Iterator[Any]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_every_object_of_the_schema_is_closed_and_every_member_of_an_alert_explained() -> None:
    found = list(objects(ALERT_SCHEMA))
    assert len(found) > 8
    assert all(one["additionalProperties"] is False for one in found)
    members = ALERT_SCHEMA["properties"] | ALERT_SCHEMA["properties"]["info"]["items"]["properties"]
    assert all(member["description"] for member in members.values())


def test_the_schema_and_the_alert_agree_about_every_member() -> None:
    assert OUTPUT.is_valid(document_of(make_alert()))
    assert set(ALERT_DOCUMENT_SCHEMA["properties"]) - set(ALERT_SCHEMA["properties"]) == {
        "identifier",
        "sender",
        "sent",
    }
