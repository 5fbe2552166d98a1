"""Sentences that somebody reads: said in English in the code, and in the room's TOML of each other language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from banshi.foundation.texts import spoken

#: What a TOML with sentences is called: by its language (BCP 47).
LANGUAGE = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)


class Sentences:
    """Says a room's sentences by language: `say("Send at most {most} files.", most=5)`; `zh-CN.toml` has the Chinese
    of "Send at most {most} files.", beside the module that makes this, and any other language is one more such file.
    What a file lacks is left out: whoever reads that language reads the English."""

    #: Those of every room that has been imported, for whoever holds them against each other.
    rooms: ClassVar[list[Sentences]] = []

    def __init__(self, module: str) -> None:
        self.folder = Path(module).parent
        self.rooms.append(self)

    @cached_property
    def languages(self) -> Mapping[str, Mapping[str, str]]:
        """By language its sentences, by their English."""
        import tomllib  # late: a plugin that imports its names says nothing yet

        files = sorted(self.folder.glob("*.toml"), reverse=True)
        return {one.stem: tomllib.loads(one.read_text("utf-8")) for one in files if LANGUAGE.fullmatch(one.stem)}

    def __call__(self, english: str, **names: object) -> dict[str, str]:
        texts = {tag: words.get(english, "") for tag, words in self.languages.items()} | {"en": english}
        if names:
            texts = {tag: _filled(tag, text, names) for tag, text in texts.items() if text}
        return {tag: text for tag, text in texts.items() if text}

    def text(self, language: str, english: str, **names: object) -> str:
        """The same in one language alone; in English where there is none in it."""
        words = self.languages.get(language)
        if words is None:
            primary = language.partition("-")[0]
            words = next((one for tag, one in self.languages.items() if tag.partition("-")[0] == primary), {})
        text = words.get(english, english)
        return (_filled(language, text, names) or _filled("en", english, names)) if names else text


def _filled(language: str, text: str, names: Mapping[str, object]) -> str:
    """The text with what it names; "" where a translator names something else, as `banshi check` says."""
    known = {name: spoken(one, language) if isinstance(one, Mapping) else one for name, one in names.items()}
    try:
        return text.format(**known)
    except (LookupError, ValueError):
        if language == "en":
            raise
        return ""


say = Sentences(__file__)
