"""What a citizen is told of a step: templates, what they may mention, and how they are filled.

A template is text with names in braces, `{item}`; a brace itself is written twice. Python's formatting language has
attributes, indexes and conversions beside that, with which a template could reach whatever a value leads to: here it
has none of them, and each value is put in as the text that it is, never parsed again. A line that mentions something
that is not there this time (a pass of an item without one) is left out whole, so that no template needs conditions.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from banshi.foundation.texts import UNSHOWN, clean, cut
from banshi.kernel.contract.values import LANGUAGES, LONGEST_REASON, Item, MessageTemplates, Step, Texts, text_in
from banshi.kernel.sentences import say

#: What stands for a placeholder: one text for all languages, a text in each, or a day, written out for people.
Value = str | date | Texts

#: Longest title, body, and single value in a body, in characters; what is longer is cut.
LONGEST_TITLE, LONGEST_BODY, LONGEST_VALUE = 100, 4000, LONGEST_REASON

#: What every message can mention.
ALWAYS = frozenset({"item", "number", "department", "result", "date"})

NAME = re.compile(r"[a-z][a-z_]*")

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

#: A line as (text before, name of a placeholder or None) pairs.
Line = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    lines: tuple[Line, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for line in self.lines for _, name in line if name is not None)


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Template:
    """The template that `text` is; ValueError says what is wrong with it. Each text is parsed once."""
    return Template(tuple(_line(line) for line in text.strip().splitlines()))


def _line(text: str) -> Line:
    parts: list[tuple[str, str | None]] = []
    try:
        for literal, name, spec, conversion in string.Formatter().parse(text):
            if name is not None and (spec or conversion or not NAME.fullmatch(name)):
                raise ValueError("braces hold a name and nothing else")
            parts.append((literal.translate(UNSHOWN), name))
    except ValueError as error:
        advice = "write {name} to mention something, {{ or }} for a brace"
        said = str(error)
        raise ValueError(f"{said[:1].lower()}{said[1:]} in {text!r}: {advice}") from None
    return tuple(parts)


def written(step: Step, item: Item, values: Mapping[str, Value]) -> tuple[Texts, Texts]:
    """Title and body of the message that `step` gives, in every language, with the item's own words where it has some.

    `values` may lack what is not there this time. The templates were checked at start.
    """
    own = item.messages.get(step.action, MessageTemplates())
    default = step.tells or MessageTemplates()
    titles, bodies = {**(default.title or {}), **(own.title or {})}, {**(default.body or {}), **(own.body or {})}
    title, body = {}, {}
    plain = {name: clean(value) for name, value in values.items() if isinstance(value, str)}
    other = {name: value for name, value in values.items() if not isinstance(value, str)}
    for language in LANGUAGES:
        texts = plain | {name: _text(value, language) for name, value in other.items()}
        one_line = {name: " ".join(text.split()) for name, text in texts.items()}
        title[language] = cut(fill(parse(text_in(titles, language)), one_line), LONGEST_TITLE)
        cut_texts = {name: cut(text, LONGEST_VALUE) for name, text in texts.items()}
        body[language] = cut(fill(parse(text_in(bodies, language)), cut_texts), LONGEST_BODY)
    return title, body


def fill(template: Template, values: Mapping[str, str]) -> str:
    """The template with its values, which are clean; a line that lacks one is left out, and so is a blank one then."""
    lines: list[str] = []
    for line in template.lines:
        if all(name is None or values.get(name) for _, name in line):
            filled = "".join([text + values[name] if name else text for text, name in line]).strip()
            if filled or (lines and lines[-1]):
                lines.append(filled)
    return "\n".join(lines).strip()


def _text(value: date | Texts, language: str) -> str:
    if isinstance(value, date):
        return day_in(value, language)
    # A department's code may give a reason in one language alone: better that one than none.
    return next(filter(None, map(clean, (value.get(language, ""), *value.values()))), "")


@functools.lru_cache(maxsize=1024)
def day_in(day: date, language: str) -> str:
    """A day as people write it: 2026年11月24日, 24 November 2026."""
    names = {"day": day.day, "month": say.text(language, MONTHS[day.month - 1]), "number": day.month, "year": day.year}
    return say.text(language, "{day} {month} {year}", **names)
