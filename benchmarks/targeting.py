"""Whom an alert is for: mobile_push's geometry against shapely, and what an alert's XML costs to read and to verify.

    python benchmarks/targeting.py            # a million points
    python benchmarks/targeting.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import shapely
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.figures import median, table
from mobile_push.cap.geo.geometry import Point, Polygon
from mobile_push.cap.parsing import read
from mobile_push.cap.representations import alert_of
from mobile_push.cap.signature import SenderKey, sign, verify
from mobile_push.cap.values import Alert
from mobile_push.cap.vocabulary import MessageType, Scope, Status
from mobile_push.cap.writing import write

ROUNDS = 3
CORNERS = (8, 100, 1000)


def ring(corners: int) -> Polygon:
    """A wavy ring around a city, a third of its box inside."""
    points = []
    for step in range(corners):
        angle = 2 * math.pi * step / corners
        reach = 0.3 * (1 + 0.3 * math.sin(7 * angle))
        points.append((30 + reach * math.sin(angle), 120 + reach * math.cos(angle)))
    return Polygon((*points, points[0]))


def rate(count: int, work: Callable[[], object]) -> float:
    """How many a second, the median of some rounds."""
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        rates.append(count / (time.perf_counter() - began))
    return median(rates)


def points_rows(count: int) -> list[list[str]]:
    chance = random.Random(1)
    points: list[Point] = [(chance.uniform(29.5, 30.5), chance.uniform(119.5, 120.5)) for _ in range(count)]
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    rows = []
    for corners in CORNERS:
        polygon = ring(corners)
        peer = shapely.Polygon([(lon, lat) for lat, lon in polygon.points])
        shapely.prepare(peer)
        # Prepared, and of one mind.
        assert [polygon.covers(*point) for point in points[:2000]] == [
            bool(shapely.contains_xy(peer, lon, lat)) for lat, lon in points[:2000]
        ]
        few = points[: count // 10]
        ours = rate(count, lambda: [polygon.covers(lat, lon) for lat, lon in points])  # noqa: B023 - called at once
        one = rate(len(few), lambda: [shapely.contains_xy(peer, lon, lat) for lat, lon in few])  # noqa: B023
        array = rate(count, lambda: shapely.contains_xy(peer, lons, lats))  # noqa: B023
        rows.append([f"{corners} corners", f"{ours:,.0f}/s", f"{one:,.0f}/s", f"{ours / one:.1f}", f"{array:,.0f}/s"])
    return rows


def alert() -> Alert:
    info = {
        "language": "zh-CN",
        "category": ["Met"],
        "event": "暴雨",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "headline": "暴雨红色预警",
        "area": [{"area_desc": "西湖区"}],
    }
    document = {"status": Status.ACTUAL, "msg_type": MessageType.ALERT, "scope": Scope.PUBLIC, "info": [info]}
    return alert_of(document, sender="a@city.example", identifier="1", sent=datetime(2026, 7, 1, tzinfo=UTC))


def xml_rows(count: int) -> list[list[str]]:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    one, allowed = alert(), {"a@city.example": SenderKey.from_pem(public)}
    xml, signed = write(one), sign(one, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    work: dict[str, Callable[[], object]] = {
        "write": lambda: write(one),
        "read": lambda: read(xml),
        "verify and read": lambda: verify(signed, allowed),
    }
    return [
        [name, f"{1e6 / rate(count, lambda: [each() for _ in range(count)]):,.0f} µs"]  # noqa: B023 - called at once
        for name, each in work.items()
    ]


def main() -> None:
    count = begun(options(__doc__, points=(1_000_000, 10_000)), "nothing is pinned").points
    table(["points in a polygon", "ours", "shapely, one by one", "ratio", "shapely, one list"], points_rows(count))
    table(["an alert's XML", "each"], xml_rows(max(20, count // 2000)))


if __name__ == "__main__":
    main()
