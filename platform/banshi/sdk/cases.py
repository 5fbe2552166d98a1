"""Cases: finding, showing, making and moving them."""

from __future__ import annotations

from banshi.access import ROLES
from banshi.cases import Actor, decide, record_reading, steps_of
from banshi.cases import find as find_case
from banshi.cases import move as move_case
from banshi.documents import ENCLOSURES, Enclosure
from banshi.kinds.posting.personal import personal_in
from banshi.models import CaseEvent
from banshi.submission import (
    PreparedCase,
    count_people,
    new_case,
    people_with_cases,
    prepare_case,
    submission_of,
    submissions,
)
from banshi.web.attachments import download as send_attachment
from banshi.web.cases import show_case

__all__ = [
    "ENCLOSURES",
    "ROLES",
    "Actor",
    "CaseEvent",
    "Enclosure",
    "PreparedCase",
    "count_people",
    "decide",
    "find_case",
    "move_case",
    "new_case",
    "people_with_cases",
    "personal_in",
    "prepare_case",
    "record_reading",
    "send_attachment",
    "show_case",
    "steps_of",
    "submission_of",
    "submissions",
]
