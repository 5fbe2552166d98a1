"""What citizens read when an answer is wrong, and never what they entered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

from banshi.forms.days import day_limit, written
from banshi.forms.pointers import pointer
from banshi.forms.sentences import word
from banshi.foundation.errors import FieldProblem
from banshi.foundation.texts import spoken

#: Places where a subschema may be tried on a value while problems are looked for: at 10 to 30 µs for each that fails,
#: and on the event loop. Valid answers aren't counted, they cost nanoseconds.
MAX_TRIED = 5_000
#: Where a field is asked; the code of one that was given where it isn't.
WHEN = "x-when"
#: Reads answers: what the handler gets, and what is wrong.
Reader = Callable[[Any], tuple[Any, Sequence["Found"]]]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A problem before it is put into a language."""

    path: Path
    #: JSON Schema keyword, or the author's own word.
    code: str
    #: What the sentence mentions: a limit, types, options, a format, an author's own sentence.
    what: Any = None
    #: Key of the sentence where it isn't the code.
    sentence: str = ""
    #: The author's explanation of a pattern, which replaces the sentence.
    hint: Any = None


SENTENCES = {
    "required": "This is required.",
    "additionalProperties": "There is no such field here; leave it out.",
    "type": "Give {what}.",
    "enum": "Choose one of: {what}.",
    "const": "This can only be {what}.",
    "pattern": "Wrong format.",
    "format": "Give {what}.",
    "minimum": "Give {what} or more.",
    "maximum": "Give {what} or less.",
    "exclusiveMinimum": "Give more than {what}.",
    "exclusiveMaximum": "Give less than {what}.",
    "multipleOf": "Give a multiple of {what}.",
    "minLength": "This is too short; the shortest length is {what}.",
    "maxLength": "This is too long; the greatest length is {what}.",
    "minItems": "These are too few; the least number is {what}.",
    "maxItems": "These are too many; the greatest number is {what}.",
    "uniqueItems": "No entry may appear twice.",
    "contains": "An entry that has to be here is missing.",
    "maxContains": "There are too many entries of one sort.",
    "minProperties": "Fill in more fields; the least number is {what}.",
    "maxProperties": "Fill in fewer fields; the greatest number is {what}.",
    "propertyNames": "A field can't have this name.",
    "falseSchema": "Nothing may be given here; leave it out.",
    "unevaluatedItems": "An entry here has no place; leave it out.",
    "not": "This is not allowed here.",
    "anyOf": "This fits none of the ways in which it can be filled in.",
    "either": "Give at least one of: {what}.",
    "several": "This fits several ways of filling it in; keep to one of them.",
    "x-not-before": "Give a day no earlier than {what}.",
    "x-not-after": "Give a day no later than {what}.",
    "x-when": "This is asked only where {what}; leave it out.",
    "x-in-order": "This can't be earlier than “{what}”.",
    "past": "Give a time in the past.",
    "future": "Give a time in the future.",
    "own": "{what}",
    "invalid": "This is not valid.",
    "truncated": "There are more problems; these are the first {what}.",
    "tooLarge": "Something is wrong, but there is too much here to say where.",
    "nesting": "This is nested too deeply.",
    "text": "This holds characters that are not Unicode text.",
}
SENTENCES |= {"unevaluatedProperties": SENTENCES["additionalProperties"], "oneOf": SENTENCES["anyOf"]}
SENTENCES |= {"dependentRequired": SENTENCES["required"]}
SENTENCES |= {"minContains": SENTENCES["contains"]}

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no",
    "array": "a list",
    "object": "a group of fields",
    "null": "nothing",
}

#: Every format that the validator asserts; a schema that names another is refused, because it would promise a check
#: that nobody makes.
FORMATS = {
    "date": "a date such as 2026-11-24",
    "date-time": "a time with its zone: 2026-11-24T09:30:00+08:00",
    "time": "a time of day with its zone, such as 09:30:00+08:00",
    "duration": "a duration such as P3D",
    "email": "an email address",
    "idn-email": "an email address",
    "hostname": "a host name",
    "idn-hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "uri": "a whole web address",
    "uri-reference": "a web address",
    "iri": "a whole web address",
    "iri-reference": "a web address",
    "uuid": "the id that the platform has given",
    "uri-template": "a template of web addresses",
    "json-pointer": "the place of a field",
    "relative-json-pointer": "the relative place of a field",
    "regex": "a regular expression",
    "cn-resident-id": (
        "an ID number as it is on an identity card, a residence permit for residents of Hong Kong, Macau or Taiwan, or "
        "a foreigner's permanent residence card"
    ),
    "cn-uscc": "a unified social credit code of 18 characters",
    "cn-plate": "a whole number plate, such as 川B12345 or 川BD12345",
    "cn-mobile": "the eleven digits of a mobile number",
    "cn-phone": "a mobile number, or a landline's number with its area code",
    "cn-division": "the six digits of an administrative division, such as 510703",
}


def say(found: Found, language: str) -> FieldProblem:
    """The problem in the reader's language."""
    what = found.what
    match sentence := found.sentence or found.code:
        case "type":
            what = _either([word.text(language, _TYPES[name]) for name in dict.fromkeys(what)], language)
        case "format":
            what = word.text(language, FORMATS[what])
        case "enum" if not isinstance(what, str):
            shown = [_shown(option, language) for option in what[:20]] + (["…"] if len(what) > 20 else [])
            what = word.text(language, ", ").join(shown)
        case "x-not-before" | "x-not-after":
            limit, bound = day_limit(what[0]).said(language), written(date.fromisoformat(what[1]), language)
            what = bound if limit == bound else word.text(language, "{limit} ({day})", limit=limit, day=bound)
        case "either":
            what = word.text(language, ", ").join(spoken(title, language) for title in what)
        case "x-when":
            what = word.text(language, " and ").join(_condition(title, some, language) for title, some in what)
        case "x-in-order":
            what = spoken(what, language)
        case "const":
            what = _shown(what, language)
    detail = spoken(found.hint, language) if found.hint else word.text(language, SENTENCES[sentence], what=what)
    return FieldProblem(pointer(found.path), detail, found.code)


def _either(texts: Sequence[str], language: str) -> str:
    return reduce(lambda one, other: word.text(language, "{one} or {other}", one=one, other=other), texts)


def _condition(title: Any, options: Sequence[Any], language: str) -> str:
    """That a field has one of some values: “车型”为“重型货车”或者“专项作业车”."""
    values = [word.text(language, "{value}", value=_shown(one, language)) for one in options[:20]]
    shown = {"title": spoken(title, language), "values": word.text(language, " or ").join(values)}
    return word.text(language, "“{title}” is {values}", **shown)


def _shown(option: Any, language: str) -> str:
    """A choice as it is read: a pair of "type" and a type's name, one of "word" and its texts, or the value itself."""
    match option:
        case ("type", name):
            return word.text(language, _TYPES[name])
        case bool():
            return word.text(language, "yes" if option else "no")
        case ("word", texts):
            return spoken(texts, language)
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)
