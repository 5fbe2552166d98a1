"""The state table of applications: every step that an application can take, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from banshi.kernel.contract.values import Step, Texts
from banshi.kinds import rows
from banshi.kinds.application import messages
from banshi.kinds.application.permits import of_permits
from banshi.kinds.application.rules import ApplicationRules
from banshi.kinds.rows import ACCEPT, CITIZEN, EITHER, END, REJECT, RUN, STAFF, STOP
from banshi.kinds.sentences import word

# Silent are the citizen's own steps, which were answered when they were taken; `recommend`, which decides nothing yet;
# and `close`, which files a case whose outcome the citizen has been told.
# fmt: off
TABLE: tuple[Step, ...] = (
    # A new submission: the automatic check accepts it, or staff do where the check could not.
    Step(state="submitted", action="accept", who=EITHER, to="accepted", clock=RUN, tells=messages.ACCEPTED),
    Step(state="submitted", action="return", who=EITHER, to="returned", clock=STOP, tells=messages.RETURNED, needs_reason=True),
    Step(state="submitted", action="refuse", who=EITHER, to="refused", role="approver", clock=END, tells=messages.REFUSED, mentions=messages.REMEDIES, needs_reason=True, materials=REJECT),
    Step(state="submitted", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    # Being worked on: the clock runs.
    Step(state="accepted", action="approve", who=EITHER, to="approved", role="approver", clock=END, tells=messages.APPROVED, mentions=messages.PASS | messages.CERTIFICATE, materials=ACCEPT),
    Step(state="accepted", action="refuse", who=EITHER, to="refused", role="approver", clock=END, tells=messages.REFUSED, mentions=messages.REMEDIES, needs_reason=True, materials=REJECT),
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
    Step(state="approved", action="revoke", who=EITHER, to="revoked", role="approver", tells=messages.REVOKED, mentions=messages.REMEDIES, needs_reason=True, work=False, materials=REJECT),
    # Its basis has changed (行政许可法 8), or it is over (70): neither was it wrong, as what is revoked (69).
    Step(state="approved", action="take-back", who=EITHER, to="taken-back", role="approver", tells=messages.TAKEN_BACK, mentions=messages.REMEDIES, needs_reason=True, work=False),
    Step(state="approved", action="cancel", who=EITHER, to="cancelled", role="approver", tells=messages.CANCELLED, mentions=messages.REMEDIES, needs_reason=True, work=False),
    Step(state="approved", action="close", who=EITHER, to="closed", role="approver", work=False),
    Step(state="refused", action="close", who=EITHER, to="closed", role="approver", work=False),
)
# fmt: on

#: Decided is over, whether or not somebody files it.
OUTCOMES = {
    "approved": "approved",
    "refused": "refused",
    "declined": "refused",
    "revoked": "revoked",
    "taken-back": "revoked",
    "cancelled": "revoked",
    "withdrawn": "withdrawn",
    "closed": "",
}

#: The rows that the second-person rule adds; `approve` and `refuse` then start from here, by somebody else.
RECOMMEND = Step(state="accepted", action="recommend", who=STAFF, to="recommended", role="reviewer")


def _second_person() -> tuple[Step, ...]:
    decisions = ("approve", "refuse")
    found = [step for step in TABLE if not (step.state == "accepted" and step.action == "approve")]
    found.append(RECOMMEND)
    for step in TABLE:
        if step.state == "accepted" and step.action in decisions:
            found.append(replace(step, state="recommended", who=STAFF, other_than="recommend"))
        if step.state == "accepted" and step.action in {"return", "withdraw"}:
            found.append(replace(step, state="recommended"))
    return tuple(found)


TWO_PERSON_TABLE = _second_person()


def _contestable(table: Sequence[Step]) -> tuple[Step, ...]:
    """The table of an item whose approval says whom to turn to, as refusals do."""
    return tuple(
        replace(step, tells=messages.with_remedy(step.tells), mentions=step.mentions | messages.REMEDIES)
        if step.action == "approve"
        else step
        for step in table
    )


#: By whether it is a permit, and whether it takes two people.
TABLES = {
    (False, False): TABLE,
    (False, True): TWO_PERSON_TABLE,
    (True, False): of_permits(TABLE),
    (True, True): of_permits(TWO_PERSON_TABLE),
}
CONTESTABLE_TABLES = {rules: _contestable(table) for rules, table in TABLES.items()}


def steps(rules: ApplicationRules) -> Sequence[Step]:
    """The state table for an item with these rules."""
    tables = CONTESTABLE_TABLES if rules.contestable else TABLES
    return tables[rules.permit, rules.second_person]


#: What people read for the states and for the actions.
STATES = rows.worded(
    submitted=word("Handed in"),
    accepted=word("Accepted for processing"),
    returned=word("Waiting for your corrections"),
    suspended=word("On hold"),
    recommended=word("Waiting for the decision"),
    approved=word("Approved"),
    refused=word("Refused"),
    supplemented=word("Supplemented, not yet accepted"),
    declined=word("Not accepted for processing"),
    revoked=word("Revoked"),
    taken_back=word("Taken back"),
    cancelled=word("Cancelled by the authority"),
    withdrawn=word("Application withdrawn"),
    closed=word("Closed"),
)
ACTIONS = rows.worded(
    submit=word("Hand in"),
    accept=word("Accept for processing"),
    return_=word("Ask for corrections"),
    refuse=word("Refuse"),
    withdraw=word("Withdraw the application"),
    approve=word("Approve"),
    suspend=word("Put on hold"),
    resume=word("Go on"),
    supplement=word("Hand in the corrections"),
    recommend=word("Recommend approval"),
    deem_accepted=word("Accepted by time"),
    decline=word("Don't accept for processing"),
    revoke=word("Revoke, as unlawful"),
    take_back=word("Take back, as law or circumstances changed"),
    cancel=word("Cancel, as it is over"),
    close=word("Close"),
)

#: What is otherwise in a permit (行政许可法 8, 38).
PERMITS = rows.worded(
    approved=word("Permit granted"),
    refused=word("Permit refused"),
    taken_back=word("Permit taken back"),
    approve=word("Grant the permit"),
    refuse=word("Refuse the permit"),
    recommend=word("Recommend the permit"),
    take_back=word("Take the permit back, as law or circumstances changed"),
)


def worded(rules: ApplicationRules) -> Mapping[str, Texts]:
    """The words of an item with these rules that are others than those of all applications."""
    return PERMITS if rules.permit else {}


#: The actions that are not the way on.
BACKWARD = frozenset({"return", "refuse", "withdraw", "suspend", "revoke", "decline", "take-back", "cancel"})
