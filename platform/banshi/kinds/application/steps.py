"""The state table of applications: every step that an application can take, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from banshi.kernel.contract.values import Step
from banshi.kinds.application import messages
from banshi.kinds.application.rules import ApplicationRules
from banshi.kinds.rows import ACCEPT, CITIZEN, EITHER, END, REJECT, RUN, STAFF, STOP

# Silent are the citizen's own steps, which were answered when they were taken; `recommend`, which decides nothing yet;
# and `close`, which files a case whose outcome the citizen has been told.
# fmt: off
TABLE: tuple[Step, ...] = (
    # A new submission: the automatic check accepts it, or staff do where the check could not.
    Step(state="submitted", action="accept", who=EITHER, to="accepted", clock=RUN, tells=messages.ACCEPTED),
    Step(state="submitted", action="return", who=EITHER, to="returned", clock=STOP, tells=messages.RETURNED, needs_reason=True),
    Step(state="submitted", action="refuse", who=EITHER, to="refused", role="approver", clock=END, tells=messages.REFUSED, needs_reason=True, materials=REJECT),
    Step(state="submitted", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    # Being worked on: the clock runs.
    Step(state="accepted", action="approve", who=EITHER, to="approved", role="approver", clock=END, tells=messages.APPROVED, mentions=messages.PASS | messages.CERTIFICATE, materials=ACCEPT),
    Step(state="accepted", action="refuse", who=EITHER, to="refused", role="approver", clock=END, tells=messages.REFUSED, needs_reason=True, materials=REJECT),
    Step(state="accepted", action="return", who=EITHER, to="returned", clock=STOP, tells=messages.RETURNED, needs_reason=True),
    # Time for an expert opinion, a hearing or an inspection is not counted.
    Step(state="accepted", action="suspend", who=STAFF, to="suspended", clock=STOP, tells=messages.SUSPENDED, needs_reason=True),
    Step(state="accepted", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    # Waiting for the citizen: the clock stands, and goes on as soon as the corrections are in.
    Step(state="returned", action="supplement", who=CITIZEN, to="submitted", clock=RUN),
    Step(state="returned", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    Step(state="suspended", action="resume", who=STAFF, to="accepted", clock=RUN, tells=messages.RESUMED),
    Step(state="suspended", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    # Decided.
    Step(state="approved", action="revoke", who=EITHER, to="revoked", role="approver", tells=messages.REVOKED, needs_reason=True, work=False, materials=REJECT),
    Step(state="approved", action="close", who=EITHER, to="closed", role="approver", work=False),
    Step(state="refused", action="close", who=EITHER, to="closed", role="approver", work=False),
)
# fmt: on

#: Decided is over, whether or not somebody files it.
OUTCOMES = {
    "approved": "approved",
    "refused": "refused",
    "revoked": "revoked",
    "withdrawn": "withdrawn",
    "closed": "",
}

#: The rows that the second-person rule adds; `approve` and `refuse` then start from here, by somebody else.
RECOMMEND = Step(state="accepted", action="recommend", who=STAFF, to="recommended", role="reviewer")


def _second_person() -> tuple[Step, ...]:
    decisions = ("approve", "refuse")
    rows = [step for step in TABLE if not (step.state == "accepted" and step.action == "approve")]
    rows.append(RECOMMEND)
    for step in TABLE:
        if step.state == "accepted" and step.action in decisions:
            rows.append(replace(step, state="recommended", who=STAFF, other_than="recommend"))
        if step.state == "accepted" and step.action in {"return", "withdraw"}:
            rows.append(replace(step, state="recommended"))
    return tuple(rows)


TWO_PERSON_TABLE = _second_person()


def steps(rules: ApplicationRules) -> Sequence[Step]:
    """The state table for an item with these rules."""
    return TWO_PERSON_TABLE if rules.second_person else TABLE
