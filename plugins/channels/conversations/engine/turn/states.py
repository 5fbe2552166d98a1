"""The state table of a conversation. What a dialogue asks next is no state: it is derived from form and answers."""

from __future__ import annotations

from typing import Literal

State = Literal[
    "idle", "menu", "linking", "asking", "confirming", "calling", "waiting", "held", "leaving-word", "rating", "gone"
]

FIRST: State = "idle"

#: An item may be begun here, by whoever is known or has to sign in first.
BEGINS: tuple[State, ...] = ("idle", "menu", "linking", "asking", "confirming", "leaving-word", "gone")

#: From each state, by what happens, to which.
TABLE: dict[tuple[State, str], State] = {
    **{(state, "begun"): "asking" for state in BEGINS},
    **{(state, "stranger"): "linking" for state in BEGINS},
    ("asking", "changed"): "asking",
    ("asking", "complete"): "confirming",
    ("asking", "done"): "menu",
    ("confirming", "changed"): "asking",
    ("confirming", "done"): "menu",
    # With a person of a desk: in the queue, held by an officer, over; or the desk is closed and a word is left there.
    ("calling", "called"): "waiting",
    ("waiting", "claimed"): "held",
    ("waiting", "shut"): "leaving-word",
    ("held", "returned"): "waiting",
    ("held", "transferred"): "held",
    ("held", "done"): "rating",
    # An officer's form is filled in while they hold the conversation.
    ("held", "begun"): "asking",
    ("rating", "rated"): "menu",
}
#: What may happen in any state.
ALWAYS: dict[str, State] = {
    "left": "gone",
    "over": "menu",
    # They can't be written to: they are asked for a word before a desk is rung.
    "unreachable": "calling",
    "called": "waiting",
    "closed": "leaving-word",
}


def after(state: State, happened: str) -> State:
    """Where that leads. Raises ValueError for what can't happen there."""
    to = ALWAYS.get(happened) or TABLE.get((state, happened))
    if to is None:
        raise ValueError(f"{happened!r} can't happen to a conversation that is {state}")
    return to
