"""How an error reads on one line, and what a word that nobody knows may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def did_you_mean(word: str, known: Sequence[str], otherwise: str = "") -> str:
    """The known word that is nearest; where none is near, `otherwise` or else all that there are."""
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean {close[0]!r}?" if close else otherwise or f"there are: {', '.join(known) or 'none'}"


def one_line(error: BaseException) -> str:
    """An exception on one line."""
    from pydantic import PydanticUserError  # late: a plugin that imports its names needs none of it

    if isinstance(error, PydanticUserError):
        # What follows is pydantic's advice to whoever calls it.
        return f"{type(error).__name__}: {str(error).split('. ')[0]}"
    return " ".join(f"{type(error).__name__}: {error}".split())
