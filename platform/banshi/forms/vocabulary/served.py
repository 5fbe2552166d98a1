"""A form as its readers get it: plain JSON Schema in one language, with no text in several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from banshi.forms.days import IN_ORDER, told_limits, told_order
from banshi.forms.schemas import LIST, NAMED, ONE
from banshi.forms.vocabulary.conditions import is_rule
from banshi.forms.vocabulary.fields import GROUPS, MASK, MASKS
from banshi.forms.vocabulary.texts import OWN, PLAIN, TEXTS, WORDS
from banshi.foundation.texts import spoken

#: How choices are written: `oneOf` with the words of each, or `enum` with the words beside it, as generators read them.
Choices = Literal["oneOf", "enum"]


def described(schema: Any, language: str, choices: Choices = "oneOf") -> Any:
    """The schema in one language, its limits of days in words too, in the descriptions of their fields."""
    if not isinstance(schema, dict):
        return schema
    told = {key: value for key, value in schema.items() if key not in {TEXTS, WORDS}}
    told |= {key: described(schema[key], language, choices) for key in ONE if key in schema}
    told |= {key: [described(one, language, choices) for one in schema[key]] for key in LIST if key in schema}
    if choices == "enum" and "allOf" in schema:  # generators make types of it
        told["allOf"] = [one for one in told["allOf"] if not is_rule(one, schema.get("properties", {}))]
        if not told["allOf"]:
            del told["allOf"]
    for key in NAMED:
        if key in schema:
            told[key] = {name: described(one, language, choices) for name, one in schema[key].items()}
    told |= {key: spoken(text, language) for key, text in schema.get(TEXTS, {}).items()}
    told |= {key: spoken(schema[key], language) for key in OWN if isinstance(schema.get(key), Mapping)}
    if groups := schema.get(GROUPS):
        told[GROUPS] = [_in_language(one, language) for one in groups]
    if mask := MASKS.get(schema.get("format", "")):
        told.setdefault(MASK, mask)
    if words := [_in_language(one, language) for one in schema.get(WORDS, ())]:
        if choices == "enum":
            told["x-enum-descriptions"] = [str(one.get("title", one["const"])) for one in words]
        else:
            del told["enum"]
            told["oneOf"] = words
    _say(told, told_limits(schema, language))
    for name in schema.get(IN_ORDER, ()):
        _say(told["properties"][name], told_order(schema, name, language))
    return told


def _in_language(told: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A choice or a group."""
    return {**told, **{key: spoken(told[key], language) for key in PLAIN if key in told}}


def _say(node: dict[str, Any], words: str) -> None:
    if words:
        node["description"] = f"{node['description']} {words}" if "description" in node else words
