"""Banshi: the kernel of one door to every department.

For authors of plugins: everything in `__all__`, and `banshi.testing`. All other modules are the kernel's own and may
change between versions.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from banshi.contract import (
    API_VERSION,
    LANGUAGES,
    Channel,
    ClockEffect,
    Decision,
    Department,
    Item,
    Key,
    Kind,
    MaterialsEffect,
    Message,
    MessageTemplates,
    Offer,
    Resource,
    Step,
    Submission,
    Tables,
    Texts,
    Who,
    text_in,
)
from banshi.errors import (
    Conflict,
    FieldProblem,
    Finding,
    Forbidden,
    InvalidFields,
    InvalidParameter,
    NotFound,
    Problem,
    TooManyRequests,
    Unavailable,
)
from banshi.hookspecs import hookimpl
from banshi.routes import Answer, Audience, Call, Client, Parameter, Principal, Role, Route, SignedBody

if TYPE_CHECKING:
    from banshi.auth import BEARERS, Bearer
    from banshi.background import every, working
    from banshi.cases import Effects, Move, decide
    from banshi.containment import ask
    from banshi.corrections import corrected, refuse_answers
    from banshi.forms import Form
    from banshi.kinds.appeal import Appeal
    from banshi.kinds.application import Application
    from banshi.kinds.appointment import Appointment
    from banshi.kinds.configured import configured, database
    from banshi.kinds.posting import Posting
    from banshi.logs import place_of
    from banshi.models import Case, CaseEvent
    from banshi.outbox import intake_row
    from banshi.private_files import write_private
    from banshi.replies import Page, etag_of, reply, reply_bytes
    from banshi.runtime import Platform
    from banshi.store import Stale, Update, Write
    from banshi.submission import count_people, people_with_cases, submission_of, submissions
    from banshi.written import WrittenOnce

#: Names that are loaded when they are first used, so that `import banshi` stays light.
_LATER = {
    "BEARERS": "banshi.auth",
    "Appeal": "banshi.kinds.appeal.handler",
    "Application": "banshi.kinds.application.handler",
    "Appointment": "banshi.kinds.appointment.handler",
    "Bearer": "banshi.auth",
    "Case": "banshi.models",
    "CaseEvent": "banshi.models",
    "Effects": "banshi.cases",
    "Form": "banshi.forms",
    "Move": "banshi.cases",
    "Page": "banshi.replies",
    "Platform": "banshi.runtime",
    "Posting": "banshi.kinds.posting.handler",
    "Stale": "banshi.store",
    "Update": "banshi.store",
    "Write": "banshi.store",
    "WrittenOnce": "banshi.written",
    "ask": "banshi.containment",
    "configured": "banshi.kinds.configured",
    "corrected": "banshi.corrections",
    "count_people": "banshi.submission",
    "database": "banshi.kinds.configured",
    "decide": "banshi.cases",
    "etag_of": "banshi.replies",
    "every": "banshi.background",
    "intake_row": "banshi.outbox",
    "people_with_cases": "banshi.submission",
    "place_of": "banshi.logs",
    "refuse_answers": "banshi.corrections",
    "reply": "banshi.replies",
    "reply_bytes": "banshi.replies",
    "submission_of": "banshi.submission",
    "submissions": "banshi.submission",
    "working": "banshi.background",
    "write_private": "banshi.private_files",
}

__all__ = [
    "API_VERSION",
    "BEARERS",
    "LANGUAGES",
    "Answer",
    "Appeal",
    "Application",
    "Appointment",
    "Audience",
    "Bearer",
    "Call",
    "Case",
    "CaseEvent",
    "Channel",
    "Client",
    "ClockEffect",
    "Conflict",
    "Decision",
    "Department",
    "Effects",
    "FieldProblem",
    "Finding",
    "Forbidden",
    "Form",
    "InvalidFields",
    "InvalidParameter",
    "Item",
    "Key",
    "Kind",
    "MaterialsEffect",
    "Message",
    "MessageTemplates",
    "Move",
    "NotFound",
    "Offer",
    "Page",
    "Parameter",
    "Platform",
    "Posting",
    "Principal",
    "Problem",
    "Resource",
    "Role",
    "Route",
    "SignedBody",
    "Stale",
    "Step",
    "Submission",
    "Tables",
    "Texts",
    "TooManyRequests",
    "Unavailable",
    "Update",
    "Who",
    "Write",
    "WrittenOnce",
    "ask",
    "configured",
    "corrected",
    "count_people",
    "database",
    "decide",
    "etag_of",
    "every",
    "hookimpl",
    "intake_row",
    "people_with_cases",
    "place_of",
    "refuse_answers",
    "reply",
    "reply_bytes",
    "submission_of",
    "submissions",
    "text_in",
    "working",
    "write_private",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'banshi' has no attribute {name!r}; what a plugin may import is in banshi.__all__")
