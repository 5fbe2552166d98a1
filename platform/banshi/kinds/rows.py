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


def worded(**words: tuple[str, str]) -> dict[str, Texts]:
    """What people read for each code, in zh-CN and en; an underscore stands for a hyphen, but at the end."""
    return {code.rstrip("_").replace("_", "-"): {"zh-CN": zh, "en": en} for code, (zh, en) in words.items()}
