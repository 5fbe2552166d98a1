"""A chart and a map stand alone: their styles in them, nothing else, and whatever is said in them is text."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree

from insights.drawn.charts import chart_of, stand_alone
from insights.drawn.maps import SAMPLE, division_map, findings, read_shapes
from insights.settings import MapSettings

HOSTILE = json.loads((Path(__file__).parents[2] / "channels" / "site" / "hostile_texts.json").read_text("utf-8"))
SVG = "{http://www.w3.org/2000/svg}"
LAST = date(2026, 11, 23)
WEEKS = (24, 27, 22, 29, 26, 31, 25, 28, 27, 30, 26, 42)


def finding(
    counts: Sequence[int | None] = WEEKS, bound: float | None = 35.3, title: str = "刷单返利", **more: Any
) -> Any:
    """As the API shows one: the weeks before it have no bound, and one behind it isn't closed."""
    days = [LAST - timedelta(weeks=ago) for ago in reversed(range(len(counts)))]
    points = [
        {"at": str(day), "count": count, "expected": bound and bound - 9, "upper": bound}
        for day, count in zip(days, counts, strict=True)
    ]
    weeks = [{"at": "2026-11-30", "count": 18, "closed": False}]
    named = {"category": {"title": title}, "division": {"title": title}, "warning": None}
    return {**named, "why": {"points": points}, "after": {"weeks": weeks}, **more}


def drawn(one: Any, language: str = "zh-CN") -> etree._Element:
    """The picture, read as strictly as XML is."""
    return etree.fromstring(stand_alone(chart_of(one, language).svg()))


def of_class(picture: etree._Element, kind: str) -> list[etree._Element]:
    return [one for one in picture.iter() if one.get("class") == kind]


def said(picture: etree._Element, tag: str = "text") -> list[str]:
    return [one.text or "" for one in picture.iter(f"{SVG}{tag}")]


def test_a_chart_shows_the_bound_what_is_above_it_what_was_sent_and_what_is_not_closed() -> None:
    published = {"state": "published", "published_at": "2026-12-01T09:00:00+08:00"}
    picture = drawn(finding(warning=published))
    assert [len(of_class(picture, kind)) for kind in ("dot1", "open", "over", "sent", "band", "bound")] == [
        12,
        1,
        1,
        1,
        1,
        1,
    ]
    assert {"42起，超过上界6.7", "已发出提醒", "上界", "9月7日", "11月30日"} <= {*said(picture)}
    assert said(picture, "title") == ["刷单返利的刷单返利"]
    assert said(picture, "desc") == ["已截止的12周，每周22至42起；最近一周42起。 超过上界的周：11月23日。"]
    assert "7 Sep" in said(drawn(finding(), "en"))
    recalled = drawn(finding(warning={"state": "proposed", "published_at": None}))
    assert not of_class(recalled, "sent")


@pytest.mark.parametrize(
    "counts",
    [[0] * 30, [None] * 30, [3] * 20 + [10**9] + [3] * 5, [5], [7] * 260, [None, 4, None] * 60],
    ids=["zeros", "nothing known", "one huge week", "one week", "260 weeks", "gaps"],
)
def test_whatever_was_counted_is_drawn_within_the_picture(counts: list[int | None]) -> None:
    for bound in (None, 0.0, 12.5):
        picture = drawn(finding(counts, bound))
        points = [point for one in picture.iter() for point in (one.get("points") or "").split()]
        assert all(0 <= float(x) <= 500 and 0 <= float(y) <= 316 for x, _, y in (one.partition(",") for one in points))
        assert len(stand_alone(chart_of(finding(counts, bound), "en").svg())) < 45_000


def test_a_text_of_anybody_s_is_text_and_a_picture_has_no_script_and_nothing_from_elsewhere() -> None:
    shapes = read_shapes(SAMPLE, "code")

    def both(text: str) -> list[etree._Element]:
        figures = dict.fromkeys(shapes, 7.0)
        one = division_map(text, shapes, figures, dict.fromkeys(shapes, text), text)
        return [drawn(finding(title=text)), etree.fromstring(stand_alone(one))]

    usual = [[(one.tag, sorted(one.attrib)) for one in picture.iter()] for picture in both("ordinary")]
    for text in HOSTILE:
        found = both(text)
        assert [[(one.tag, sorted(one.attrib)) for one in picture.iter()] for picture in found] == usual, text
    tags = {str(tag).removeprefix(SVG) for picture in usual for tag, _ in picture}
    assert not tags & {"script", "foreignObject", "image", "use", "a"}
    assert not {name for picture in usual for _, names in picture for name in names} & {
        "style",
        "href",
        "src",
        "onload",
    }


def test_a_map_tells_divisions_apart_by_pattern_and_words() -> None:
    shapes = read_shapes(SAMPLE, "code")
    assert len(shapes) == 9
    figures = dict(zip(shapes, [0, 7, 12, 25, 40, None, 14, 22, 9], strict=True))
    picture = etree.fromstring(stand_alone(division_map("本周", shapes, figures, {"510727": "平武县"}, "不足5起")))
    patterns = {each.get("id"): each[0].get("d") for each in picture.iter(f"{SVG}pattern")}
    assert len({*patterns.values()}) == len(patterns) == 5
    fills = [each.get("fill", "") for each in picture.iter(f"{SVG}path") if each.get("fill")]
    assert [fill[5:-1] for fill in fills] == [f"map-{at}" for at in (0, 0, 1, 2, 3, 4, 1, 2, 0)]
    assert said(picture)[-5:] == ["0–9", "10–19", "20–29", "30–40", "不足5起"]
    assert "平武县 0; 510726 7" in said(picture, "desc")[0]


@pytest.mark.parametrize(
    "text",
    ["", '{"features": [{"geometry": null}]}', '{"features": [{"geometry": {"type": "Point", "coordinates": 1}}]}',
     '{"features": [{"geometry": {"type": "Polygon", "coordinates": [[[500000, 3000000]]]}, "properties": {}}]}',
     '{"features": [{"geometry": {"type": "Polygon", "coordinates": [[[104, 31]]]}, "properties": {}}]}'],
)  # fmt: skip
def test_a_file_that_is_no_map_is_told_with_its_feature(tmp_path: Path, text: str) -> None:
    file = tmp_path / "map.geojson"
    file.write_text(text, encoding="utf-8")
    city: Any = SimpleNamespace(configuration=SimpleNamespace(file=tmp_path / "plugins.toml"))
    (found,) = findings(city, MapSettings(file=Path(file.name)))
    assert str(file) in found.advice
    assert "insights.map" in found.advice
    assert not [*findings(city, MapSettings())]


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint isn't installed")
def test_xmllint_finds_nothing_wrong(tmp_path: Path) -> None:
    files = [tmp_path / f"{at}.svg" for at in range(len(HOSTILE))]
    for file, text in zip(files, HOSTILE, strict=True):
        file.write_bytes(stand_alone(chart_of(finding(title=text), "en").svg()))
    told = subprocess.run(
        ["xmllint", "--noout", "--nonet", *map(str, files)], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
