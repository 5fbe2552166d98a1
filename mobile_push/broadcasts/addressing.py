"""How staff and senders outside say whom a broadcast is for: the document, and what may stand in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from banshi import FieldProblem, Platform
from banshi.sdk.documents import Record, array, optional
from mobile_push.audience.areas import DIVISION
from mobile_push.cap.geo.divisions import check_division
from mobile_push.cap.geo.geometry import Circle, Polygon
from mobile_push.cap.shapes import CIRCLE, POLYGON
from mobile_push.cap.values import Alert
from mobile_push.sentences import say
from mobile_push.settings import MAX_TOPIC_LENGTH, SLUG

#: Divisions, and polygons and circles together: a database's statement takes so many, and no city needs more.
MAX_DIVISIONS, MAX_SHAPES = 200, 100
MAX_NAMES = 100

_SLUG = {"type": "string", "minLength": 1, "maxLength": MAX_TOPIC_LENGTH, "pattern": SLUG}
_NAMES = array(_SLUG, minItems=1, maxItems=MAX_NAMES, uniqueItems=True)

SCHEMA: Mapping[str, Any] = {
    **Record(
        everyone=optional({"type": "boolean", "enum": [True]}),
        topics=optional(_NAMES),
        departments=optional({**_NAMES, "description": "The followers of these departments."}),
        divisions=optional(
            array(
                DIVISION,
                minItems=1,
                maxItems=MAX_DIVISIONS,
                uniqueItems=True,
                description="Codes of GB/T 2260; a code covers all that lie in it.",
            )
        ),
        polygons=optional(array(POLYGON.schema, minItems=1, maxItems=MAX_SHAPES)),
        circles=optional(array(CIRCLE.schema, minItems=1, maxItems=MAX_SHAPES)),
        people=optional(
            {
                **Record(
                    items=_NAMES,
                    states=array(
                        {"type": "string", "pattern": "^[a-z][a-z-]{0,31}$"}, minItems=1, maxItems=20, uniqueItems=True
                    ),
                ),
                "description": "Those who have a case of these items in these states, by when it was handed in.",
            }
        ),
    ),
    "minProperties": 1,
    "description": "Whoever any of the parts names; or `people`, alone.",
}


def problems(
    platform: Platform, topics: Collection[str], department: str, document: Mapping[str, Any]
) -> Iterator[FieldProblem]:
    """What is wrong with an audience that fits the schema."""
    if "people" in document:
        yield from _people(platform, department, document)
    known = {"topics": topics, "departments": platform.registry.departments}
    for name, codes in known.items():
        for place, code in enumerate(document.get(name, ())):
            if code not in codes:
                yield FieldProblem(f"/audience/{name}/{place}", unknown(code, codes), "unknown")
    for place, code in enumerate(document.get("divisions", ())):
        yield from _told(f"/audience/divisions/{place}", check_division, code)
    for place, polygon in enumerate(document.get("polygons", ())):
        yield from _told(f"/audience/polygons/{place}", POLYGON.values, polygon)
    for place, circle in enumerate(document.get("circles", ())):
        yield from _told(f"/audience/circles/{place}", CIRCLE.values, circle)
    shapes = shapes_of(document)
    if shapes > MAX_SHAPES:
        detail = say(
            "It has {shapes} polygons and circles; simplify it to {most} at most, or name divisions.",
            shapes=shapes,
            most=MAX_SHAPES,
        )
        yield FieldProblem("/audience", detail, "maxItems")


def _people(platform: Platform, department: str, document: Mapping[str, Any]) -> Iterator[FieldProblem]:
    if len(document) > 1:
        detail = say("People are named alone; send the others a notice of their own.")
        yield FieldProblem("/audience", detail, "maxProperties")
    items = platform.registry.items
    own = {code for code in items if items.facts(code).department == department}
    for place, code in enumerate(document["people"]["items"]):
        where = f"/audience/people/items/{place}"
        if code not in items:
            yield FieldProblem(where, unknown(code, own), "unknown")
        elif items.facts(code).department != department:
            yield FieldProblem(
                where, say("“{code}” is another department's; name your own items only.", code=code), "forbidden"
            )


def unknown(code: str, known: Iterable[str]) -> dict[str, str]:
    """What is said of a code that there isn't."""
    there = ", ".join(sorted(known)[:20]) or "none"
    return say("“{code}” is not known here; known are: {there}.", code=code, there=there)


def _told(pointer: str, check: Any, value: Any) -> Iterator[FieldProblem]:
    try:
        check(value)
    except ValueError as error:
        text = str(error)
        yield FieldProblem(pointer, say("{told}.", told=text[0].upper() + text[1:]), "invalid")


def of_areas(alert: Alert) -> dict[str, Any] | None:
    """The audience that an alert's own areas make; None where one of them says neither shape nor division."""
    areas = [area for info in alert.infos for area in info.areas]
    if not areas or not all(area.divisions or area.shapes for area in areas):
        return None
    # The same area stands in the text of each language.
    shapes = dict.fromkeys(shape for area in areas for shape in area.shapes)
    found = {
        "divisions": list(dict.fromkeys(code for area in areas for code in area.divisions)),
        "polygons": [POLYGON.plain(one) for one in shapes if isinstance(one, Polygon)],
        "circles": [CIRCLE.plain(one) for one in shapes if isinstance(one, Circle)],
    }
    return {name: several for name, several in found.items() if several}


def united(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The audience of all of them together; none of them names people."""
    if any(one.get("everyone") for one in documents):
        return {"everyone": True}
    found: dict[str, Any] = {}
    for document in documents:
        for name, several in document.items():
            there = found.setdefault(name, [])
            there += [one for one in several if one not in there]
    return found


def shapes_of(document: Mapping[str, Any]) -> int:
    """How many polygons and circles there are, each of a MultiPolygon counted."""
    polygons = document.get("polygons", ())
    several = sum(len(one["coordinates"]) if one["type"] == "MultiPolygon" else 1 for one in polygons)
    return several + len(document.get("circles", ()))
