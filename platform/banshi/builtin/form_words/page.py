"""A form as one page of HTML that needs nothing else: what an author looks at before a citizen does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from banshi.builtin.sentences import word
from banshi.forms.schemas import resolved
from banshi.forms.vocabulary.fields import CHOICES, GROUPS, MASK, MATERIAL
from banshi.forms.words import WHEN
from banshi.kernel.contract.items import text_in

Schema = Mapping[str, Any]

#: Objects inside objects that are shown.
DEEPEST = 10
WORDS = {
    "choose": word("Choose"),
    "true": word("Yes"),
    "false": word("No"),
    "required": word("required"),
    "more": word("may be several"),
}
#: The whole page: its script shows and hides what is asked only sometimes, and groups in which nothing is.
PAGE = Template(Path(__file__).with_suffix(".html").read_text("utf-8"))


def page_of(form: Schema, title: str, language: str) -> str:
    """The page of a form that was described in a language."""
    fields = "\n".join(_object(form, form, language, 0))
    return PAGE.substitute(language=language, title=escape(title), fields=fields)


def _object(form: Schema, node: Schema, language: str, depth: int) -> Iterator[str]:
    """The fields of an object, in their groups where it has some."""
    fields = node.get("properties", {})
    for group in node.get(GROUPS) or [{"fields": [*fields]}]:
        shown = "\n".join(_field(form, node, name, language, depth) for name in group["fields"])
        title = group.get("title")
        legend = f"<legend>{escape(title)}</legend>" if title else ""
        yield f"<fieldset data-group>{legend}{_hint(group)}\n{shown}</fieldset>" if legend else shown


def _field(form: Schema, parent: Schema, name: str, language: str, depth: int) -> str:
    node = _whole(form, parent["properties"][name])
    when = f' data-when="{escape(json.dumps(node[WHEN]))}"' if WHEN in node else ""
    needed = name in parent.get("required", ()) or node.get("x-required")
    mark = f" <em>{text_in(WORDS['required'], language)}</em>" if needed else ""
    title = f'<span class="title">{escape(str(node.get("title", name)))}{mark}</span>'
    asked = _asked(form, node, language, depth)
    if asked.startswith("<fieldset"):
        inner = f"{title}{_hint(node)}{asked}"
    elif asked.startswith("<div"):
        inner = f"{title}{asked}{_hint(node)}"
    else:
        unit = f" {escape(node['x-unit'])}" if "x-unit" in node else ""
        inner = f"<label>{title}{asked}{unit}</label>{_hint(node)}"
    return f'<div class="field" data-name="{escape(name)}"{when}>{inner}</div>'


def _whole(form: Schema, node: Any) -> Schema:
    """A field with what it refers to, and of an optional one what it is where it isn't left out."""
    whole: Schema = node if isinstance(node, Mapping) else {}
    for _ in range(DEEPEST):
        rest = {key: value for key, value in whole.items() if key not in {"$ref", "anyOf"}}
        if "$ref" in whole:
            whole = {**(resolved(form, whole["$ref"]) or {}), **rest}
        elif "anyOf" in whole and "type" not in whole:
            others: list[Schema] = [one for one in whole["anyOf"] if one != {"type": "null"}]
            whole = {**(others[0] if others else {}), **rest}
    return whole


def _hint(node: Schema) -> str:
    """What is said below a field."""
    told = [node.get("description"), node.get("x-shows"), node.get("x-pattern-hint")]
    told += [node[MATERIAL]["title"]] if MATERIAL in node else []
    told += [node[CHOICES]["list"]] if CHOICES in node else []
    return "".join(f'<div class="hint">{escape(str(one))}</div>' for one in told if one)


def _asked(form: Schema, node: Schema, language: str, depth: int) -> str:
    """What is filled in: a fieldset, a div with boxes to tick, or one control."""
    kinds = node.get("type", "string")
    kind = next((one for one in kinds if one != "null"), "") if isinstance(kinds, list) else kinds
    words = {name: text_in(one, language) for name, one in WORDS.items()}
    if kind == "object" and depth < DEEPEST:
        inner = "\n".join(_object(form, node, language, depth + 1))
        return f"<fieldset data-object>{inner}</fieldset>"
    if kind == "array":
        items = _whole(form, node.get("items", {}))
        if choices := _choices(items):
            boxes = [f'<label><input type="checkbox" {_json(one)}> {escape(told)}</label><br>' for one, told in choices]
            return f"<div>{''.join(boxes)}</div>"
        inner = _asked(form, items, language, depth + 1)
        return inner if inner.startswith("<") and "fieldset" in inner[:9] else f"{inner} ({words['more']})"
    choices = [(True, words["true"]), (False, words["false"])] if kind == "boolean" else _choices(node)
    if choices:
        options = "".join(f"<option {_json(one)}>{escape(told)}</option>" for one, told in choices)
        return f'<select><option value="">{words["choose"]}</option>{options}</select>'
    if node.get("x-attachment"):
        return '<input type="file">'
    if kind == "string" and node.get("maxLength", 0) > 100:
        return '<textarea rows="4" cols="40"></textarea>'
    types = {"date": "date", "date-time": "datetime-local", "email": "email"}
    of_type = "number" if kind in {"number", "integer"} else types.get(node.get("format", ""), "text")
    return f'<input type="{of_type}" placeholder="{escape(node.get(MASK, ""))}">'


def _choices(node: Schema) -> list[tuple[Any, str]]:
    if "oneOf" in node and all(isinstance(one, Mapping) and "const" in one for one in node["oneOf"]):
        return [(one["const"], str(one.get("title", one["const"]))) for one in node["oneOf"]]
    return [(one, str(one)) for one in node.get("enum", ())]


def _json(value: Any) -> str:
    return f'data-json="{escape(json.dumps(value, ensure_ascii=False))}" value="{escape(str(value))}"'
