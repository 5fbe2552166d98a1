"""What stands on the screen in place of something that was taken back: nothing of what it said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mobile_push.sentences import word

#: What became of the broadcast that it stands for.
Withdrawn = Literal["recalled", "superseded"]

#: By the kind of broadcast and what became of it.
WITHDRAWN: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("notice", "recalled"): word("A notice sent earlier was withdrawn"),
    ("notice", "superseded"): word("A notice sent earlier was replaced by a newer one"),
    ("alert", "recalled"): word("An alert sent earlier was withdrawn"),
    ("alert", "superseded"): word("An alert sent earlier was updated or cancelled"),
}
