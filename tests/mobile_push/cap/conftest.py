"""Alerts to send: one that has everything a city writes, and any that CAP allows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from mobile_push.cap import vocabulary
from mobile_push.cap.geo.geometry import Circle, Polygon
from mobile_push.cap.values import Alert, Area, Info, NamedValue, Reference, Resource
from mobile_push.cap.vocabulary import MessageType, Scope, Status

CHINA = timezone(timedelta(hours=8))

LAKE = Area(
    description="西湖区",
    polygons=(Polygon(((30.2, 120.1), (30.3, 120.1), (30.3, 120.2), (30.2, 120.1))),),
    circles=(Circle((30.25, 120.15), 5.5),),
    geocodes=(NamedValue(name="GB/T 2260", value="330106"),),
)


def make_info(**changes: Any) -> Info:
    values: dict[str, Any] = {
        "language": "zh-CN",
        "categories": ("Met",),
        "event": "暴雨",
        "response_types": ("Shelter", "Avoid"),
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "expires": datetime(2026, 7, 1, 12, tzinfo=CHINA),
        "headline": "暴雨红色预警",
        "description": "\u3000\u3000未来3小时有大暴雨。",
        "instruction": "停止户外活动 <立即> & 转移。",
        "web": "https://city.example/alerts/1",
        "areas": (LAKE,),
    }
    return Info(**values | changes)


def make_alert(**changes: Any) -> Alert:
    values: dict[str, Any] = {
        "identifier": "33010041600000_20260701083000_0",
        "sender": "warnings@city.example",
        "sent": datetime(2026, 7, 1, 8, 30, tzinfo=CHINA),
        "status": Status.ACTUAL,
        "message_type": MessageType.ALERT,
        "scope": Scope.PUBLIC,
        "infos": (make_info(), make_info(language="en", event="Rainstorm", headline="Red alert for rainstorm")),
    }
    return Alert(**values | changes)


# -- any alert that CAP allows -------------------------------------------------------------------------------------

#: What XML 1.0 can carry; a carriage return is written as a reference.
CHARACTERS = st.characters(
    exclude_categories=("Cs", "Cc"), include_characters="\t\n\r", exclude_characters="\ufffe\uffff"
)
TEXTS = st.text(CHARACTERS, max_size=30).map(lambda text: text.strip(" \t\r\n")).filter(lambda text: text.strip() != "")
NAMES = st.text(CHARACTERS, min_size=1, max_size=20).filter(
    lambda text: not any(letter.isspace() or letter in "\ufeff,<&" for letter in text)
)
LISTED = TEXTS.map(lambda text: text.replace('"', "").strip(" \t\r\n")).filter(lambda text: text.strip() != "")
MOMENTS = st.builds(
    lambda moment, minutes: moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes))),
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
)
NUMBERS = st.floats(-9000, 9000).filter(lambda number: number == 0 or abs(number) > 1e-9)
LATITUDES = st.floats(-80, 80).filter(lambda number: number == 0 or abs(number) > 1e-9)
LONGITUDES = st.floats(0, 170).filter(lambda number: number == 0 or number > 1e-9)
POINTS = st.tuples(LATITUDES, LONGITUDES)
POLYGONS = st.lists(POINTS, min_size=3, max_size=8, unique=True).map(lambda points: Polygon((*points, points[0])))
CIRCLES = st.builds(Circle, POINTS, st.floats(0, 5000).filter(lambda number: number == 0 or number > 1e-9))
CODES = st.builds(NamedValue, name=TEXTS.filter(lambda text: "2260" not in text), value=TEXTS)
WEB = st.sampled_from(["https://city.example", "http://city.example:8080/预警?a=1&b=%20#x", "https://例子.example/a;b"])


def many(strategy: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, min_size=least, max_size=3).map(tuple)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def word(words: Iterable[str]) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(words))


AREAS = st.builds(
    Area,
    description=TEXTS,
    polygons=many(POLYGONS),
    circles=many(CIRCLES),
    geocodes=many(CODES | st.just(NamedValue(name="GB/T 2260", value="330100"))),
    altitude=NUMBERS,
    ceiling=maybe(NUMBERS),
)
RESOURCES = st.builds(
    Resource,
    description=TEXTS,
    media_type=st.sampled_from(["image/png", "audio/mpeg", "text/html; charset=utf-8"]),
    size=maybe(st.integers(0, 1 << 40)),
    uri=st.just("map.png") | WEB,
    deref_uri=st.just("aGVsbG8="),
    digest=maybe(TEXTS),
)
INFOS = st.builds(
    Info,
    language=st.sampled_from(["zh-CN", "en", "zh-Hant-HK", "x-klingon"]),
    categories=many(word(vocabulary.CATEGORIES), least=1),
    event=TEXTS,
    response_types=many(word(vocabulary.RESPONSES)),
    urgency=word(vocabulary.URGENCIES),
    severity=word(vocabulary.SEVERITIES),
    certainty=word(vocabulary.CERTAINTIES),
    audience=maybe(TEXTS),
    event_codes=many(CODES),
    effective=maybe(MOMENTS),
    onset=maybe(MOMENTS),
    expires=maybe(MOMENTS),
    sender_name=maybe(TEXTS),
    headline=maybe(TEXTS),
    description=maybe(TEXTS),
    instruction=maybe(TEXTS),
    web=maybe(WEB),
    contact=maybe(TEXTS),
    parameters=many(CODES),
    resources=many(RESOURCES),
    areas=many(AREAS),
)
#: Any alert, with every element that CAP has.
ALERTS = st.builds(
    Alert,
    identifier=NAMES,
    sender=NAMES,
    sent=MOMENTS,
    status=word(Status),
    message_type=word(MessageType),
    source=maybe(TEXTS),
    scope=word(Scope),
    restriction=TEXTS,
    addresses=many(LISTED, least=1),
    codes=many(TEXTS),
    note=maybe(TEXTS),
    references=many(st.builds(Reference, sender=NAMES, identifier=NAMES, sent=MOMENTS), least=1),
    incidents=many(LISTED),
    infos=many(INFOS),
)
