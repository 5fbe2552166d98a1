"""A case's state in the standard's two words, and in a sentence that says nothing of anybody."""

from __future__ import annotations

from collections.abc import Mapping

from banshi import Texts, text_in

from ..sentences import say

#: States in which a request is closed; every other one is open.
CLOSED = ("answered", "rated", "closed", "merged", "withdrawn")

#: States that a case only has once a person has read it and given it to a unit.
LOOKED_AT = frozenset({"assigned", "answered", "rated", "reopened", "closed"})

NOTES: Mapping[str, Texts] = {
    "submitted": say("Received; waiting to be read by staff."),
    "assigned": say("Being worked on."),
    "returned": say("Waiting for more from whoever reported it."),
    "answered": say("Answered."),
    "rated": say("Answered."),
    "reopened": say("Being worked on again, by somebody else."),
    "closed": say("Closed."),
    "merged": say("Joined with an earlier one about the same."),
    "withdrawn": say("Withdrawn."),
}


def status_of(state: str) -> str:
    return "closed" if state in CLOSED else "open"


def note_of(state: str, language: str) -> str | None:
    return text_in(NOTES[state], language) if state in NOTES else None
