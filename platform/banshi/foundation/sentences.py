"""Sentences that somebody reads: said in English in the code, and in Chinese in the room's `zh-CN.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from banshi.foundation.texts import spoken


class Sentences:
    """Says a room's sentences by language: `say("Send at most {most} files.", most=5)`; `zh-CN.toml` has the Chinese
    of "Send at most {most} files.", beside the module that makes this."""

    def __init__(self, module: str) -> None:
        self._module = module

    @cached_property
    def chinese(self) -> Mapping[str, str]:
        import tomllib  # late: a plugin that imports its names says nothing yet
        from pathlib import Path

        return tomllib.loads(Path(self._module).with_name("zh-CN.toml").read_text("utf-8"))

    def __call__(self, english: str, **names: object) -> dict[str, str]:
        texts = {"zh-CN": self.chinese.get(english, ""), "en": english}
        return {tag: text.format(**_in(tag, names)) if names else text for tag, text in texts.items() if text}


def _in(language: str, names: Mapping[str, object]) -> dict[str, object]:
    return {name: spoken(value, language) if isinstance(value, Mapping) else value for name, value in names.items()}


say = Sentences(__file__)
