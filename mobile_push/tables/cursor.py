"""How far a phone has read: the last numbers of its person's own log, the common log and the changes, as one text."""

from __future__ import annotations

import re
from typing import NamedTuple

#: The greatest number that a JavaScript client reads exactly.
MAX_NUMBER = 2**53

#: `12.7.3`, `12.7` where nothing was ever read, archived or deleted, or `12` before the common log.
PATTERN = r"^[0-9]{1,16}(\.[0-9]{1,16}){0,2}$"


class Cursor(NamedTuple):
    """A place behind which an inbox is read on."""

    personal: int = 0
    common: int = 0
    #: The last change of what was read, archived and deleted that the phone has heard of.
    changes: int = 0

    @classmethod
    def of(cls, text: str) -> Cursor:
        """Raises ValueError for a text that no inbox has given out."""
        if not re.fullmatch(PATTERN, text):
            raise ValueError("it has to be the cursor of a message of this inbox, such as 12.7")
        found = cls(*map(int, text.split(".")))
        if max(found) > MAX_NUMBER:
            raise ValueError("no inbox has come as far as that")
        return found

    def reaches(self, other: Cursor) -> bool:
        """Whether none of the other's numbers is beyond this one's."""
        return all(own >= its for own, its in zip(self, other, strict=True))

    def __str__(self) -> str:
        return ".".join(map(str, self if self.changes else self[:2]))
