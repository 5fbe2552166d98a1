"""The state table of permits (行政许可): what their law has otherwise than other applications, as data.

A person accepts, or time does (article 32). What is missing is asked for before that, once and for all. From then on
the time to decide stops for nothing but what article 45 names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from banshi.forms import Form
from banshi.kernel.contract.values import Step, Texts
from banshi.kinds.application import messages
from banshi.kinds.rows import CITIZEN, EITHER, END, REJECT, RUN, STAFF, STOP, SYSTEM
from banshi.kinds.sentences import say, word

#: Working days within which what is missing is told; after them the application counts as accepted (article 32).
DAYS_TO_ASK = 5

#: Where somebody has yet to accept it: as it came in, and with what was asked for.
RECEIVED, SUPPLEMENTED = "submitted", "supplemented"

#: What the time to decide doesn't count (article 45).
CAUSES: dict[str, Texts] = {
    "hearing": word("a hearing"),
    "bidding": word("an invitation to bid"),
    "auction": word("an auction"),
    "inspection": word("an inspection"),
    "test": word("a test"),
    "quarantine": word("a quarantine inspection"),
    "appraisal": word("an appraisal"),
    "expert-review": word("a review by experts"),
}

#: Working days that a cause may take at most: a slip of the keyboard is more.
LONGEST_STOP = 250

#: What a suspension says: for what, and how long that takes, which the applicant has to be told in writing.
SUSPENSION = Form.from_schema(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["cause", "days"],
        "properties": {
            "cause": {
                "type": "string",
                "title": word("For what"),
                "oneOf": [{"const": code, "title": title} for code, title in CAUSES.items()],
            },
            "days": {
                "type": "integer",
                "title": word("Working days that it is expected to take"),
                "minimum": 1,
                "maximum": LONGEST_STOP,
            },
        },
    }
)


def _before_acceptance(state: str) -> tuple[Step, ...]:
    """What may happen to what nobody has accepted yet."""
    return (
        Step(state=state, action="accept", who=STAFF, to="accepted", clock=RUN, tells=messages.ACCEPTED),
        Step(state=state, action="deem-accepted", who=SYSTEM, to="accepted", clock=RUN, tells=messages.DEEMED),
        Step(
            state=state,
            action="decline",
            who=EITHER,
            to="declined",
            role="approver",
            clock=END,
            tells=messages.DECLINED,
            mentions=messages.REMEDIES,
            needs_reason=True,
            materials=REJECT,
        ),
        Step(state=state, action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    )


#: What is missing is told once.
ASK = Step(
    state=RECEIVED,
    action="return",
    who=EITHER,
    to="returned",
    clock=STOP,
    tells=messages.ALL_THAT_IS_MISSING,
    needs_reason=True,
    reason_asks=say("Say all that is missing, at once: the citizen reads it, and can be asked only once."),
)

#: How it came in, of which the applicant gets a receipt: in no table, since no case is there to take it.
RECEIPT = Step(state="", action="submit", who=CITIZEN, to=RECEIVED, tells=messages.RECEIVED, mentions=messages.ANSWERED)

SUPPLEMENT = Step(
    state="returned",
    action="supplement",
    who=CITIZEN,
    to=SUPPLEMENTED,
    tells=messages.CORRECTIONS_RECEIVED,
    mentions=messages.ANSWERED,
)

#: A permit's two decisions (article 38), as their messages have them.
DECISIONS = {"approve": messages.GRANTED, "refuse": messages.NOT_PERMITTED}

#: States of the general table that a permit leaves in ways of its own.
_OWN = {RECEIVED, "returned"}


def of_permits(table: Sequence[Step]) -> tuple[Step, ...]:
    """The general table as a permit has it."""
    rows = [*_before_acceptance(RECEIVED), ASK, *_before_acceptance(SUPPLEMENTED)]
    rows.append(SUPPLEMENT)
    rows.append(Step(state="returned", action="withdraw", who=CITIZEN, to="withdrawn", clock=END))
    rows.append(Step(state="declined", action="close", who=EITHER, to="closed", role="approver", work=False))
    for step in table:
        if step.state in _OWN or step.action == "return":
            continue
        if step.action == "suspend":
            step = replace(step, takes=SUSPENSION, tells=messages.STOPPED, mentions=messages.STOP)
        if step.action in DECISIONS:
            step = replace(step, tells=DECISIONS[step.action])
        rows.append(step)
    return tuple(rows)
