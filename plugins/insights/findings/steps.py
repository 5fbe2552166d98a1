"""The state table of findings: every step that a person can take, as data."""

from __future__ import annotations

from typing import NamedTuple

from insights.figures.categories import ANALYST

#: The role that publishes for a department: mobile_push's.
PUBLISHER = "publisher"

#: Who reads a finding: whoever is asked to approve its warning has to see the figure.
READERS = (ANALYST, PUBLISHER)


class Step(NamedTuple):
    """One row of the state table."""

    state: str
    action: str
    to: str
    #: Who may take it.
    role: str


# fmt: off
TABLE: tuple[Step, ...] = (
    # Nobody has decided about it. A draft goes out once a second person has approved it, and no sooner.
    Step(state="open", action="draft", to="drafted", role=PUBLISHER),
    Step(state="open", action="dismiss", to="dismissed", role=ANALYST),
    # A warning is being written, or was sent. Taking it back gives the draft up; what is public is recalled first.
    Step(state="drafted", action="reopen", to="open", role=PUBLISHER),
    # Not told for a while: taking that back ends its rule.
    Step(state="dismissed", action="reopen", to="open", role=ANALYST),
    # An earlier dismissal's rule covers it; somebody looks at it all the same.
    Step(state="silenced", action="reopen", to="open", role=ANALYST),
)
# fmt: on

#: As which a finding is stored: one whose figure was corrected, so that it isn't told any more, is withdrawn.
STORED = ("open", "drafted", "dismissed", "silenced", "withdrawn")
#: What became of a draft, by the state of its warning.
OF_WARNING = {
    **dict.fromkeys(("proposed", "scheduled"), "proposed"),
    **dict.fromkeys(("published", "superseded"), "sent"),
    **dict.fromkeys(("recalled", "cancelled"), "taken-back"),
}
STATES = tuple(dict.fromkeys((*STORED, *OF_WARNING.values())))
ACTIONS = tuple(dict.fromkeys(step.action for step in TABLE))
LEVELS = ("hint", "warn", "urgent")
