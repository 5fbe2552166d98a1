"""Bars by group: of each row one bar a group, told apart by pattern and words, each with its figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from charts.elements import element, hatches, picture, table
from charts.figures import UNTOLD, Figure, checked, figure_text, fitted, marks

#: Of the picture: what a title's line and a bar take, where bars begin, and how far the longest may go.
LINE, BAR, LEFT, RIGHT = 32.0, 30.0, 0.0, 400.0
#: Ems of a title that have room.
TITLE_EMS = 19

#: What is drawn over the plain colour of the second group and of those after it.
PATTERNS = ("", "M0 10L10 0", "M0 5H10", "M5 0V10M0 5H10")


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Figures by row and group."""

    id: str
    title: str
    #: What the picture shows, in a sentence or two.
    about: str
    #: What the first column of the table is called, and the others: one a group, four at most.
    of: str
    groups: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Figure]]]
    #: How much the longest bar may be, such as 100 of percent; by the figures where it isn't said.
    most: float | None = None
    unit: str = ""
    untold: str = UNTOLD

    def __post_init__(self) -> None:
        """Raises ValueError for what can't be drawn."""
        if not 1 <= len(self.groups) <= len(PATTERNS):
            raise ValueError(f"a chart has 1 to {len(PATTERNS)} groups, not {len(self.groups)}")
        if not self.rows or any(len(figures) != len(self.groups) for _, figures in self.rows):
            raise ValueError("a chart has at least one row, and each row a figure or None for each group")
        checked(self._values)

    @property
    def _values(self) -> list[Figure]:
        return [one for _, figures in self.rows for one in figures]

    def svg(self) -> Markup:
        """The picture."""
        most, y, parts = self.most or marks(self._values)[-1], 4.0, self._legend()
        y += LINE * len(self.groups) if len(self.groups) > 1 else 0
        for title, figures in self.rows:
            parts.append(element("text", fitted(title, TITLE_EMS), class_="of", x=LEFT, y=y + 22))
            y += LINE
            for group, figure in enumerate(figures):
                parts.append(self._bar(y, group, figure, RIGHT * min(1.0, (figure or 0) / most)))
                y += BAR
            y += 8
        hatched = hatches(self.id, {group: PATTERNS[group] for group in range(1, len(self.groups))})
        return picture(self.id, self.title, self.about, y, hatched, *parts)

    def table(self) -> Markup:
        """The same figures."""
        rows = [[title, *(figure_text(one, self.unit, self.untold) for one in figures)] for title, figures in self.rows]
        return table(self.title, [self.of, *self.groups], rows)

    def _bar(self, y: float, group: int, figure: Figure, length: float) -> Markup:
        size = {"x": LEFT, "y": y, "width": max(length, 1.0), "height": BAR - 6}
        words = element("text", figure_text(figure, self.unit, self.untold), x=LEFT + length + 8, y=y + 19)
        return words if figure is None else self._filled(group, **size) + words

    def _filled(self, group: int, **size: float) -> Markup:
        """A rectangle in a group's colour, and its pattern over it."""
        plain = element("rect", class_=f"g{group + 1}", **size)
        return plain + element("rect", fill=f"url(#{self.id}-{group})", **size) if PATTERNS[group] else plain

    def _legend(self) -> list[Markup]:
        """What each pattern is, where there are several."""
        if len(self.groups) == 1:
            return []
        return [
            self._filled(at, x=LEFT, y=4 + LINE * at, width=24.0, height=24.0)
            + element("text", fitted(one, TITLE_EMS - 2), x=LEFT + 34, y=22 + LINE * at)
            for at, one in enumerate(self.groups)
        ]
