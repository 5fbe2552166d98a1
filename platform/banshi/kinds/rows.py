"""The words in which the kinds' state tables are written: who may take a step, and what it does beside its state."""

from __future__ import annotations

from banshi.kernel.contract.values import ClockEffect, MaterialsEffect, Texts, Who

CITIZEN = frozenset({Who.CITIZEN})
STAFF = frozenset({Who.STAFF})
SYSTEM = frozenset({Who.SYSTEM})
#: Staff, or the platform by itself.
EITHER = STAFF | SYSTEM

RUN, STOP, END = ClockEffect.RUN, ClockEffect.STOP, ClockEffect.END
ACCEPT, REJECT = MaterialsEffect.ACCEPT, MaterialsEffect.REJECT


def worded(**words: Texts) -> dict[str, Texts]:
    """What people read for each code; an underscore stands for a hyphen, but at the end."""
    return {code.rstrip("_").replace("_", "-"): texts for code, texts in words.items()}
