"""The state table of records: every step that one can take, as data.

What is public stays so while its next edition is written: it replaces itself once that is approved.
"""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """One row of the state table."""

    state: str
    action: str
    to: str
    #: It takes somebody who has not written what this edition says.
    by_another: bool = False
    needs_reason: bool = False


#: States in which anybody reads its newest edition.
PUBLIC = ("public", "correcting", "correction-proposed")

# fmt: off
TABLE: tuple[Step, ...] = (
    # The first edition.
    Step(state="draft", action="change", to="draft"),
    Step(state="draft", action="propose", to="proposed"),
    Step(state="draft", action="cancel", to="cancelled"),
    Step(state="proposed", action="change", to="draft"),
    Step(state="proposed", action="approve", to="public", by_another=True),
    Step(state="proposed", action="return", to="draft", needs_reason=True),
    Step(state="proposed", action="cancel", to="cancelled"),
    # What takes the place of a public one.
    *(Step(state=state, action="change", to="correcting") for state in PUBLIC),
    Step(state="correcting", action="propose", to="correction-proposed"),
    Step(state="correction-proposed", action="approve", to="public", by_another=True),
    Step(state="correction-proposed", action="return", to="correcting", needs_reason=True),
    *(Step(state=state, action="drop", to="public") for state in PUBLIC[1:]),
    # Taken back.
    *(Step(state=state, action="withdraw", to="withdrawn", needs_reason=True) for state in PUBLIC),
)
# fmt: on

ACTIONS = tuple(dict.fromkeys(step.action for step in TABLE))

#: Actions that write what an edition says; whoever took one doesn't approve it.
WRITING = ("create", "change")
