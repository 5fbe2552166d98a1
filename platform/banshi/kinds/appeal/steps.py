"""The state table of appeals: every step that an appeal can take, as data."""

from __future__ import annotations

from collections.abc import Sequence

from banshi.builtin.openapi.schemas.cases import EXACT_UUID
from banshi.foundation.texts import SHOWN
from banshi.kernel.contract.values import SLUG, Step
from banshi.kernel.http.document_schemas import Record, array, optional
from banshi.kinds.appeal import messages
from banshi.kinds.appeal.rules import MAX_STARS, MIN_STARS, AppealRules
from banshi.kinds.rows import CITIZEN, EITHER, END, RUN, STAFF, STOP, SYSTEM, worded
from banshi.kinds.sentences import say, word

NO_WORDS = say("Say something in words.")
# Not every validator's `$` is the end: before a last line break is the end, too, for some.
CODE = {"type": "string", "pattern": SLUG, "maxLength": 64, "not": {"pattern": "\n"}}
CATEGORY = {"title": word("Category")}
UNIT = {"title": word("Unit")}
#: A case's number, as people type it: without regard to case, with blanks around it.
NUMBER = {
    "type": "string",
    "title": word("Number of the other appeal"),
    "maxLength": 24,
    "pattern": r"^[ \n]*[0-9]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}[ \n]*$",
    "x-pattern-hint": say("Give an appeal's number, such as 20261124-7K3M-9QXC."),
}
WORDS = {"type": "string", "minLength": 1, "pattern": SHOWN, "x-pattern-hint": NO_WORDS}


# `offered.in_case` says which ones a case has.
CLASSIFICATION = Record(category=optional(CODE), unit=optional(CODE)).form()
DESTINATION = Record(department=optional(CODE), unit=CODE).form()
DUPLICATE = Record(into=NUMBER).form()
ANSWERING = Record(text={**WORDS, "maxLength": 10_000, "title": word("Answer")}).form()
TEXT = {**WORDS, "maxLength": 5_000, "title": word("Message")}
WRITING = Record(text=TEXT).form()
DAYS = {"type": "integer", "minimum": 1, "title": word("Days that it takes longer")}
EXTENSION = Record(days=DAYS).form()
WRITING_WITH_FILES = Record(
    text=TEXT,
    attachments=optional(
        array(
            {**EXACT_UUID, "x-attachment": True},
            maxItems=5,
            uniqueItems=True,
            title=word("Pictures"),
        )
    ),
).form()
RATING = Record(
    rating={
        "type": "integer",
        "minimum": MIN_STARS,
        "maximum": MAX_STARS,
        "title": word("Stars, from 1 to 5"),
    },
    text=optional({"type": "string", "maxLength": 1000, "title": word("What you say of it")}),
).form()

# The clock runs from the moment that it is handed in: somebody has to read it. It stands while the citizen is asked.
# An order on its way: whose time is asked to be longer stays with its unit, and a unit that oversees decides. What was
# sent back for the second time waits for a lead, whose word stands: `orders.hindrance` has what the rows don't say.
# fmt: off
UNANSWERED = ("submitted", "assigned", "extending", "disputed", "reopened")
ORDERS: tuple[Step, ...] = (
    *(Step(state=state, action="urge", who=CITIZEN, to=state, work=False) for state in UNANSWERED),
    *(Step(state=state, action="urge", who=STAFF, to=state, role="lead", tells=messages.URGED, work=False) for state in UNANSWERED),
    *(Step(state=state, action="send-back", who=STAFF, to="submitted", tells=messages.FORWARDED, mentions=messages.UNIT, needs_reason=True) for state in ("submitted", "assigned")),
    *(Step(state=state, action="dispute", who=STAFF, to="disputed", needs_reason=True) for state in ("submitted", "assigned")),
    Step(state="disputed", action="place", who=STAFF, to="assigned", role="lead", outside=True, takes=DESTINATION, tells=messages.FORWARDED, mentions=messages.UNIT, needs_reason=True),
    Step(state="assigned", action="ask-extension", who=STAFF, to="extending", takes=EXTENSION, needs_reason=True, work=False),
    Step(state="extending", action="extend", who=STAFF, to="assigned", role="lead", outside=True, clock=RUN, tells=messages.EXTENDED, needs_reason=True, other_than="ask-extension"),
    Step(state="extending", action="refuse-extension", who=STAFF, to="assigned", role="lead", outside=True, needs_reason=True, other_than="ask-extension"),
    Step(state="extending", action="answer", who=STAFF, to="answered", clock=END, takes=ANSWERING, tells=messages.ANSWERED, mentions=messages.ANSWER),
    *(Step(state=state, action="withdraw", who=CITIZEN, to="withdrawn", clock=END) for state in ("extending", "disputed")),
)
TABLE: tuple[Step, ...] = (
    Step(state="submitted", action="register", who=SYSTEM, to="submitted", clock=RUN, tells=messages.REGISTERED),
    # To be read by a person, who says what it is about and whose it is.
    Step(state="submitted", action="assign", who=STAFF, to="assigned", takes=CLASSIFICATION, tells=messages.ASSIGNED, mentions=messages.UNIT),
    Step(state="submitted", action="forward", who=STAFF, to="submitted", takes=DESTINATION, tells=messages.FORWARDED, mentions=messages.UNIT, needs_reason=True),
    Step(state="submitted", action="return", who=STAFF, to="returned", clock=STOP, tells=messages.RETURNED, needs_reason=True),
    Step(state="submitted", action="merge", who=STAFF, to="merged", clock=END, takes=DUPLICATE, tells=messages.MERGED, mentions=messages.ANSWER),
    Step(state="submitted", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    # With a unit.
    Step(state="assigned", action="answer", who=STAFF, to="answered", clock=END, takes=ANSWERING, tells=messages.ANSWERED, mentions=messages.ANSWER),
    Step(state="assigned", action="assign", who=STAFF, to="assigned", takes=CLASSIFICATION, tells=messages.ASSIGNED, mentions=messages.UNIT),
    Step(state="assigned", action="forward", who=STAFF, to="submitted", takes=DESTINATION, tells=messages.FORWARDED, mentions=messages.UNIT, needs_reason=True),
    Step(state="assigned", action="return", who=STAFF, to="returned", clock=STOP, tells=messages.RETURNED, needs_reason=True),
    Step(state="assigned", action="merge", who=STAFF, to="merged", clock=END, takes=DUPLICATE, tells=messages.MERGED, mentions=messages.ANSWER),
    Step(state="assigned", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    # Waiting for the citizen.
    Step(state="returned", action="supplement", who=CITIZEN, to="submitted", clock=RUN),
    Step(state="returned", action="merge", who=STAFF, to="merged", clock=END, takes=DUPLICATE, tells=messages.MERGED, mentions=messages.ANSWER, work=False),
    Step(state="returned", action="withdraw", who=CITIZEN, to="withdrawn", clock=END),
    # Answered. What a rating leads to, the platform decides at once.
    Step(state="answered", action="rate", who=CITIZEN, to="rated", takes=RATING, work=False),
    Step(state="answered", action="close", who=EITHER, to="closed", work=False),
    Step(state="rated", action="close", who=SYSTEM, to="closed"),
    Step(state="rated", action="reopen", who=SYSTEM, to="reopened", clock=RUN, tells=messages.REOPENED),
    # The citizen was not satisfied: somebody else answers, and that closes it.
    Step(state="reopened", action="answer", who=STAFF, to="closed", clock=END, takes=ANSWERING, tells=messages.ANSWERED, mentions=messages.ANSWER, other_than="answer"),
    Step(state="reopened", action="forward", who=STAFF, to="reopened", takes=DESTINATION, tells=messages.FORWARDED, mentions=messages.UNIT, needs_reason=True),
    *ORDERS,
)

# What an appeal has beside that where people need not say who they are: staff can't call them. What is written after
# the answer is read by whoever has to answer again, and has all its days. A merged one keeps its letters: its sender
# may have no other code.
LETTERS: tuple[Step, ...] = (
    *(Step(state=state, action="write", who=STAFF, to=state, takes=WRITING, tells=messages.WROTE, work=False) for state in (*UNANSWERED, "returned", "answered", "merged")),
    *(Step(state=state, action="write", who=CITIZEN, to=state, takes=WRITING_WITH_FILES, work=False) for state in (*UNANSWERED, "merged")),
    Step(state="returned", action="write", who=CITIZEN, to="submitted", takes=WRITING_WITH_FILES, clock=RUN),
    Step(state="answered", action="write", who=CITIZEN, to="assigned", takes=WRITING_WITH_FILES, clock=RUN, work=False),
    # Nobody writes in it any more; its sender still reads the answer.
    Step(state="merged", action="close", who=STAFF, to="closed", work=False),
)
# fmt: on

#: An answer that nobody rates is over all the same.
OUTCOMES = {"answered": "answered", "closed": "answered", "withdrawn": "withdrawn", "merged": "merged"}

WITH_LETTERS = TABLE + LETTERS


def steps(rules: AppealRules) -> Sequence[Step]:
    """The state table, with the letters where the item needs them."""
    return TABLE if rules.anonymous == "never" else WITH_LETTERS


#: What people read for the states and for the actions.
STATES = worded(
    submitted=word("Waiting to be assigned"),
    assigned=word("Being worked on"),
    extending=word("Being worked on, more time is asked for"),
    disputed=word("Waiting for a lead to say whose it is"),
    returned=word("Waiting for your additions"),
    merged=word("Merged with another"),
    withdrawn=word("Withdrawn"),
    answered=word("Answered"),
    rated=word("Rated"),
    reopened=word("Being worked on anew"),
    closed=word("Closed"),
)
ACTIONS = worded(
    submit=word("Hand in"),
    register=word("Register"),
    assign=word("Assign"),
    forward=word("Forward"),
    return_=word("Ask for more"),
    merge=word("Merge with another"),
    absorb=word("Take in another"),
    urge=word("Urge"),
    send_back=word("Send back"),
    dispute=word("Send back, for a lead to decide"),
    place=word("Decide whose it is"),
    ask_extension=word("Ask for more time"),
    extend=word("Allow more time"),
    refuse_extension=word("Refuse more time"),
    withdraw=word("Withdraw"),
    answer=word("Answer"),
    supplement=word("Hand in the additions"),
    rate=word("Rate the answer"),
    close=word("Close"),
    reopen=word("Work on it anew"),
    write=word("Write a message"),
)

#: The actions that are not the way on.
BACKWARD = frozenset({"return", "withdraw", "send-back", "dispute", "refuse-extension"})
