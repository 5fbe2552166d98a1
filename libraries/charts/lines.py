"""A series against what is usual: a figure by period, a bound, and the points that somebody has to see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from markupsafe import Markup

from charts.elements import element, joined, picture, table
from charts.figures import UNTOLD, Figure, checked, fitted, marks, short, told

#: Of the picture: where the plot ends, and how large letters are on a phone.
HEIGHT, TOP, BOTTOM, RIGHT, LETTER = 316.0, 28.0, 268.0, 476.0, 21.0

#: Ems of what is said at a point, and of a period's name, that have room.
MARK_EMS, PERIOD_EMS = 11, 10

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bound:
    """Up to how much is usual: one figure, or one by period; and down to how much, where that is known too."""

    title: str
    upper: float | Sequence[Figure]
    lower: Sequence[Figure] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """Figures by period. A gap is where one isn't told."""

    id: str
    title: str
    #: What the picture shows, in a sentence or two.
    about: str
    #: What the columns of the table are called.
    period: str
    figures: str
    points: Sequence[tuple[str, Figure]]
    bound: Bound | None = None
    #: By place, what is said at a point.
    marked: Mapping[int, str] = field(default_factory=dict)
    language: str = "en"
    unit: str = ""
    untold: str = UNTOLD

    def __post_init__(self) -> None:
        """Raises ValueError for what can't be drawn."""
        bounds = [self._upper, *([self.bound.lower] if self.bound and self.bound.lower else [])]
        if not self.points or any(len(one) != len(self.points) for one in bounds):
            raise ValueError("a chart has at least one point, and its bound one figure, or one for each point")
        if wrong := [at for at in self.marked if not 0 <= at < len(self.points) or self.points[at][1] is None]:
            raise ValueError(f"marked names {wrong}, where no figure is")
        checked([*self._values, *(one for some in bounds for one in some)])

    @property
    def _values(self) -> list[Figure]:
        return [value for _, value in self.points]

    @property
    def _upper(self) -> Sequence[Figure]:
        if self.bound is None:
            return [None] * len(self.points)
        upper = self.bound.upper
        return [upper] * len(self.points) if isinstance(upper, int | float) else upper

    def svg(self) -> Markup:
        """The picture."""
        lines = marks([*self._values, *self._upper])
        left = 16 + 0.6 * LETTER * max(len(short(one, self.language)) for one in lines)
        apart = (RIGHT - left) / max(1, len(self.points) - 1)
        xs = [left + apart * at for at in range(len(self.points))]

        def at(figure: float) -> float:
            return BOTTOM - (BOTTOM - TOP) * figure / lines[-1]

        parts = [
            element("line", class_="ax", stroke="currentColor", x1=left, x2=RIGHT, y1=at(one), y2=at(one))
            + element("text", short(one, self.language), x=left - 8, y=at(one) + 5, text_anchor="end")
            for one in lines
        ]
        run = [[(xs[place], at(value)) for place, value in part] for part in _told_in(self._values)]
        dots = [element("circle", class_="dot1", cx=x, cy=y, r=3.5) for part in run for x, y in part]
        drawn = joined(_line(part, "lin") for part in run) + joined(dots)
        bound = self._bound(xs, [None if one is None else at(one) for one in self._upper], lines[-1])
        said = [self._mark(xs[place], at(self.points[place][1] or 0), words) for place, words in self.marked.items()]
        return picture(self.id, self.title, self.about, HEIGHT, bound, *parts, drawn, *said, *self._periods(xs))

    def table(self) -> Markup:
        """The same figures."""
        rows = [[label, told(value, self.unit, self.untold)] for label, value in self.points]
        heads = [self.period, self.figures]
        if self.bound is not None:
            heads.append(self.bound.title)
            rows = [[*row, told(upper, self.unit)] for row, upper in zip(rows, self._upper, strict=True)]
        return table(self.title, heads, rows)

    def _bound(self, xs: Sequence[float], upper: Sequence[Figure], top: float) -> Markup:
        """What is usual, as an area, and its upper end."""
        runs = [[(xs[place], y) for place, y in part] for part in _told_in(upper)]
        if self.bound is None or not runs:
            return Markup("")
        area = Markup("")
        for part in _told_in(upper) if self.bound.lower else ():
            lower = [BOTTOM - (BOTTOM - TOP) * (self.bound.lower[place] or 0) / top for place, _ in part]
            edge = [(xs[place], y) for place, y in part]
            edge += [(xs[place], y) for (place, _), y in zip(reversed(part), reversed(lower), strict=True)]
            area += element("polygon", class_="band", fill="none", points=_path(edge))
        x, y = runs[0][0]
        title = element("text", self.bound.title, class_="lab2", x=x + 4, y=y - 8)
        return area + joined(_line(part, "bound", stroke_dasharray="6 4") for part in runs) + title

    def _mark(self, x: float, y: float, words: str) -> Markup:
        """A point that is larger than the others and of another shape, with words."""
        edge = [(x, y - 9), (x + 9, y), (x, y + 9), (x - 9, y)]
        is_right = x > 250
        said = element(
            "text", fitted(words, MARK_EMS), class_="lab", x=x - 14 if is_right else x + 14, y=max(y + 5, 16.0),
            text_anchor="end" if is_right else "start",
        )  # fmt: skip
        return element("polygon", class_="over", points=_path(edge)) + said

    def _periods(self, xs: Sequence[float]) -> Iterator[Markup]:
        """What the first and the last period are called, and two between them where there is room."""
        last = len(xs) - 1
        for place in sorted({0, round(last / 3), round(last * 2 / 3), last}):
            anchor = "start" if place == 0 else "end" if place == last else "middle"
            words, kind = fitted(self.points[place][0], PERIOD_EMS), "alt" if anchor == "middle" else None
            yield element("text", words, class_=kind, x=xs[place], y=302, text_anchor=anchor)


def _told_in(figures: Sequence[Figure]) -> list[list[tuple[int, float]]]:
    """The figures with their places, in runs without a gap."""
    runs = groupby(enumerate(figures), lambda one: one[1] is None)
    return [[(place, value) for place, value in run if value is not None] for is_gap, run in runs if not is_gap]


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _line(points: Sequence[Point], kind: str, **more: str) -> Markup:
    return element("polyline", class_=kind, fill="none", stroke="currentColor", points=_path(points), **more)
