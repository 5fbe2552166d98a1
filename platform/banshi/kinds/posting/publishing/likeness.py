"""How alike something lost and something found are: by what is declared of both, and by the words of both.

A word counts by how few of the compared postings have it (inverse document frequency, smoothed so that a handful of
postings doesn't make every word rare). What one side doesn't say counts neither for nor against.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

#: What each of them counts for where both sides say it.
WEIGHTS = {"words": 0.7, "colour": 0.12, "brand": 0.13, "day": 0.08, "area": 0.12}

#: Days after which a thing that was found is no more likely to be one that was lost then.
FAR_DAYS = 30

#: Postings that are taken as read when a word's rareness is reckoned.
SMOOTHING_POSTINGS = 50


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared of a posting."""

    colour: str
    brand: str
    day: date | None
    division: str
    terms: frozenset[str]


def compared(row: Mapping[str, Any]) -> Compared:
    """A row's columns as they are compared. Single characters say too little."""
    terms = frozenset(term for term in row["terms"].split() if len(term) > 1)
    return Compared(row["colour"], row["brand"].casefold(), row["day"], row["division"], terms)


@dataclass(slots=True)
class Comparison:
    """One posting against many: those are added one by one, and the most alike asked for at the end."""

    own: Compared
    #: By key: the terms that both have, how many the other has, and what the declared fields say.
    _others: dict[Any, tuple[frozenset[str], int, float, float]] = field(default_factory=dict)
    _having: Counter[str] = field(default_factory=Counter)

    def add(self, key: Any, other: Compared) -> None:
        shared = self.own.terms & other.terms
        self._having.update(shared)
        self._others[key] = (shared, len(other.terms), *_declared(self.own, other))

    def most_alike(self, least: float, most: int, near: float = 0.0) -> list[tuple[Any, float]]:
        """At most so many that are at least so much alike, from 0 to 1, the most alike first.

        Those below the share `near` of the first one's likeness are left out: where one fits, others seldom do.
        """
        count = len(self._others)
        rare = {
            term: 1 + math.log((count + SMOOTHING_POSTINGS) / (self._having[term] + SMOOTHING_POSTINGS))
            for term in self.own.terms
        }
        whole = sum(rare.values())
        mean = whole / len(rare) if rare else 0.0
        alike = []
        for key, (shared, terms, gained, possible) in self._others.items():
            both = sum(rare[term] for term in shared)
            # Dice's coefficient: words that only one of them has count against it.
            words = 2 * both / (whole + both + mean * (terms - len(shared))) if whole else 0.0
            score = (WEIGHTS["words"] * words + gained) / (WEIGHTS["words"] + possible)
            if score >= least:
                alike.append((key, score))
        alike.sort(key=lambda pair: (-pair[1], str(pair[0])))
        return [pair for pair in alike[:most] if pair[1] >= near * alike[0][1]]


def _declared(one: Compared, other: Compared) -> tuple[float, float]:
    """What the declared fields give, and what they could have given."""
    gained = possible = 0.0
    for name in ("colour", "brand"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and theirs:
            possible += WEIGHTS[name]
            gained += WEIGHTS[name] * (mine == theirs)
    if one.day and other.day:
        possible += WEIGHTS["day"]
        gained += WEIGHTS["day"] * max(0.0, 1 - abs((one.day - other.day).days) / FAR_DAYS)
    if one.division and other.division:
        possible += WEIGHTS["area"]
        gained += WEIGHTS["area"] * (one.division == other.division)
    return gained, possible
