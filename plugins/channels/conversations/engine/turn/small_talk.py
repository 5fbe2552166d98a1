"""Small talk, which is answered in a sentence and is no search: `small_talk.toml` has it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from questions.spelling import plain

_DATA = tomllib.loads(Path(__file__).with_name("small_talk.toml").read_text("utf-8"))

#: By its name, what is answered in each language, and whether the menu follows; the most telling last.
KINDS: Mapping[str, Mapping[str, Any]] = {one["name"]: one for one in _DATA["talk"]}

#: What a whole message is made of, with the name of its kind.
WORDS = {word: name for name, one in KINDS.items() for word in one.get("words", ())}


def kind_in(text: str) -> str | None:
    """The kind that a short message has a part of; None for every other."""
    told = plain(text)
    if len(told) > _DATA["longest_part"]:
        return None
    return next((name for name, one in KINDS.items() if any(part in told for part in one.get("parts", ()))), None)
