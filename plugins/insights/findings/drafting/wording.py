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
    "## What was reported\n\n{reported}\n\n{places}\n\n"
    "## What to do\n\n{steps}\n\nSource: {who}, as of {last}. Looked at again on {review}."
)

#: What was reported; where there are few, how many isn't told.
REPORTED = "{area}, {first} to {last}: {count}."
FEW_REPORTED = "{area}, {first} to {last}."

#: The body where there are few; its title is the category's.
FEW = "{area}: {category} was reported. Please take care; what to do is on the page behind."

#: Pages of help as the API has them, by language.
Advice = Mapping[str, Sequence[Mapping[str, Any]]]


def suggestion(platform: Platform, category: Category, finding: Finding) -> dict[str, Texts]:
    """Title and body as the category's template has them; without any figure where there are few."""
    template, area, loss = category.template, platform[DIVISIONS].title(finding.area), finding.told["loss"]
    if finding.is_few:
        return {"title": category.title, "body": say(FEW, area=area, category=category.title)}
    given = {"count": f"{finding.told['count']:,}", "days": 7 if finding.grain == "week" else 1}
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
        given = {"places": where, "steps": "\n".join(steps), "who": who}
        about = {"area": title(finding.area), **({} if finding.is_few else {"count": finding.told["count"]})}
        reported = say(FEW_REPORTED if finding.is_few else REPORTED, **days, **about)
        told[language] = say(PAGE, **days, **given, reported=reported)[language]
    return told


def known_numbers(finding: Finding, texts: Iterable[Texts]) -> Iterator[float]:
    """Every number that a warning may name: those of its area, of the finding but for its earlier weeks' where that is
    the area, and what its own texts have. Where there are few, none of what was counted."""
    told = finding.told | (finding.facts | {"points": None} if finding.area == finding.division else {})
    own = {"en": f"{finding.at} {'' if finding.is_few else told}"}
    never = {*finding.told.values(), finding.count, finding.loss} if finding.is_few else set()
    for text in (text for one in (own, *texts) for text in one.values()):
        yield from (found for _, value, unit in numbers_in(text) if (found := float(value * unit)) not in never)


def too_long(most: Mapping[str, tuple[int, int]], texts: Mapping[str, Texts]) -> Iterator[tuple[str, int]]:
    """Where title or body have more characters than a lock screen shows, as a pointer, and how many those are."""
    for place, name in enumerate(("title", "body")):
        for language, text in texts[name].items():
            if language in most and len(text) > most[language][place]:
                yield f"/{name}/{language}", most[language][place]
