"""What a warning about a finding may say: the category's template, the department's own advice on the page behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from banshi import LANGUAGES, Platform, Texts, text_in
from insights.figures.categories import Category
from insights.figures.divisions import DIVISIONS
from insights.findings.drafting.numbers import numbers_in
from insights.findings.models import Finding
from insights.sentences import say

#: Days until a warning is looked at again.
REVIEW_DAYS = 7

#: The page behind a warning, as Markdown.
PAGE = (
    "## What was reported\n\n{area}, {first} to {last}: {count}.\n\n{places}\n\n"
    "## What to do\n\n{steps}\n\nSource: {who}, as of {last}. Looked at again on {review}."
)

#: Pages of help as the API has them, by language.
Advice = Mapping[str, Sequence[Mapping[str, Any]]]


def suggestion(platform: Platform, category: Category, finding: Finding) -> dict[str, Texts]:
    """Title and body as the category's template has them."""
    template, area, loss = category.template, platform[DIVISIONS].title(finding.area), finding.loss
    given = {"count": f"{finding.count:,}", "days": 7 if finding.grain == "week" else 1}
    own = {one: {**given, "area": text_in(area, one), "loss": yuan(loss or 0, one)} for one in LANGUAGES}
    parts = {"title": template.title, "body": template.fitting(loss=loss is not None)}
    return {name: {one: texts[one].format(**own[one]) for one in LANGUAGES} for name, texts in parts.items()}


def yuan(amount: int, language: str) -> str:
    """186万元; 1.86 million yuan."""
    if language == "zh-CN":
        wan = round(amount / 1e4, 0 if amount >= 1e6 else 1)
        return f"{wan:,.1f}".removesuffix(".0") + "万元" if amount >= 1e4 else f"{amount}元"
    return f"{amount / 1e6:,.2f}".removesuffix(".00") + " million yuan" if amount >= 1e6 else f"{amount:,} yuan"


def page(platform: Platform, finding: Finding, advice: Advice) -> Texts:
    """The page behind a warning: what was counted, where, what to do, whence it comes."""
    last = finding.at + timedelta(days=6 if finding.grain == "week" else 0)
    days = {"first": finding.at, "last": last, "review": last + timedelta(days=REVIEW_DAYS)}
    department = platform.registry.departments.get(finding.department)
    who, title = department.title if department else finding.department, platform[DIVISIONS].title
    named = [(title(one["division"]), one["count"]) for one in finding.facts.get("places", ()) if one["division"]]
    told: dict[str, str] = {}
    for language in LANGUAGES:
        steps = [f"- {step}" for each in advice[language] for step in each["steps"]]
        steps += [f"- **{one['number']}** {one['title']}" for each in advice[language] for one in each["phones"]]
        where = "\n".join(f"- {text_in(place, language)}: {count}" for place, count in named)
        given = {"area": title(finding.area), "places": where, "steps": "\n".join(steps), "who": who}
        told[language] = say(PAGE, **days, **given, count=finding.count)[language]
    return told


def known_numbers(finding: Finding, texts: Iterable[Texts]) -> Iterator[float]:
    """Every number that a warning may name: the finding's but for its earlier weeks', and what its own texts have."""
    facts = {**finding.facts, "points": finding.count}
    own = {"en": f"{facts} {finding.loss} {finding.deaths} {finding.at}"}
    for text in (text for one in (own, *texts) for text in one.values()):
        yield from (float(value * unit) for _, value, unit in numbers_in(text))


def too_long(most: Mapping[str, tuple[int, int]], texts: Mapping[str, Texts]) -> Iterator[tuple[str, int]]:
    """Where title or body have more characters than a lock screen shows, as a pointer, and how many those are."""
    for place, name in enumerate(("title", "body")):
        for language, text in texts[name].items():
            if language in most and len(text) > most[language][place]:
                yield f"/{name}/{language}", most[language][place]
