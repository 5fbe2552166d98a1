"""The comments before a table's columns, which migrations write into the database, found without parsing its module.

Before Python 3.13, `inspect` finds a class by parsing the whole of its file, and reads it token by token to the class's
end. Tortoise asks it for every table that is imported: a tenth of a start went by with that.
"""

from __future__ import annotations

import linecache
import re
import sys
from typing import Any

from tortoise import models

#: Tortoise's own way, which is still taken where a class's end isn't plain to see.
read = models._get_comments

#: Lines that begin with `#:`, and the name that is assigned or declared behind them; as Tortoise looks for them.
COMMENT = re.compile(r"((?:(?!\n|^)[^\w\n]*#:.*?\n)+?)[^\w\n]*(\w+)\s*[:=]")
MARK = re.compile(r"(^\s*#:\s*|\s*$)", re.MULTILINE)


def comments_of(cls: type[Any]) -> dict[str, str]:
    """The comment of each name of a class that has one; in place of Tortoise's."""
    text = text_of(cls)
    if text is None:
        return read(cls)
    return {name: MARK.sub("", said).replace("{model}", cls.__name__) for said, name in COMMENT.findall(text)}


def text_of(cls: type[Any]) -> str | None:
    """A class as it stands in its file, from `class` to the next line that isn't indented; None where that is unsure.

    It is sure of one that stands there once and at the margin, and where no text of several lines goes on behind it.
    """
    module = sys.modules.get(cls.__module__)
    lines = linecache.getlines(getattr(module, "__file__", None) or "", vars(module) if module else None)
    begins = re.compile(rf"class {re.escape(cls.__qualname__)}\b")
    found = [number for number, line in enumerate(lines) if begins.match(line)]
    if len(found) != 1:
        return None
    after = range(found[0] + 1, len(lines))
    end = next((number for number in after if not lines[number][0].isspace()), len(lines))
    text = "".join(lines[found[0] : end])
    return None if any(text.count(quotes) % 2 for quotes in ('"""', "'''")) else text


def take_over() -> None:
    """From here on every table that is imported is read so."""
    models._get_comments = comments_of
