"""A department's staff gets what rose as pictures and pages, others nothing; the page is read by others' readers."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from lxml import etree
from PIL import Image

from banshi.testing import Door
from insights.drawn import maps
from insights.drawn.charts import chart_of, stand_alone
from insights.drawn.press import PRESS, Press
from insights.figures.models import Count
from insights.findings import weekly
from insights.findings.urgent import look
from tests.insights.drawn.test_charts import HOSTILE, finding
from tests.insights.findings.city import (
    EAST,
    LIST,
    WEST,
    act,
    analyst,
    any_rise,
    count,
    count_days,
    last_week,
    open_city,
    risen,
)

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(weekly, "judge", any_rise)
    async with open_city(tmp_path) as opened:
        yield opened


def read(body: bytes) -> tuple[Any, str]:
    """A file's root, and what its pages say, as pypdf reads them."""
    document = pypdf.PdfReader(io.BytesIO(body), strict=True)
    return document.trailer["/Root"], "".join("".join(page.extract_text() for page in document.pages).split())


async def test_a_finding_is_drawn_for_its_department_and_for_nobody_else(door: Door) -> None:
    one, lin = await risen(door), analyst(door)
    chart = f"{LIST}/{one['id']}/chart"
    svg, png, pdf = [await lin.get(f"{chart}.{ending}") for ending in ("svg", "png", "pdf")]
    assert [reply.headers["Content-Type"] for reply in (svg, png, pdf)] == [
        "image/svg+xml",
        "image/png",
        "application/pdf",
    ]
    picture = etree.fromstring(svg.body)
    assert "19" in (picture.findtext(f"{SVG}desc") or "")
    assert "style-src 'unsafe-inline'" in svg.headers["Content-Security-Policy"]
    assert Image.open(io.BytesIO(png.body)).size[0] == 1250
    root, text = read(pdf.body)
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"]) == (True, "zh-CN")
    assert "还没有人处理" in text
    for ending in ("svg", "png", "pdf"):
        (await door.staff("other", "cyber:analyst").get(f"{chart}.{ending}")).problem(404, "not-found")
    assert (await lin.get(f"{chart}.svg", headers={"If-None-Match": svg.headers["ETag"]})).status == 304


async def test_a_weeks_report_says_what_rose_where_and_what_was_done(door: Door) -> None:
    one, lin = await risen(door), analyst(door)
    (
        await act(
            lin, one, "dismiss", reason="同一团伙，已抓获𠮷", until=str(door.platform.today() + timedelta(days=9))
        )
    ).ok()
    for language, words in {
        "zh-CN": ("已抓获〔U+20BB7〕", "上界", "不发提醒"),
        "en": ("Upperbound", "Thereisnowarning"),
    }.items():
        reply = await lin.get("/v1/insights/report.pdf", headers={"Accept-Language": language})
        root, text = read(reply.body)
        assert root["/Lang"] == language
        assert all(word in text for word in words), text
    before = {"week": str(last_week(door) - timedelta(weeks=9))}
    quiet = await lin.get("/v1/insights/report.pdf", params=before, headers={"Accept-Language": "en"})
    assert "Nothingrose" in read(quiet.body)[1]
    for week in ("0001-01-01", "9999-12-31", str(door.platform.today())):
        (await lin.get("/v1/insights/report.pdf", params={"week": week})).problem(400, "invalid-parameter")
    others = await door.staff("other", "cyber:analyst").get(
        "/v1/insights/report.pdf", headers={"Accept-Language": "en"}
    )
    assert "Nothingrose" in read(others.body)[1]


async def test_a_weeks_report_has_what_was_urgent_on_its_days(door: Door) -> None:
    await risen(door)
    day = last_week(door) + timedelta(days=6)
    await count_days(door, WEST, ((door.platform.today() - day).days, 7), deaths=1)
    await look(door.platform)
    reply = await analyst(door).get("/v1/insights/report.pdf", headers={"Accept-Language": "en"})
    text = read(reply.body)[1]
    assert f"PaidtasksinYouxianQu,{day}" in text
    assert "7werecounted" in text


async def test_the_shapes_of_the_map_are_read_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    await risen(door)
    lin, query = analyst(door), {"category": "fraud-tasks"}
    maps.read_shapes.cache_clear()
    assert (await lin.get("/v1/insights/map.svg", params=query)).status == 200
    monkeypatch.setattr(Path, "read_bytes", None)
    assert (await lin.get("/v1/insights/map.svg", params=query)).status == 200


async def test_a_map_hides_what_few_are_and_is_for_the_categorys_department(door: Door) -> None:
    await risen(door, counts=(6, 6, 6, 6, 19))
    await count(door, WEST, (6, 6, 6, 2, 3))
    lin = analyst(door)
    reply = await lin.get("/v1/insights/map.svg", params={"category": "fraud-tasks"}, headers={"Accept-Language": "en"})
    picture = etree.fromstring(reply.body)
    about = picture.findtext(f"{SVG}desc") or ""
    assert "Fucheng Qu 19" in about
    assert "Youxian Qu fewer than 5, or unknown" in about
    assert "Anzhou Qu 0" in about
    await Count.filter(division=EAST).update(count=None)
    reply = await lin.get("/v1/insights/map.svg", params={"category": "fraud-tasks"}, headers={"Accept-Language": "en"})
    assert "Fucheng Qu fewer than 5, or unknown" in (etree.fromstring(reply.body).findtext(f"{SVG}desc") or "")
    other = door.staff("other", "cyber:analyst")
    for person, code in ((other, "fraud-tasks"), (lin, "none"), (lin, "")):
        (await person.get("/v1/insights/map.svg", params={"category": code})).problem(400, "invalid-parameter")


async def test_drawing_does_not_stop_the_loop(door: Door) -> None:
    """A page of many sections takes long; the loop goes on meanwhile."""
    sections = [{"title": f"{at}", "finding": EMPTY} for at in range(400)]
    drawing = asyncio.create_task(
        door.platform[PRESS].drawn("pdf", {"title": "t", "language": "en", "sections": sections})
    )
    longest, before = 0.0, time.monotonic()
    while not drawing.done():
        await asyncio.sleep(0.001)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    started = longest
    assert (await drawing).startswith(b"%PDF")
    assert started < 0.5


async def test_whatever_a_text_says_there_is_a_page() -> None:
    """PDF/UA refuses what no font has a shape for, and control characters with it."""
    press, sections = Press(), []
    for text in HOSTILE:
        why = {**EMPTY["why"], "beside": [text], "places": [{"division": {"title": text}, "count": 3}]}
        shown = {**EMPTY, "state": "dismissed", "history": [{"reason": text}], "why": why}
        svg = stand_alone(chart_of(finding(title=text), "en").svg()).decode()
        sections.append({"title": f"{text}: {text}", "finding": shown, "svg": svg, "alt": f"A chart of {text}"})
    body = await press.drawn("pdf", {"title": f"Of {HOSTILE[-1]}", "language": "en", "sections": sections})
    await press.aclose()
    assert len(pypdf.PdfReader(io.BytesIO(body)).pages) > len(HOSTILE) / 4


EMPTY: Any = {
    "count": 1, "state": "open", "warning": None, "history": [], "after": {"weeks": []},
    "why": {"upper": None, "beside": [], "places": [], "points": []},
}  # fmt: skip
