"""Cases: finding, showing, making and moving them."""

from banshi.builtin.cases.routes import show_case as show_case
from banshi.builtin.drafts.routes import find as _find_draft
from banshi.builtin.drafts.routes import save as _save_draft
from banshi.builtin.identity.access import ROLES as ROLES
from banshi.builtin.personal_data.handing_over import hand_over as hand_over
from banshi.builtin.uploads.routes import download as _send_attachment
from banshi.kernel.cases.actors import Actor as Actor
from banshi.kernel.cases.actors import find as _find_case
from banshi.kernel.cases.actors import record_reading as record_reading
from banshi.kernel.cases.beginning import begin as begin
from banshi.kernel.cases.case_queries import count_people as count_people
from banshi.kernel.cases.case_queries import people_with_cases as people_with_cases
from banshi.kernel.cases.case_queries import steps_of as steps_of
from banshi.kernel.cases.case_queries import submissions as submissions
from banshi.kernel.cases.kept_choices import keep_choice as keep_choice
from banshi.kernel.cases.lifecycle import act as act
from banshi.kernel.cases.lifecycle import decide as decide
from banshi.kernel.cases.lifecycle import move as _move_case
from banshi.kernel.cases.representations import ENCLOSURES as ENCLOSURES
from banshi.kernel.cases.representations import Enclosure as Enclosure
from banshi.kernel.cases.submission import PreparedCase as PreparedCase
from banshi.kernel.cases.submission import StaleReceipt as StaleReceipt
from banshi.kernel.cases.submission import commit as commit
from banshi.kernel.cases.submission import new_case as new_case
from banshi.kernel.cases.submission import prepare_case as prepare_case
from banshi.kernel.cases.submission import submission_of as submission_of
from banshi.kernel.tables.cases import CaseEvent as CaseEvent
from banshi.kinds.posting.publishing.personal import personal_in as personal_in

find_draft = _find_draft
save_draft = _save_draft
send_attachment = _send_attachment
find_case = _find_case
move_case = _move_case
