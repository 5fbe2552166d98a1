"""The series of a finding, as the API shows it, against its bound: as SVG that needs no page around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from banshi import text_in
from charts import Bound, LineChart
from charts.figures import figure_text
from insights.findings.reading import WENT_OUT
from insights.sentences import word

#: Letters of the size that phones need, and without what has no room then.
LARGE = ".chart text{font-size:21px}.chart .alt{display:none}"

#: Weeks of which none has another's day and month.
YEAR_WEEKS = 52

#: A finding as the API shows it whole, in one language.
Shown = Mapping[str, Any]


def chart_of(finding: Shown, language: str) -> LineChart:
    """The weeks or days up to a finding with their bounds, those after it, what was sent. Raises ValueError without."""
    read, weeks = partial(text_in, language=language), [*finding["why"]["points"], *finding["after"]["weeks"]]
    by_day = finding.get("grain") == "day"
    days, counts = [date.fromisoformat(one["at"]) for one in weeks], [one["count"] for one in weeks]
    upper = [one.get("upper") for one in weeks]
    names = [f"{day.month}月{day.day}日" if language == "zh-CN" else f"{day:%-d %b}" for day in days]
    if len(days) > YEAR_WEEKS:
        names = [str(day) for day in days]
    above = {
        place: read(word("{count}, {more} above", count=count, more=figure_text(count - bound)))
        for place, (count, bound) in enumerate(zip(counts, upper, strict=True))
        if count is not None and bound is not None and count > bound
    }
    still = next((place for place, one in enumerate(weeks) if not one.get("closed", True)), None)
    closed, about = [one for one in counts[:still] if one is not None], [word("Nothing is known of these weeks.")]
    if closed:
        span = {"many": len(closed), "least": min(closed), "most": max(closed), "last": closed[-1]}
        about = [word("{many} closed weeks, between {least} and {most} a week; {last} in the last one.", **span)]
        if by_day:
            about = [word("{many} closed days, between {least} and {most} a day; {last} on the last one.", **span)]
    if above:
        about.append(word("Above the bound: {days}.", days=", ".join([names[place] for place in above][-5:])))
    sent, warning = dict[int, str](), finding["warning"]
    if warning and warning["state"] in WENT_OUT and warning["published_at"]:
        place = (date.fromisoformat(warning["published_at"][:10]) - days[0]).days // (1 if by_day else 7)
        sent = {place: read(word("warning sent"))} if place < len(days) and counts[place] is not None else {}
    period = read(word("Day") if by_day else word("Week from"))
    return LineChart(
        id="series", title=title_of(finding, language), about=" ".join(map(read, about)), language=language,
        period=period, figures=read(word("Count")), points=[*zip(names, counts, strict=True)],
        bound=Bound(read(word("Upper bound")), upper, [one.get("expected") for one in weeks]),
        marked=above, noted=sent, open_from=still,
    )  # fmt: skip


def title_of(finding: Shown, language: str) -> str:
    """What is counted, and where; of a day, when."""
    names = {"category": finding["category"]["title"], "place": finding["division"]["title"]}
    if finding.get("grain") == "day":
        return text_in(word("{category} in {place}, {day}", **names, day=finding["at"]), language)
    return text_in(word("{category} in {place}", **names), language)


def stand_alone(picture: Markup, *, large: bool = False) -> bytes:
    """A picture of `charts` with its styles in it; `large` for a phone's screen."""
    # A > within an attribute is escaped.
    head, _, rest = str(picture).partition(">")
    return f"{head}><style>{_styles()}{LARGE if large else ''}</style>{rest}".encode()


@cache
def _styles() -> str:
    return Path(__file__).with_name("picture.css").read_text(encoding="utf-8").partition("*/")[2].replace("\n", "")
