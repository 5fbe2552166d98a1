"""The state table of broadcasts: every step that a notice or an alert can take, as data."""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """One row of the state table."""

    state: str
    action: str
    #: `published` is `scheduled` where the time to send lies ahead.
    to: str
    #: It takes somebody who has not written what it says.
    by_another: bool = False
    needs_reason: bool = False


# fmt: off
TABLE: tuple[Step, ...] = (
    # Being written.
    Step(state="draft", action="publish", to="published"),
    Step(state="draft", action="cancel", to="cancelled"),
    # Waiting for its time.
    Step(state="scheduled", action="cancel", to="cancelled"),
    # Public.
    Step(state="published", action="recall", to="recalled"),
)

#: Where a second person is asked for: publishing proposes, and somebody else decides.
TWO_PERSON_TABLE: tuple[Step, ...] = (
    Step(state="draft", action="publish", to="proposed"),
    Step(state="proposed", action="approve", to="published", by_another=True),
    Step(state="proposed", action="return", to="draft", needs_reason=True),
    Step(state="proposed", action="cancel", to="cancelled"),
    *(step for step in TABLE if step.action != "publish"),
)
# fmt: on

#: States in which what it says may still be changed, and in which the public may read it.
CHANGEABLE = frozenset({"draft", "proposed", "scheduled"})
PUBLIC = frozenset({"published", "recalled", "superseded"})
STATES = ("draft", "proposed", "scheduled", "published", "cancelled", "recalled", "superseded")
ACTIONS = tuple(dict.fromkeys(step.action for step in (*TABLE, *TWO_PERSON_TABLE)))

#: Actions of the record that write what a broadcast says.
WRITING = ("create", "change")
