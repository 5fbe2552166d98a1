"""What becomes of what is said unasked: a table, in which nothing goes back."""

from __future__ import annotations

from typing import Literal

SaidState = Literal["waiting", "accepted", "delivered", "failed", "refused", "shut", "late", "unknown"]

#: From each state to which. Where nothing follows it is over.
TABLE: dict[SaidState, frozenset[SaidState]] = {
    # It is to be sent.
    "waiting": frozenset({"accepted", "refused", "shut", "unknown"}),
    # The provider has it.
    "accepted": frozenset({"delivered", "failed"}),
    # It was sent, perhaps: who sent it was killed, or heard no answer. Nobody sends it again by themselves.
    "unknown": frozenset({"accepted", "refused", "shut", "delivered", "failed"}),
    # No window was open: it is said with the answer to their next message, unless it was taken back.
    "shut": frozenset({"late", "refused"}),
    # It was.
    "late": frozenset(),
    # The provider says that they have it, or won't.
    "delivered": frozenset(),
    "failed": frozenset(),
    # The provider doesn't take it, or it isn't said any more; code and reason say why.
    "refused": frozenset(),
}


def before(state: SaidState) -> list[SaidState]:
    """The states that lead there."""
    return sorted(one for one, following in TABLE.items() if state in following)
