"""What was typed and chosen on a page, read back into the answers of its form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from multidict import MultiDict

from questions.days import day_in, moment_in
from questions.plan import MISSING, choices, escaped, in_order
from questions.spelling import number_in
from web_site.filling.fields import kind_of, plain

Node = Mapping[str, Any]
#: Rows of one list at most that are read.
MAX_ROWS = 100


def answers_of(schema: Node, sent: MultiDict[str], now: datetime) -> Any:
    """All that begins an item, as a page's fields have it; what is empty is left out, what is wrong stays as it is."""
    return _object(schema, "", sent, now)


def _object(node: Node, at: str, sent: MultiDict[str], now: datetime) -> dict[str, Any]:
    found = {}
    for name in in_order(node):
        child, pointer = node["properties"][name], f"{at}/{escaped(name)}"
        value = _value(child, pointer, sent, now)
        if (value == {} and name in node.get("required", ())) or (value is not MISSING and value not in ({}, [])):
            found[name] = value
    return found


def _value(node: Node, at: str, sent: MultiDict[str], now: datetime) -> Any:
    match kind_of(node):
        case "group":
            return _object(node, at, sent, now)
        case "rows":
            return [_object(node["items"], f"{at}/{number}", sent, now) for number in rows_of(at, sent)]
        case "files":
            return [text for text in sent.getall(at, ()) if text]
        case "texts":
            return [text.strip() for text in sent.getall(at, ()) if text.strip()]
        case "choices":
            by_text = {plain(const): const for const, _ in choices(node)}
            return [by_text.get(text, text) for text in sent.getall(at, ()) if text]
        case "choice":
            by_text = {plain(const): const for const, _ in choices(node)}
            text = sent.get(at, "")
            return by_text.get(text, text) if text else MISSING
    text = sent.get(at, "").strip()
    return _leaf(node, text, now) if text else MISSING


def rows_of(at: str, sent: MultiDict[str]) -> list[int]:
    """The numbers of a list's rows, in their order."""
    pattern = re.compile(rf"{re.escape(at)}/([0-9]{{1,3}})(?:/.*)?", re.DOTALL)
    return sorted({int(row[1]) for name in sent if (row := pattern.fullmatch(name))})[:MAX_ROWS]


def _leaf(node: Node, text: str, now: datetime) -> Any:
    match kind_of(node):
        case "yes":
            return {"true": True, "false": False}.get(text, text)
        case "number":
            value = number_in(text)
            if value is None or (node["type"] == "integer" and value != int(value)):
                return text
            return int(value) if node["type"] == "integer" else value
        case "day" if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            day = day_in(text, now.date())
            return text if day is None else day.isoformat()
        case "moment":
            at = moment_in(text, now)
            return text if at is None else at.isoformat()
    return text


def without_row(sent: MultiDict[str], row: str) -> MultiDict[str]:
    """What was sent, without a row of a list; those behind it move up."""
    at, _, number = row.rpartition("/")
    kept, pattern = MultiDict[str](), re.compile(rf"((?:name:)?{re.escape(at)}/)([0-9]{{1,3}})((?:/.*)?)", re.DOTALL)
    for name, text in sent.items():
        found = pattern.fullmatch(name)
        if found is None or int(found[2]) < int(number):
            kept.add(name, text)
        elif int(found[2]) > int(number):
            kept.add(f"{found[1]}{int(found[2]) - 1}{found[3]}", text)
    return kept


def sent_of(node: Node, value: Any, at: str = "") -> MultiDict[str]:
    """The other way: what a page with these answers would send."""
    sent = MultiDict[str]()
    if "properties" in node and isinstance(value, Mapping):
        for name, one in value.items():
            if name in node["properties"]:
                sent.extend(sent_of(node["properties"][name], one, f"{at}/{escaped(name)}"))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            if isinstance(one, Mapping):
                sent.add(f"{at}/{number}", "")
                sent.extend(sent_of(node.get("items") or {}, one, f"{at}/{number}"))
            else:
                sent.add(at, plain(one))
    elif value is not None:
        sent.add(at, plain(value))
    return sent
