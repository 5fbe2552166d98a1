"""How far a phone has read: the last numbers of its person's own log and of the common log, as one text."""

from __future__ import annotations

import re
from typing import NamedTuple

#: The greatest number that a JavaScript client reads exactly.
MAX_NUMBER = 2**53

#: `12.7`, or `12` for one that has read nothing of the common log.
PATTERN = r"^[0-9]{1,16}(\.[0-9]{1,16})?$"


class Cursor(NamedTuple):
    """A place behind which an inbox is read on."""

    personal: int = 0
    common: int = 0

    @classmethod
    def of(cls, text: str) -> Cursor:
        """Raises ValueError for a text that no inbox has given out."""
        if not re.fullmatch(PATTERN, text):
            raise ValueError("it has to be the cursor of a message of this inbox, such as 12.7")
        personal, _, common = text.partition(".")
        found = cls(int(personal), int(common or 0))
        if max(found) > MAX_NUMBER:
            raise ValueError("no inbox has come as far as that")
        return found

    def __str__(self) -> str:
        return f"{self.personal}.{self.common}"
