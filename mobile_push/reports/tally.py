"""The figures of a report: every phone in exactly one group, and how long it took, out of what the tables say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mobile_push.delivery.claims.chunk import QUIET_HOURS, seconds_of
from mobile_push.delivery.phones import ENOUGH, UNWANTED

#: What can become of a phone, and what it means. Every phone of an audience is in exactly one of them.
GROUPS: Mapping[str, str] = {
    "accepted": "The provider took it.",
    "waiting": "Still to be sent; `waiting_for` says what for.",
    "dead": "The app is gone from the phone; its token is forgotten.",
    "failed": "Refused for good; `refused` says why.",
    "parked": "Refused, and an operator can retry or drop it; `refused` says why.",
    "dropped": "An operator gave it up.",
    "expired": "The message was over before it could be sent.",
    "recalled": "It was taken back before it was sent.",
    "forgotten": "The phone was unregistered meanwhile.",
    "unwanted": "Its owner wishes no notices.",
    "enough_today": "It had as many notices today as the city allows.",
}

#: What is said of phones beside what became of them.
BY_WAY: Mapping[str, str] = {
    "twice": "May have got it twice: an answer was lost, or a server that was sending it.",
    "arrived": "The provider says that it arrived.",
    "shown": "The provider says that the phone has shown it.",
    "opened": "The provider says that it was opened.",
}

#: Groups of phones about which a provider has had its last word.
SENT = ("accepted", "dead", "failed", "parked", "dropped")

#: A chunk's own word → the group. Phones for `later` and `parked` lie in a chunk of their own, which counts them.
WORDS: Mapping[str, str | None] = {
    **{word: word for word in ("accepted", "dead", "expired", "forgotten", UNWANTED)},
    ENOUGH: "enough_today",
    "later": None,
    "parked": None,
}

#: A delivery's state, or that of a chunk for those of its phones that nothing has become of yet → the group. A chunk
#: that is done has none, a delivery was read elsewhere.
STATES: Mapping[str, str] = {
    "due": "waiting",
    "done": "accepted",
    "sent": "accepted",
    **{name: name for name in ("dead", "failed", "expired", "parked", "recalled", "dropped")},
}

#: Why a phone waits where no provider has refused anything.
FIRST_TRY = "first try"


@dataclass(slots=True)
class Tally:
    """The phones of one provider, or of all."""

    #: The walk over them is under way, so there may be more.
    planning: bool = False
    phones: int = 0
    groups: Counter[str] = field(default_factory=Counter)
    waiting_for: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    #: Phones by the step of the histogram that their seconds from publication to acceptance belong to.
    seconds: Counter[int] = field(default_factory=Counter)

    def add(self, group: str, code: str, count: int) -> None:
        """So many phones are in a group; `code` says why, where the group has reasons."""
        self.phones += count
        self.groups[group] += count
        if group == "waiting":
            self.waiting_for[_reason(code)] += count
        elif group in {"failed", "parked"}:
            self.refused[code or "unknown"] += count

    def merge(self, other: Tally) -> None:
        self.planning |= other.planning
        self.phones += other.phones
        for name in ("groups", "waiting_for", "refused", "ways", "seconds"):
            getattr(self, name).update(getattr(other, name))

    def document(self) -> dict[str, Any]:
        return {
            "planning": self.planning,
            "phones": self.phones,
            "sent": sum(self.groups[name] for name in SENT),
            **{name: self.groups[name] for name in GROUPS},
            **{name: self.ways[name] for name in BY_WAY},
            "waiting_for": _reasons(self.waiting_for),
            "refused": _reasons(self.refused),
            "seconds": {"p50": percentile(self.seconds, 0.5), "p99": percentile(self.seconds, 0.99)},
        }


@dataclass(slots=True)
class Chunked:
    """What chunks say of their phones, gathered until it can be told what is left over."""

    #: (provider, state, code) → phones, and those that something has become of.
    sizes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _told: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def word(self, tally: Tally, of: tuple[str, str, str], word: str, phones: int) -> None:
        """Something has become of so many phones of those chunks."""
        self._told[of] += phones
        # A word that is not known yet is at least a refusal with a reason, and nobody is lost.
        group = WORDS.get(word, "failed")
        if group is not None:
            tally.add(group, word, phones)

    def left(self) -> Iterable[tuple[str, str, str, int]]:
        """(provider, group, code, phones) of all others."""
        for of, phones in self.sizes.items():
            provider, state, code = of
            if left := phones - self._told[of]:
                yield provider, STATES[state], code, left


def percentile(seconds: Mapping[int, int], share: float) -> float | None:
    """The seconds within which that share of the phones was served, five percent more or less; None for none."""
    wanted = share * sum(seconds.values())
    reached = 0
    for bucket in sorted(seconds):
        reached += seconds[bucket]
        if reached >= wanted and reached:
            return round(math.sqrt(seconds_of(bucket - 1) * seconds_of(bucket)), 3)
    return None


def _reason(code: str) -> str:
    if code == QUIET_HOURS:
        return code
    return f"retry: {code}" if code else FIRST_TRY


def _reasons(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first."""
    return {code: count for code, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if count}
