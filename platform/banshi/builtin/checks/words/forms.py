"""What a form leaves a reader without: words in one of the languages, words of a choice, a list that isn't there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from banshi.builtin.checks.declarations.fields import Fault, of_each_item
from banshi.forms.pointers import names_in, pointer
from banshi.forms.schemas import NAMED, subschemas
from banshi.forms.vocabulary.fields import CHOICES, GROUPS
from banshi.forms.vocabulary.texts import OWN, PLAIN, TEXTS, WORDS
from banshi.kernel.contract.routes import Audience, Route
from banshi.kernel.contract.texts import REQUIRED_LANGUAGES
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.registry import Registry

Schema = Mapping[str, Any]

#: Titles of fields whose codes a list has, where the field is no free text.
_OF_LISTS = re.compile("民族|国籍|国家")
#: Places that one line names; the others are counted.
MOST_NAMED = 5
#: What leads to a branch: a field there has its words where it is asked.
_BRANCHES = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"}
#: What leads to what is looked at and shown to nobody, such as the choices under which a field is asked.
_UNSEEN = {"if", "not"}


@of_each_item
def forms_speak_each_language(_: Registry, item: Item) -> Iterator[Fault]:
    """Each field has a title, and each text and each choice has words in every language."""
    schema = item.form.schema if item.form else {}
    lacking: dict[str, None] = {}
    wordless: dict[str, None] = {}
    for path, node in subschemas((), schema):
        if not isinstance(node, Mapping):
            continue
        place = pointer(path) or "/"
        if any(map(_lacks, _texts(node))) or (_is_field(path) and "title" not in node):
            lacking[place] = None
        if _is_wordless(node) and not _UNSEEN & {*_keywords(path)}:
            wordless[place] = None
    if lacking:
        advice = f"give what the form says at {_named(lacking)} a text in each language, titles first"
        yield "one-language", f'{advice}: {{ "zh-CN": "…", "en": "…" }}', True
    if wordless:
        advice = f'write the choices at {_named(wordless)} of the form as "oneOf"'
        yield "wordless-choice", f'{advice}: {{ "const": "…", "title": {{ "zh-CN": "…", "en": "…" }} }}', True


def _texts(node: Schema) -> Iterator[Any]:
    """Every text of a subschema: in its languages where it has several."""
    kept = node.get(TEXTS, {})
    yield from (kept.get(key, node[key]) for key in PLAIN if key in node)
    yield from (node[key] for key in OWN if key in node)
    for told in (*node.get(WORDS, ()), *node.get(GROUPS, ())):
        yield from (told[key] for key in PLAIN if key in told)


def _lacks(text: Any) -> bool:
    return not isinstance(text, Mapping) or any(not text.get(language) for language in REQUIRED_LANGUAGES)


def _keywords(path: tuple[Any, ...]) -> Iterator[Any]:
    """The steps of a path without the names of the form's own, which may be any word."""
    steps = iter(path)
    for step in steps:
        yield step
        if step in NAMED:
            next(steps)


def _is_field(path: tuple[Any, ...]) -> bool:
    return path[-2:-1] == ("properties",) and not _BRANCHES & {*_keywords(path)}


def _is_wordless(node: Schema) -> bool:
    """Whether a choice has no words. A number is its own word, and so are yes, no and nothing."""
    if WORDS in node:
        return any("title" not in one for one in node[WORDS])
    return len(node.get("enum", ())) > 1 and any(isinstance(one, str) for one in node["enum"])


def _named(places: Mapping[str, None]) -> str:
    first = list(places)[:MOST_NAMED]
    more = len(places) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


@of_each_item
def codes_are_chosen(_: Registry, item: Item) -> Iterator[Fault]:
    """Nobody types the code of a division, a people or a country: the field has choices, or a list of them."""
    typed: dict[str, None] = {}
    for path, node in subschemas((), item.form.schema if item.form else {}):
        if isinstance(node, Mapping) and node.get("type") == "string" and not node.keys() & {CHOICES, "enum", "const"}:
            title = node.get(TEXTS, {}).get("title", node.get("title", ""))
            told = title.get("zh-CN", "") if isinstance(title, Mapping) else title
            if node.get("format") == "cn-division" or ("pattern" in node and _OF_LISTS.search(told)):
                typed[pointer(path) or "/"] = None
    if typed:
        advice = f"let {_named(typed)} of the form be chosen and not typed"
        yield "typed-code", f"{advice}: x-choices with one of the platform's lists, such as /v1/lists/divisions", True


@of_each_item
def listed_choices_are_there(registry: Registry, item: Item) -> Iterator[Fault]:
    """A list of choices is a route that anybody may read, and its items have what is named of them."""
    for path, node in subschemas((), item.form.schema if item.form else {}):
        if not isinstance(node, Mapping) or CHOICES not in node:
            continue
        told, where = node[CHOICES], f"x-choices at #{pointer(path)} of the form"
        listed = ("GET", told["list"].partition("?")[0])
        found = next((one for _, one in registry.routes if (one.method, one.path) == listed), None)
        if found is None:
            yield "unknown-list", f"mend {where}: GET {told['list']} is no route of this platform"
        elif found.audience is not Audience.ANYONE:
            yield "closed-list", f"mend {where}: GET {told['list']} isn't for Audience.ANYONE"
        else:
            for key in ("value", "title", "divided", "begins"):
                if key in told and not _has(found, names_in(told[key])[0]):
                    yield "unknown-list", f"mend {where}: items of GET {told['list']} have no {told[key]!r} ({key})"
            for key in ("search", "within", "from", "to"):
                if key in told and told[key] not in [one.name for one in found.parameters]:
                    yield "unknown-list", f"mend {where}: GET {told['list']} has no parameter {told[key]!r} ({key})"


def _has(route: Route, name: str) -> bool:
    """Whether a list's items have a member, as far as its answer says so."""
    answer = route.answers.get(200)
    node: Any = (answer.schema or {}) if answer else {}
    for step in ("properties", "items"):
        node = node.get(step, {})
    members = node.get("items", {}).get("properties")
    return members is None or name in members
