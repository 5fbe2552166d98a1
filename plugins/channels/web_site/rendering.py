"""Templates made into pages: what is in them is escaped, and what isn't there is a mistake and no blank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markdown_it import MarkdownIt
from markupsafe import Markup

from banshi import LANGUAGES, Key, text_in
from web_site.assets import Assets
from web_site.sentences import say, word
from web_site.session import ROOT
from web_site.settings import SiteSettings

FOLDER = Path(__file__).with_name("templates")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
TODAY = "Today"
#: In what the API answers whoever reads a further language.
FURTHER_SPEAK = "en"
#: What each language calls itself; another one is shown by its tag.
LANGUAGE_NAMES = word("English")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Look:
    """What all pages of a city have in common."""

    settings: SiteSettings
    assets: Assets
    #: The day that it is in the city.
    today: Callable[[], date]
    #: Our words in the city's further languages, by tag and English.
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Each with what it calls itself; one that doesn't say it is shown by its tag."""
        further = [(tag, words.get("English", tag)) for tag, words in self.words.items()]
        return [*((tag, LANGUAGE_NAMES.get(tag, tag)) for tag in LANGUAGES), *further]


PAGES: Key[Look] = Key("the site's look")


@lru_cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["ROOT"] = ROOT
    made.filters.update(tel=tel, size=size, yuan=yuan, id=identity, day=day, moment=moment, weekday=weekday)
    return made


def rendered(look: Look | None, template: str, language: str, **names: Any) -> str:
    """A page; without `look` one that has nothing of the city."""
    said = partial(_said, look, language)
    return environment().get_template(template).render(look=look, language=language, say=said, word=said, **names)


def _said(look: Look | None, language: str, english: str | Mapping[str, str], **names: Any) -> str:
    """A sentence of ours by its English, or a text of the city's, in the reader's language; else in English."""
    if language in LANGUAGES:
        return text_in(say(english, **names) if isinstance(english, str) else english, language)
    if not isinstance(english, str):
        return english.get(language) or _said(look, language, text_in(english, FURTHER_SPEAK))
    own = look.words.get(language, {}).get(english, english) if look else english
    return own.format(**names) if names else own


@pass_context
def day(context: Context, given: str | date) -> str:
    """A day as people write it: 12月3日; with its year where that is another one."""
    language, look = context["language"], context["look"]
    one = given if isinstance(given, date) else date.fromisoformat(given[:10])
    return day_in(language, one, 0 if look is not None and look.today().year == one.year else one.year)


def day_in(language: str, one: date, year: int = 0) -> str:
    """The same, with a year where one is named."""
    names = {"day": one.day, "month": say.text(language, MONTHS[one.month - 1]), "number": one.month, "year": year}
    return say.text(language, "{day} {month} {year}" if year else "{day} {month}", **names)


@pass_context
def moment(context: Context, given: str) -> str:
    """A moment to the minute: 今天18:07."""
    language, look = context["language"], context["look"]
    at = datetime.fromisoformat(given)
    is_today = look is not None and look.today() == at.date()
    said = _said(look, language, TODAY) if is_today else day(context, at.date())
    return say.text(language, "{day}, {time}", day=said, time=f"{at:%H:%M}")


@pass_context
def weekday(context: Context, given: str) -> str:
    language, at = context["language"], date.fromisoformat(given[:10]).weekday()
    return say.text(language, WEEKDAYS[at])


@lru_cache
def markdown() -> MarkdownIt:
    """CommonMark without HTML and pictures; its links go where web pages and telephones are."""
    return MarkdownIt("commonmark", {"html": False}).disable("image")


def from_markdown(text: str) -> Markup:
    """What a department writes, as HTML below a page's own heading."""
    tokens = markdown().parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    return Markup(markdown().renderer.render(tokens, markdown().options, {}))  # noqa: S704 - it has no HTML but its own


def tel(number: str) -> str:
    """Where a link leads that calls a number."""
    digits = "".join(one for one in number if one.isdigit() or one == "+")
    return f"{'sms' if digits == '12110' else 'tel'}:{digits}"


def yuan(fen: int) -> str:
    """An amount in yuan: 10, 12.50."""
    return f"{fen / 100:.2f}".removesuffix(".00")


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{max(1, count // 1000)} kB"


def identity(pointer: str) -> str:
    """What an element is found by on its page, of a JSON Pointer."""
    return "f" + "".join(one if one.isalnum() and one.isascii() else "-" for one in pointer)
