"""Texts in every language that the platform speaks."""

from collections.abc import Mapping
from typing import Annotated

#: One text in several languages: BCP 47 tag → text. Every text has all of `LANGUAGES`.
Texts = Annotated[Mapping[str, str], "in every language"]

#: The languages that every text must have; the first is the default.
LANGUAGES = ("zh-CN", "en")
