"""Forms that nobody has written, made at random from what an author may write: conditions that hang on each other,
groups, lists of groups, branches, references.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from banshi.forms import Form
from benchmarks.forms.served import LANGUAGES, Served

#: Shared by fields that refer to it.
DEFINED = {"phone": {"type": "string", "format": "cn-phone"}}
FORMATS = ("cn-resident-id", "cn-uscc", "cn-plate", "cn-mobile", "cn-phone", "cn-division", "uuid", "ipv4")
PATTERNS = (r"^\p{L}{2,4}$", r"^[A-HJ-NPR-Z0-9]{6}$", r"^\d{2}-\w+$", r"^(a|bc)?.\.$", "^(0[1-9]|[1-4][0-9])$")
LIMITS = (("today", "+1y"), ("-18y", "today"), ("+1m", "+90d"), ("-2w", "+6m"), ("2015-04-01", "+13m"))


def invented_forms(chance: random.Random, count: int) -> list[Served]:
    """So many forms, and what would be served of each."""
    forms = []
    for number in range(count):
        form = Form.from_schema({**_object(chance, 2), "$defs": DEFINED})
        forms.append(Served(f"invented-{number}", form, {one: form.described(one) for one in LANGUAGES}))
    return forms


def _object(chance: random.Random, deep: int) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for number in range(chance.randint(3, 8)):
        name = chance.choice(["f{}", "字段{}", "a/b{}", "~{}"]).format(number)
        fields[name] = _field(chance, deep) | {"title": _words(name)}
        if (when := _when(chance, fields, name)) and chance.random() < 0.6:
            fields[name]["x-when"] = when
    names = list(fields)
    schema = {
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
        "required": [name for name in names if chance.random() < 0.6],
    }
    days = [name for name in names if fields[name].get("format") in ("date", "date-time")]
    if len(days) > 1:
        schema["x-in-order"] = days
    if chance.random() < 0.3:
        half = len(names) // 2
        parts = (names[:half], names[half:])
        schema["x-groups"] = [{"title": _words("组"), "fields": part} for part in parts if part]
    return schema


def _words(name: str) -> dict[str, str]:
    return {"zh-CN": name, "en": f"{name} in English"}


def _when(chance: random.Random, fields: Mapping[str, Any], own: str) -> dict[str, Any]:
    """A condition on one or two of the fields before."""
    told: dict[str, Any] = {}
    for name, field in fields.items():
        of = field.get("items", field)
        values = [one["const"] for one in of.get("oneOf", ()) if "const" in one] or of.get("enum", [])
        values = values or ([True, False] if of.get("type") == "boolean" else [])
        if name != own and values and len(told) < 2 and chance.random() < 0.7:
            told[name] = chance.sample(values, chance.randint(1, max(1, len(values) - 1)))
    return told


def _choice(chance: random.Random) -> dict[str, Any]:
    count = chance.randint(2, 4)
    if chance.random() < 0.3:
        return {"type": "integer", "enum": list(range(count))}
    return {"type": "string", "oneOf": [{"const": f"c{one}", "title": _words(f"选项{one}")} for one in range(count)]}


def _day(chance: random.Random) -> dict[str, Any]:
    first, last = chance.choice(LIMITS)
    told = {"type": "string", "format": chance.choice(["date", "date", "date-time"])}
    limits = {"x-not-before": first, "x-not-after": last}
    return told | {keyword: limit for keyword, limit in limits.items() if chance.random() < 0.6}


def _text(chance: random.Random) -> dict[str, Any]:
    least = chance.randint(0, 4)
    lengths = {"minLength": least, "maxLength": least + chance.randint(0, 20)}
    ways = [lengths, {"pattern": chance.choice(PATTERNS)}, {"format": chance.choice(FORMATS)}]
    return {"type": "string", **chance.choice(ways)}


def _number(chance: random.Random) -> dict[str, Any]:
    least = chance.randint(-5, 5)
    told = {"type": chance.choice(["integer", "number"]), "minimum": least, "maximum": least + chance.randint(1, 50)}
    return told | chance.choice([{}, {"multipleOf": 0.5}, {"exclusiveMaximum": least + 40}])


def _either(chance: random.Random) -> dict[str, Any]:
    other = chance.choice([{"type": "null"}, {"type": "integer", "minimum": 3}, _text(chance)])
    return {"anyOf": [_text(chance), other]}


def _list(chance: random.Random, deep: int) -> dict[str, Any]:
    entry = _object(chance, deep - 1) if deep and chance.random() < 0.3 else _choice(chance)
    least = chance.randint(0, 2)
    told = {"type": "array", "items": entry, "minItems": least, "maxItems": least + chance.randint(0, 3)}
    return told | ({"uniqueItems": True} if chance.random() < 0.5 else {})


def _field(chance: random.Random, deep: int) -> dict[str, Any]:
    ways: list[Callable[[], dict[str, Any]]] = [
        lambda: _choice(chance),
        lambda: _choice(chance),
        lambda: _day(chance),
        lambda: _text(chance),
        lambda: _text(chance),
        lambda: _number(chance),
        lambda: {"type": "boolean"},
        lambda: _list(chance, deep),
        lambda: _either(chance),
        lambda: {"$ref": "#/$defs/phone"},
    ]
    if deep:
        ways.append(lambda: _object(chance, deep - 1))
    return chance.choice(ways)()
