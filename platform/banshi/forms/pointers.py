"""JSON Pointers (RFC 6901): written, taken apart and followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

#: Longest text that is taken for a name of something.
MAX_NAME_CHARS = 200


@lru_cache(maxsize=4_096)
def escaped(name: str) -> str:
    """A name as it stands in a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def unescaped(part: str) -> str:
    """The name that a part of a pointer stands for. A tilde that escapes nothing is itself."""
    return part.replace("~1", "/").replace("~0", "~")


def pointer(path: Sequence[str | int]) -> str:
    """The pointer of a path of names and indices; a parent's, where a name makes it absurdly long."""
    # What somebody has made up is kept nowhere.
    parts = [escaped.__wrapped__(str(part)) for part in path]
    while sum(map(len, parts)) > 1_000:
        parts.pop()
    return "".join(f"/{part}" for part in parts)


@lru_cache(maxsize=4_096)
def names_in(pointer: str) -> tuple[str, ...]:
    """The names and indices on the way that a pointer says; none for what it is the pointer of as a whole."""
    return tuple(map(unescaped, pointer.split("/")[1:]))


def found_at(answers: Any, pointer: str) -> Any:
    """What stands at a pointer through objects; None where nothing does, or no pointer is given."""
    if not pointer:
        return None
    for name in names_in(pointer):
        answers = answers.get(name) if isinstance(answers, Mapping) else None
    return answers


def name_at(answers: Any, pointer: str) -> str:
    """The text at a pointer through objects; empty where there is none, or one too long to be a name."""
    value = found_at(answers, pointer)
    return value if isinstance(value, str) and len(value) <= MAX_NAME_CHARS else ""
