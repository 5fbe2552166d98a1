"""A series against what is usual: a figure by period, a bound, and the points that somebody has to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from markupsafe import Markup

from charts.elements import element, joined, picture, table
from charts.figures import UNTOLD, Figure, checked, figure_text, fitted, marks, short

#: Of the picture: where the plot ends, and how large letters are on a phone.
HEIGHT, TOP, BOTTOM, RIGHT, LETTER = 316.0, 28.0, 268.0, 476.0, 21.0

#: Ems of what is said at a point, and of a period's name, that have room.
MARK_EMS, PERIOD_EMS = 11, 10

#: Points up to which each has a dot.
MAX_DOTS = 60

#: What is above a bound, and what was done: the class, and how far the corners are from the point.
OVER, SENT = ("over", ((0, -9), (9, 0), (0, 9), (-9, 0))), ("sent", ((0, -16), (8, -3), (-8, -3)))

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
    #: By place, what is said at a point; and what was done then, which a sign at the axis shows.
    marked: Mapping[int, str] = field(default_factory=dict)
    noted: Mapping[int, str] = field(default_factory=dict)
    #: From which place on figures still change: these are hollow.
    open_from: int | None = None
    #: One more column of the table: what it is called, then a text for each point.
    remarks: Sequence[str] = ()
    language: str = "en"
    unit: str = ""
    untold: str = UNTOLD

    def __post_init__(self) -> None:
        """Raises ValueError for what can't be drawn."""
        bounds = [self._upper, *([self.bound.lower] if self.bound and self.bound.lower else [])]
        if not self.points or any(len(one) != len(self.points) for one in bounds):
            raise ValueError("a chart has at least one point, and its bound one figure, or one for each point")
        said = {*self.marked, *self.noted}
        if wrong := [at for at in said if not 0 <= at < len(self.points) or self.points[at][1] is None]:
            raise ValueError(f"marked names {wrong}, where no figure is")
        checked([*self._values, *(one for some in bounds for one in some)])

    @property
    def _values(self) -> list[Figure]:
        return [value for _, value in self.points]

    @property
    def _upper(self) -> Sequence[Figure]:
        upper = self.bound.upper if self.bound else None
        return upper if isinstance(upper, Sequence) else [upper] * len(self.points)

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
        whole = RIGHT + 1 if self.open_from is None else xs[self.open_from]
        runs = [[(xs[place], at(value)) for place, value in part] for part in _told_in(self._values)]
        dots = [
            element("circle", class_="dot1" if x < whole else "open", cx=x, cy=y, r=3.5)
            for part in runs
            for x, y in part
            if len(xs) <= MAX_DOTS or len(part) == 1 or x >= whole
        ]
        drawn = joined(_line(part, "lin") for part in runs) + joined(dots)
        drawn += _signs(*SENT, {(xs[one], BOTTOM): why for one, why in self.noted.items()})
        drawn += _signs(*OVER, {(xs[one], at(self.points[one][1] or 0)): why for one, why in self.marked.items()})
        return picture(self.id, self.title, self.about, HEIGHT, *parts, self._bound(xs, at), drawn, *self._periods(xs))

    def table(self) -> Markup:
        """The same figures."""
        columns: list[Sequence[str]] = [[self.period, *(label for label, _ in self.points)]]
        columns.append([self.figures, *(figure_text(one, self.unit, self.untold) for one in self._values)])
        if self.bound is not None:
            columns.append([self.bound.title, *(figure_text(one, self.unit) for one in self._upper)])
        heads, *rows = zip(*columns, *filter(None, [self.remarks]), strict=True)
        return table(self.title, heads, rows)

    def _bound(self, xs: Sequence[float], at: Callable[[float], float]) -> Markup:
        """What is usual, as an area, and its upper end."""
        parts = _told_in(self._upper)
        runs = [[(xs[place], at(upper)) for place, upper in part] for part in parts]
        if self.bound is None or not runs:
            return Markup("")
        lower, area = self.bound.lower, Markup("")
        for run, part in zip(runs, parts, strict=True) if lower else ():
            edge = [*run, *((xs[place], at(lower[place] or 0)) for place, _ in reversed(part))]
            area += element("polygon", class_="band", fill="none", points=_path(edge))
        x, y = runs[0][0]
        title = element("text", self.bound.title, class_="lab2", x=x + 4, y=y - 8)
        return area + joined(_line(part, "bound", stroke_dasharray="6 4") for part in runs) + title

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


def _signs(kind: str, shape: Sequence[Point], said: Mapping[Point, str]) -> Markup:
    """Shapes that no other point has; beside the last of them its words."""
    drawn = joined(element("polygon", class_=kind, points=_path([(x + a, y + b) for a, b in shape])) for x, y in said)
    for x, y in sorted(said)[-1:]:
        side, anchor = (-14, "end") if x > 250 else (14, "start")
        words, y = fitted(said[x, y], MARK_EMS), max(y + shape[1][1] + 5.0, 16.0)
        drawn += element("text", words, class_="lab", x=x + side, y=y, text_anchor=anchor)
    return drawn
