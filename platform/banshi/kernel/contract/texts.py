"""Texts in every language that the platform speaks."""

from collections.abc import Mapping
from typing import Annotated

from banshi.kernel.sentences import say

#: One text in several languages: BCP 47 tag → text. Every text has all of `REQUIRED_LANGUAGES`.
Texts = Annotated[Mapping[str, str], "in every language"]

#: The languages that every text must have; the first is the default.
REQUIRED_LANGUAGES = ("zh-CN", "en")

#: Those that the platform answers in: further ones are those that the kernel's own sentences are in, as TOMLs beside
#: `zh-CN.toml`. What isn't in one of these is read in English.
LANGUAGES = (*REQUIRED_LANGUAGES, *sorted(say.languages.keys() - {*REQUIRED_LANGUAGES}))
