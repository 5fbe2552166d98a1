"""What a claim is found to be, in the department's words, and the title that each finding gives a record."""

from __future__ import annotations

from typing import NamedTuple

from banshi import Texts
from refutations.sentences import word


class Rating(NamedTuple):
    """One finding."""

    word: Texts
    #: The record's title, with {about}.
    title: Texts
    #: From 1, untrue, to 3, true; None where nobody knows yet.
    value: int | None


CHECKING = "checking"

RATINGS = {
    CHECKING: Rating(word("being checked"), word("Being checked: “{about}”"), None),
    "partly": Rating(word("partly true"), word("Checked: “{about}” is partly true"), 2),
    "untrue": Rating(word("untrue"), word("Refuted: “{about}” is untrue"), 1),
    "true": Rating(word("true"), word("Checked: “{about}” is true"), 3),
}


def title_of(rating: str, about: Texts) -> Texts:
    """The title of a record: the wording of the department, around what the claim is about."""
    return {tag: title.format(about=about[tag]) for tag, title in RATINGS[rating].title.items()}
