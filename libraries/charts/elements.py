"""Elements of SVG and HTML: whatever stands in them is escaped, so that a title of anybody's is a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup, escape

#: What is no character of XML.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ID = re.compile("[a-z][a-z0-9-]{0,63}")


def element(tag: str, *inside: object, **attributes: object) -> Markup:
    """An element. `class_` is `class`, `text_anchor` is `text-anchor`; an attribute that is None is left out."""
    told = [
        f' {name.rstrip("_").replace("_", "-")}="{escape(_written(value))}"'
        for name, value in attributes.items()
        if value is not None
    ]
    return Markup(f"<{tag}{''.join(told)}>{''.join(map(escape, map(_written, inside)))}</{tag}>")  # noqa: S704 - escaped


def joined(parts: Iterable[str]) -> Markup:
    return Markup("").join(parts)


def picture(chart: str, title: str, about: str, height: float, *inside: Markup) -> Markup:
    """The SVG, 500 wide, with what it is called and what it shows. Raises ValueError for no id of ours."""
    if not _ID.fullmatch(chart):
        raise ValueError(f"id {chart!r} of a chart has to be of a to z, 0 to 9 and hyphens, a letter first")
    head = element("title", title, id=f"{chart}-title"), element("desc", about, id=f"{chart}-about")
    return element(
        "svg", *head, *inside, xmlns="http://www.w3.org/2000/svg", class_="chart", role="img",
        viewBox=f"0 0 500 {_written(height)}", aria_labelledby=f"{chart}-title {chart}-about",
    )  # fmt: skip


def hatches(chart: str, drawn: Mapping[int, str]) -> Markup:
    """What is drawn over plain colours to tell them apart; each is filled in as `url(#<chart>-<its number>)`."""
    paths = {at: element("path", class_="hatch", stroke="currentColor", d=one) for at, one in drawn.items()}
    size = {"width": 10, "height": 10, "patternUnits": "userSpaceOnUse"}
    found = [element("pattern", path, id=f"{chart}-{at}", **size) for at, path in paths.items()]
    return element("defs", *found) if found else Markup("")


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Rows whose first cell says of what the others are."""
    top = [element("th", one, scope="col", class_="n" if at else None) for at, one in enumerate(heads)]
    body = [
        element("tr", element("th", row[0], scope="row"), *(element("td", one, class_="n") for one in row[1:]))
        for row in rows
    ]
    return element("table", element("caption", caption), element("thead", element("tr", *top)), element("tbody", *body))


def _written(value: object) -> str:
    if isinstance(value, Markup):
        return value
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else _NO_CHARACTER.sub("\ufffd", str(value))
