"""The state table of a conversation. What a dialogue asks next is no state: it is derived from form and answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

State = Literal["idle", "menu", "linking", "asking", "confirming", "waiting", "held", "leaving-word", "rating", "gone"]

FIRST: State = "idle"

#: From each state, by what happens, to which.
TABLE: dict[tuple[State, str], State] = {
    ("idle", "begun"): "asking",
    ("idle", "stranger"): "linking",
    ("menu", "begun"): "asking",
    ("menu", "stranger"): "linking",
    ("linking", "begun"): "asking",
    ("linking", "stranger"): "linking",
    ("asking", "begun"): "asking",
    ("asking", "stranger"): "linking",
    ("asking", "changed"): "asking",
    ("asking", "complete"): "confirming",
    ("asking", "done"): "menu",
    ("confirming", "begun"): "asking",
    ("confirming", "stranger"): "linking",
    ("confirming", "changed"): "asking",
    ("confirming", "done"): "menu",
    # With a person of a desk: in the queue, held by an officer, over; or the desk is closed and a word is left there.
    ("waiting", "claimed"): "held",
    ("waiting", "shut"): "leaving-word",
    ("held", "returned"): "waiting",
    ("held", "transferred"): "held",
    ("held", "done"): "rating",
    ("leaving-word", "begun"): "asking",
    ("leaving-word", "stranger"): "linking",
    ("rating", "rated"): "menu",
    ("gone", "begun"): "asking",
    ("gone", "stranger"): "linking",
}
#: What may happen in any state.
ALWAYS: dict[str, State] = {"left": "gone", "over": "menu", "called": "waiting", "closed": "leaving-word"}


def after(state: State, happened: str) -> State:
    """Where that leads. Raises ValueError for what can't happen there."""
    to = ALWAYS.get(happened) or TABLE.get((state, happened))
    if to is None:
        raise ValueError(f"{happened!r} can't happen to a conversation that is {state}")
    return to


def faults() -> Iterator[str]:
    """What is wrong with the table: a state that nothing leads to, or that nothing leads out of."""
    reached = {FIRST, *TABLE.values(), *ALWAYS.values()}
    left = {state for state, _ in TABLE}
    yield from (f"nothing leads out of {state}" for state in sorted(reached - left))
    yield from (f"nothing leads to {state}" for state in sorted(left - reached))
