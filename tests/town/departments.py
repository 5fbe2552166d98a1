"""Departments as their items.toml has them: a test says what it is about, and the rest is as everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any


def both(zh: str, en: str) -> dict[str, str]:
    return {"zh-CN": zh, "en": en}


FILE = {"type": "string", "format": "uuid", "x-attachment": True}
FILES = {"type": "array", "items": FILE}

#: What decisions lead to where no item says otherwise.
NOTHING = {"kind": "none", "title": both("无", "None")}
ANSWER = {"kind": "answer", "title": both("答复", "Answer")}
PASS = {"kind": "pass", "title": both("通行证", "Pass")}

#: Whom to turn to against a decision.
COURTS = {
    "reconsideration": both("示例市人民政府", "the People's Government of Sample City"),
    "court": both("示例法院", "the Sample Court"),
}


def claim(name: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "title": both(zh, en), **more}


def department(
    code: str = "parks",
    zh: str = "公园处",
    en: str = "Parks",
    units: Mapping[str, Any] | None = None,
    **more: Any,
) -> str:
    """The head of an items.toml; `units` with their titles."""
    return table("[department]", code=code, title=both(zh, en), **more) + units_of(units or {})


def units_of(titles: Mapping[str, Any]) -> str:
    """Units of the department by their codes."""
    return "".join(table("[[units]]", code=code, title=title) for code, title in titles.items())


def item(
    code: str = "bench",
    zh: str = "长椅",
    en: str = "Bench",
    *,
    fields: Mapping[str, Any] | None = None,
    required: Collection[str] = (),
    **more: Any,
) -> str:
    """An item that asks for `fields`; an application with an answer at its end, where `more` says nothing else.

    Behind it may stand tables of its own; keys where it asks for nothing.
    """
    form = {"type": "object", "additionalProperties": False}
    usual = {"kind": "application", "audience": ["person"], "result": ANSWER, **({} if fields else {"form": form})}
    summary = both(f"{zh}。", f"{en}.")
    made = table("[[items]]", **{"code": code, "title": both(zh, en), "summary": summary, **usual, **more})
    if fields:
        made += table("[items.form]", **form, required=[*required]) + table("[items.form.properties]", **fields)
    return made


def write(folder: Path, items: str, code: str | None = None, name: str = "parks") -> Path:
    """The folder of a plugin of that name with an items.toml, and with `code` where there is some."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "items.toml").write_text(items, encoding="utf-8")
    if code is not None:
        (place / "__init__.py").write_text(code, encoding="utf-8")
    return place


def table(head: str, **keys: Any) -> str:
    return "\n".join([head, *(f"{_key(key)} = {_toml(value)}" for key, value in keys.items())]) + "\n"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _toml(value: Any) -> str:
    """TOML has JSON's values, but for its tables and days."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
