"""Texts and choices taken out of an author's schema, so that what is left is plain JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from banshi.forms.pointers import pointer
from banshi.forms.schemas import LIST, NAMED, ONE
from banshi.forms.words import Path

#: What a plain schema keeps of `title` and `description` in several languages, and of choices with words.
TEXTS, WORDS = "x-texts", "x-words"
#: Keywords of JSON Schema that may be a text in several languages, and words of our own that are one.
PLAIN = ("title", "description")
OWN = ("x-unit", "x-shows", "x-pattern-hint")
#: The language of a plain schema, where one text has to do.
FIRST = "zh-CN"
_TAG = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_CHOICE = {"const", "title", "description", "deprecated"}
#: Levels that are looked into; what is deeper is refused later.
_DEEPEST = 200


def taken_out(schema: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The schema with its words beside it, and what is wrong with them; nothing else in it has been checked yet."""
    faults: list[str] = []
    return _plain(schema, (), faults), faults


def _plain(node: Any, path: Path, faults: list[str]) -> Any:
    if not isinstance(node, dict) or len(path) > _DEEPEST:
        return node
    faults += [f"#{pointer(path)}: {fault}" for fault in text_faults(node)]
    told = dict(node)
    if texts := {key: node[key] for key in PLAIN if isinstance(node.get(key), Mapping)}:
        told |= {key: str(text.get(FIRST) or next(iter(text.values()), "")) for key, text in texts.items()}
        told[TEXTS] = texts
    if choices := choices_of(node):
        values = [one["const"] for one in choices]
        faults += [f"#{pointer((*path, 'oneOf'))}: {fault}" for fault in _choice_faults(choices, node.get("enum"))]
        del told["oneOf"]
        told |= {"enum": values, WORDS: choices}
        if all(isinstance(one, str) for one in values):
            told.setdefault("type", "string")
    for key in told.keys() & {*ONE}:
        told[key] = _plain(told[key], (*path, key), faults)
    for key in told.keys() & {*LIST}:
        if isinstance(told[key], list):
            told[key] = [_plain(one, (*path, key, index), faults) for index, one in enumerate(told[key])]
    for key in told.keys() & {*NAMED}:
        if isinstance(told[key], dict):
            told[key] = {name: _plain(one, (*path, key, name), faults) for name, one in told[key].items()}
    return told


def choices_of(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The choices of a `oneOf` that is nothing else: values, at least one of them with words."""
    branches = node.get("oneOf")
    if not isinstance(branches, list) or not all(isinstance(one, dict) and "const" in one for one in branches):
        return []
    plain = all(one.keys() <= _CHOICE for one in branches)
    return branches if plain and any("title" in one for one in branches) else []


def _choice_faults(choices: list[dict[str, Any]], enum: Any) -> Iterator[str]:
    keys = [value_key(one["const"]) for one in choices]
    for position, key in enumerate(keys):
        if key in keys[:position]:
            yield f"the choice {key} is here twice: no answer could be one of both"
    if isinstance(enum, list) and {value_key(one) for one in enum} != set(keys):
        yield "these are other choices than the enum beside them: leave the enum out"
    for one in choices:
        for fault in text_faults(one):
            yield f"the choice {value_key(one['const'])}: {fault}"


def value_key(value: Any) -> str:
    """A JSON value as a text that only equal ones have."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def text_faults(node: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the texts of one subschema."""
    for key in (*PLAIN, *OWN):
        text = node.get(key, "")
        # That a plain keyword is a string is the metaschema's to say, where it isn't a table.
        if isinstance(text, Mapping):
            right = text and all(_TAG.fullmatch(tag) and isinstance(one, str) and one for tag, one in text.items())
        else:
            right = isinstance(text, str) or key in PLAIN
        if not right:
            yield f"{key} is a sentence, or one for each language: {{'zh-CN': '…', 'en': '…'}}"
    for key, instead in ((TEXTS, "title and description"), (WORDS, "oneOf with const and title")):
        if key in node:
            yield f"{key!r} is the platform's own word; write {instead}"
