"""Cases: finding, showing, making and moving them."""

from banshi.builtin.cases.routes import show_case
from banshi.builtin.drafts.routes import find as find_draft
from banshi.builtin.drafts.routes import save as save_draft
from banshi.builtin.identity.access import ROLES
from banshi.builtin.personal_data.handing_over import hand_over
from banshi.builtin.uploads.routes import download as send_attachment
from banshi.kernel.cases.actors import Actor, record_reading
from banshi.kernel.cases.actors import find as find_case
from banshi.kernel.cases.beginning import begin
from banshi.kernel.cases.case_queries import count_people, people_with_cases, steps_of, submissions
from banshi.kernel.cases.kept_choices import keep_choice
from banshi.kernel.cases.lifecycle import act, decide
from banshi.kernel.cases.lifecycle import move as move_case
from banshi.kernel.cases.representations import ENCLOSURES, Enclosure
from banshi.kernel.cases.submission import PreparedCase, StaleReceipt, commit, new_case, prepare_case, submission_of
from banshi.kernel.tables.cases import CaseEvent
from banshi.kinds.posting.publishing.personal import personal_in

__all__ = [
    "ENCLOSURES",
    "ROLES",
    "Actor",
    "CaseEvent",
    "Enclosure",
    "PreparedCase",
    "StaleReceipt",
    "act",
    "begin",
    "commit",
    "count_people",
    "decide",
    "find_case",
    "find_draft",
    "hand_over",
    "keep_choice",
    "move_case",
    "new_case",
    "people_with_cases",
    "personal_in",
    "prepare_case",
    "record_reading",
    "save_draft",
    "send_attachment",
    "show_case",
    "steps_of",
    "submission_of",
    "submissions",
]
