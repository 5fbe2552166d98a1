"""The state table of postings: every step that a posting can take, as data."""

from __future__ import annotations

from banshi.kernel.contract.values import Step
from banshi.kinds.posting.messages import ENDING, EXPIRED, PUBLISHED, REFUSED, REGISTERED, RETURNED, TAKEN_DOWN, UNTIL
from banshi.kinds.rows import CITIZEN, END, RUN, STAFF, STOP, SYSTEM, worded
from banshi.kinds.sentences import word

# The clock runs while somebody has to look at it. Nothing is public before a person has.
# fmt: off
TABLE: tuple[Step, ...] = (
    Step(state="submitted", action="register", who=SYSTEM, to="submitted", clock=RUN, tells=REGISTERED),
    Step(state="submitted", action="publish", who=STAFF, to="published", clock=END, tells=PUBLISHED, mentions=UNTIL),
    Step(state="submitted", action="return", who=STAFF, to="returned", clock=STOP, tells=RETURNED, mentions=UNTIL, needs_reason=True),
    Step(state="submitted", action="refuse", who=STAFF, to="refused", clock=END, tells=REFUSED, needs_reason=True),
    Step(state="submitted", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    # Waiting for the citizen, who may not come back. What was public before is not meanwhile.
    Step(state="returned", action="supplement", who=CITIZEN, to="submitted", clock=RUN),
    Step(state="returned", action="refuse", who=STAFF, to="refused", clock=END, tells=REFUSED, needs_reason=True, work=False),
    Step(state="returned", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    Step(state="returned", action="expire", who=SYSTEM, to="expired", tells=EXPIRED),
    # On the public list.
    Step(state="published", action="remind", who=SYSTEM, to="published", tells=ENDING, mentions=UNTIL),
    Step(state="published", action="extend", who=CITIZEN, to="published", work=False),
    Step(state="published", action="resolve", who=CITIZEN, to="resolved", work=False),
    Step(state="published", action="withdraw", who=CITIZEN, to="withdrawn"),
    Step(state="published", action="return", who=STAFF, to="returned", clock=STOP, tells=RETURNED, mentions=UNTIL, needs_reason=True, work=False),
    Step(state="published", action="take-down", who=STAFF, to="taken-down", tells=TAKEN_DOWN, needs_reason=True, work=False),
    Step(state="published", action="expire", who=SYSTEM, to="expired", tells=EXPIRED),
)
# fmt: on

#: What is not on the public list any more and doesn't come back.
OUTCOMES = {name: name for name in ("resolved", "expired", "refused", "withdrawn", "taken-down")}

#: What people read for the states and for the actions.
STATES = worded(
    submitted=word("Waiting to be looked at"),
    returned=word("Waiting for your changes"),
    refused=word("Not to be published"),
    withdrawn=word("Withdrawn"),
    published=word("Published"),
    expired=word("Expired"),
    resolved=word("Resolved"),
    taken_down=word("Taken down"),
)
ACTIONS = worded(
    submit=word("Hand in"),
    register=word("Register"),
    publish=word("Publish"),
    return_=word("Ask for changes"),
    refuse=word("Refuse to publish"),
    withdraw=word("Withdraw"),
    supplement=word("Hand in the changes"),
    expire=word("Expire"),
    remind=word("Remind"),
    extend=word("Extend"),
    resolve=word("Mark as resolved"),
    take_down=word("Take down"),
)

#: The actions that are not the way on.
BACKWARD = frozenset({"return", "refuse", "withdraw", "expire", "take-down"})
