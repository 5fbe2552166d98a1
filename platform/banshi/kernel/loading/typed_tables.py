"""How a table of plugins.toml becomes a typed value.

Every setting is a field of a frozen dataclass; a wrong one stops the start with the file, the key and the reason.
Secrets stay out of the file: a value written as "env:NAME" is read from that environment variable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from banshi.foundation.files.toml_and_json import read_toml

T = TypeVar("T")


class SettingsError(ValueError):
    """One table of settings is wrong; `problems` lists (key, reason)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{key}: {reason}" for key, reason in problems))


def typed(cls: type[T], table: Mapping[str, Any], *, where: str) -> T:
    """`table` as a `cls` (a dataclass or a pydantic model), or a `SettingsError` with every wrong key under `where`."""
    unset: dict[str, str] = {}
    filled = _from_environment(table, where, unset)
    problems = list(unset.items())
    try:
        value = adapter(cls).validate_python(filled, extra="forbid")
    except ValidationError as error:
        # What a table as a whole is found wrong for may be the value that isn't there.
        found = reasons(error, where, cls)
        problems += [(key, why) for key, why in found if not any(f"{one}.".startswith(f"{key}.") for one in unset)]
    if problems:
        raise SettingsError(problems)
    return value


def adapter(cls: type[T]) -> TypeAdapter[T]:
    """What makes a value of that type out of a table. One takes milliseconds to make, and each item needs two."""
    known: Any = cls
    return _adapter(known)


_adapter = lru_cache(maxsize=256)(TypeAdapter)


def reasons(error: ValidationError, where: str = "", cls: Any = None) -> Iterator[tuple[str, str]]:
    """Pydantic's findings as (dotted key, sentence); values are left out, since one may be a secret."""
    known = [one.name for one in fields(cls)] if is_dataclass(cls) else []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        key = ".".join(part for part in (where, *(str(part) for part in item["loc"])) if part)
        message = {
            "missing": "is missing",
            "extra_forbidden": "is not a known key",
            "unexpected_keyword_argument": "is not a known key",
            "dataclass_type": "has to be a table",
            "dict_type": "has to be a table",
            "tuple_type": "has to be a list",
            "frozen_set_type": "has to be a list",
            "bool_type": "has to be true or false, without quotes",
        }.get(item["type"], item["msg"].removeprefix("Value error, "))
        if message.endswith("a known key") and len(item["loc"]) == 1:
            message += "".join(f"; did you mean {one!r}?" for one in get_close_matches(str(item["loc"][0]), known, 1))
        yield key, message[0].lower() + message[1:]


def document_in(file: Path, wrong: Callable[[str, str], None]) -> dict[str, Any] | None:
    """A TOML file, or None where it can't be read: that is told by (rule, advice), as all that is `wrong`."""
    try:
        return read_toml(file)
    except (OSError, ValueError) as error:
        wrong("unreadable", str(error))
        return None


def declarations(cls: type[T], name: str, tables: Any, wrong: Callable[[str, str], None]) -> Iterator[tuple[str, T]]:
    """The tables `[[name]]` that are a `cls`, each with where it stands; what keeps others from that is told."""
    if not isinstance(tables, list):
        wrong("wrong-value", f"{name} has to be a list of tables: write [[{name}]]")
        return
    for position, table in enumerate(tables):
        where = f"{name}.{table.get('code', position) if isinstance(table, dict) else position}"
        try:
            value = adapter(cls).validate_python(table)
        except ValidationError as error:
            for key, why in reasons(error, where):
                wrong("wrong-value", f"{key} {why}")
        else:
            yield where, value


def _from_environment(value: Any, where: str, unset: dict[str, str]) -> Any:
    """`value` with every "env:NAME" filled in; what is not in the environment goes into `unset`, by its key."""
    if isinstance(value, str) and value.startswith("env:"):
        name = value.removeprefix("env:")
        if name not in os.environ:
            unset[where] = f"needs the environment variable {name}, which is not set"
        return os.environ.get(name, value)
    if isinstance(value, Mapping):
        return {key: _from_environment(part, f"{where}.{key}", unset) for key, part in value.items()}
    if isinstance(value, list):
        return [_from_environment(part, f"{where}.{position}", unset) for position, part in enumerate(value)]
    return value
