"""A chart says the same as its table, to whoever sees it and to whoever hears it; and what stands in it is a text."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from charts import BarChart, Bound, LineChart
from charts.figures import figure_text, fitted, marks, short

HOSTILE = json.loads((Path(__file__).parents[1] / "channels" / "site" / "hostile_texts.json").read_text("utf-8"))
SVG = "{http://www.w3.org/2000/svg}"
WEEKS = [24, 27, 22, 29, 26, 31, 25, 28, 27, 30, 26, 42]


def fraud(**more: Any) -> LineChart:
    points = [(f"第{at}周", value) for at, value in enumerate(WEEKS, 1)]
    words = {"title": "每周起数", "about": "十二周，最近一周42起。", "period": "周", "figures": "起"}
    chart = {"bound": Bound("上界", 35), "marked": {11: "42起，超过7起"}, "language": "zh-CN", **words, **more}
    return LineChart(**{"id": "fraud", "points": points, **chart})


def waiting(**more: Any) -> BarChart:
    rows = [("交警支队", [12, 3]), ("出入境管理支队", [7, None])]
    words = {"title": "待办", "about": "两个部门。", "of": "部门", "groups": ["在办", "逾期"], "untold": "不足5"}
    return BarChart(**{"id": "waiting", "rows": rows, **words, **more})


def drawn(chart: LineChart | BarChart) -> etree._Element:
    """The picture, read as strictly as XML is."""
    return etree.fromstring(str(chart.svg()).encode())


def cells(chart: LineChart | BarChart) -> list[list[str]]:
    return [[str(one.xpath("string()")) for one in row] for row in html.fromstring(str(chart.table())).iter("tr")]


def of_class(picture: etree._Element, kind: str) -> list[etree._Element]:
    return [one for one in picture.iter() if one.get("class") == kind]


@pytest.mark.parametrize("chart", [fraud(), waiting()], ids=["line", "bars"])
def test_a_picture_is_named_and_described_and_its_table_says_the_same(chart: LineChart | BarChart) -> None:
    picture = drawn(chart)
    assert picture.get("role") == "img"
    named = picture.get("aria-labelledby", "").split()
    by_id = {one.get("id"): one.text for one in picture.iter() if one.get("id")}
    assert [by_id[one] for one in named] == [chart.title, chart.about]
    table = html.fromstring(str(chart.table()))
    assert table.findtext("caption") == chart.title
    assert [one.get("scope") for one in table.iter("th")].count("row") == len(cells(chart)) - 1


def test_a_line_has_each_point_where_its_figure_is_and_its_table_the_figures() -> None:
    picture = drawn(fraud())
    dots = [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in of_class(picture, "dot1")]
    assert len(dots) == len(WEEKS)
    assert all(one[0] < then[0] for one, then in pairwise(dots))
    # As far below the axis' last line as the figure is below its number.
    lines = [float(one.get("y1", "")) for one in of_class(picture, "ax")]
    assert len(lines) == len(marks([*WEEKS, 35]))
    assert [round((lines[0] - y) / (lines[0] - lines[-1]) * 50) for _, y in dots] == WEEKS
    assert cells(fraud())[0] == ["周", "起", "上界"]
    assert [row[1:] for row in cells(fraud())[1:]] == [[str(one), "35"] for one in WEEKS]


def test_a_marked_point_is_of_another_shape_and_says_why() -> None:
    picture = drawn(fraud())
    (mark,), (words,) = of_class(picture, "over"), of_class(picture, "lab")
    assert (mark.tag, words.text) == (f"{SVG}polygon", "42起，超过7起")
    assert {one.tag for one in of_class(picture, "dot1")} == {f"{SVG}circle"}
    (bound,) = of_class(picture, "bound")
    assert bound.get("stroke-dasharray")
    assert of_class(picture, "lab2")[0].text == "上界"


def test_a_bound_by_week_and_what_is_usual_are_drawn_where_they_are_known() -> None:
    bound = Bound("上界", [None, *[30] * 10, 35], [None, *[20] * 10, 21])
    picture = drawn(fraud(bound=bound))
    (line,), (area,) = of_class(picture, "bound"), of_class(picture, "band")
    assert len(line.get("points", "").split()) == 11
    assert len(area.get("points", "").split()) == 22
    assert [row[2] for row in cells(fraud(bound=bound))[1:]] == ["–", *["30"] * 10, "35"]


def test_a_figure_that_is_not_told_is_a_gap_and_words_and_never_zero() -> None:
    chart = fraud(points=[("1", 7), ("2", None), ("3", 9), ("4", 8)], bound=None, marked={}, untold="不足5")
    picture = drawn(chart)
    assert [len(one.get("points", "").split()) for one in of_class(picture, "lin")] == [1, 2]
    assert len(of_class(picture, "dot1")) == 3
    assert cells(chart)[2] == ["2", "不足5"]
    bars = drawn(waiting())
    assert len(of_class(bars, "g2")) == 2  # one of them in the legend
    assert [one.text for one in bars.iter(f"{SVG}text")][-1] == "不足5"
    assert cells(waiting())[2] == ["出入境管理支队", "7", "不足5"]


def test_groups_are_told_apart_by_pattern_and_by_the_figure_at_each_bar() -> None:
    picture = drawn(waiting(groups=["甲", "乙", "丙", "丁"], rows=[("交警支队", [1, 2, 3, 4])]))
    patterns = {one.get("id"): one[0].get("d") for one in picture.iter(f"{SVG}pattern")}
    assert len({*patterns.values()}) == 3
    filled = [one.get("fill", "") for one in picture.iter(f"{SVG}rect") if one.get("fill")]
    assert {one.removeprefix("url(#").removesuffix(")") for one in filled} == {*patterns}
    texts = [one.text for one in picture.iter(f"{SVG}text")]
    assert texts == ["甲", "乙", "丙", "丁", "交警支队", "1", "2", "3", "4"]
    assert not [*drawn(waiting(groups=["甲"], rows=[("交警支队", [1])])).iter(f"{SVG}pattern")]


def test_a_bar_is_as_long_as_its_share_of_what_the_longest_may_be() -> None:
    picture = drawn(waiting(groups=["按时"], rows=[("甲", [100]), ("乙", [25]), ("丙", [0])], most=100, unit="%"))
    assert [float(one.get("width", "")) for one in of_class(picture, "g1")] == [400, 100, 1]
    assert [one.text for one in picture.iter(f"{SVG}text")] == ["甲", "100%", "乙", "25%", "丙", "0%"]


def shape(chart: Any) -> list[Any]:
    parts = [*html.fragments_fromstring(str(chart.svg())), *html.fragments_fromstring(str(chart.table()))]
    return [(one.tag, sorted(one.attrib)) for part in parts for one in part.iter()]


def test_whatever_a_title_says_is_text() -> None:
    def both(one: str) -> tuple[LineChart, BarChart]:
        line = fraud(title=one, about=one, period=one, figures=one, points=[(one, 1), (one, None), (one, 2)],
                     bound=Bound(one, 1), marked={2: one}, untold=one, unit=one)  # fmt: skip
        return line, waiting(title=one, about=one, of=one, groups=[one, one], rows=[(one, [1, 2])], unit=one)

    usual = [shape(one) for one in both("ordinary")]
    assert len(HOSTILE) >= 200
    for text in HOSTILE:
        assert [shape(one) for one in both(text)] == usual, text
        assert all(drawn(one)[0].text == html.fromstring(str(one.table())).findtext("caption") for one in both(text))


@pytest.mark.parametrize("chart", [fraud(bound=Bound("上界", 35, [20] * 12)), waiting()], ids=["line", "bars"])
def test_nothing_in_a_picture_is_a_script_a_style_or_from_elsewhere(chart: LineChart | BarChart) -> None:
    names = {name for one in drawn(chart).iter() for name in one.attrib}
    assert not [name for name in names if str(name).startswith("on")]
    assert not names & {"style", "href", "src"}
    tags = {str(one.tag).removeprefix(SVG) for one in drawn(chart).iter()}
    assert tags <= {"svg", "title", "desc", "line", "polyline", "polygon", "circle", "text", "rect", "path", "pattern",
                    "defs"}  # fmt: skip


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e12), st.integers(0, 10**9)), min_size=1, max_size=60))
def test_an_axis_has_round_marks_and_room_for_every_figure(figures: list[float | None]) -> None:
    found = marks(figures)
    known = [one for one in figures if one is not None]
    assert found[0] == 0
    assert 2 <= len(found) <= 7
    assert found[-1] * (1 + 1e-9) >= max(known, default=0)
    step = found[1] - found[0]
    assert all(abs(then - one - step) <= step * 1e-6 for one, then in pairwise(found))
    picture = drawn(fraud(points=[("周", one) for one in figures], bound=None, marked={}))
    at = [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in of_class(picture, "dot1")]
    assert all(0 <= x <= 500 and 0 <= y <= 316 for x, y in at)


def test_figures_are_written_as_each_language_writes_them() -> None:
    assert [short(one, "zh-CN") for one in (0, 9_000, 120_000, 150_000_000)] == ["0", "9,000", "12万", "1.5亿"]
    assert [short(one, "en") for one in (0, 9_000, 120_000, 1_500_000)] == ["0", "9,000", "120,000", "1.5 m"]
    assert [figure_text(one) for one in (None, 0, 12_000, 3.46, 3.0)] == ["–", "0", "12,000", "3.5", "3"]
    assert fitted("一二三四五", 4) == "一二三…"
    assert fitted("a" * 1_000_000, 4) == "aaaaa…"
    assert fitted("短", 4) == "短"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"points": []}, "at least one point"),
        ({"bound": Bound("上界", [1, 2])}, "one for each point"),
        ({"marked": {12: "?"}}, "names [12]"),
        ({"points": [("周", -1)], "marked": {}}, "0 or more"),
        ({"points": [("周", float("nan"))], "marked": {}}, "0 or more"),
    ],
)
def test_what_no_line_can_show_is_refused_with_what_is_wrong(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        fraud(**wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"groups": []}, "1 to 4 groups"),
        ({"groups": [*"abcde"]}, "1 to 4 groups, not 5"),
        ({"rows": []}, "at least one row"),
        ({"rows": [("甲", [1])]}, "for each group"),
        ({"rows": [("甲", [1, float("inf")])]}, "0 or more"),
    ],
)
def test_what_no_bars_can_show_is_refused_with_what_is_wrong(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        waiting(**wrong)


def test_an_id_that_would_end_its_attribute_is_refused() -> None:
    with pytest.raises(ValueError, match="of a chart has to be of a to z"):
        fraud(id='a"b').svg()
