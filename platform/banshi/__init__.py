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
    UnsupportedMediaType,
)
from banshi.hookspecs import hookimpl
from banshi.routes import (
    Answer,
    Audience,
    Call,
    Client,
    ErrorFormat,
    Link,
    Parameter,
    Principal,
    Role,
    Route,
    SignedBody,
)

if TYPE_CHECKING:
    from banshi.access import ROLES
    from banshi.auth import BEARERS, CLIENTS, Bearer, Directory, caller_of
    from banshi.background import every, working
    from banshi.cases import Actor, Effects, Move, decide, steps_of
    from banshi.cases import find as find_case
    from banshi.cases import move as move_case
    from banshi.containment import ask, guarded
    from banshi.corrections import corrected, refuse_answers
    from banshi.doctor import EXAMINATIONS, Deployment, Examination, Verdict, are_private
    from banshi.documents import ENCLOSURES, Enclosure
    from banshi.duty import Duty
    from banshi.engine.anonymising import ANONYMISE_CASE
    from banshi.engine.forgetting import FORGET_CASE, Forget
    from banshi.events import EVENT_TYPES, LISTENERS, Event, Listener, event_rows, event_types
    from banshi.forms import Form
    from banshi.hold import AFTER_RESTORE, JOBS, Jobs, held
    from banshi.holdings import HOLDINGS, Held, Holding, Kept, Whom, by_case, by_person
    from banshi.joining import Joined, Joining, inspect_declaration
    from banshi.kinds.appeal import Appeal
    from banshi.kinds.application import Application
    from banshi.kinds.appointment import Appointment
    from banshi.kinds.appointment.handler import Opening
    from banshi.kinds.configured import configured, database
    from banshi.kinds.posting import Posting
    from banshi.kinds.posting.personal import personal_in
    from banshi.kinds.query.joining import inspect_registers
    from banshi.kinds.query.registers.declared import Register
    from banshi.kinds.query.registers.opened import REGISTERS
    from banshi.kinds.query.registers.protocol import Found, Question
    from banshi.latest import Latest
    from banshi.leader import led
    from banshi.logs import place_of
    from banshi.mistakes import Mistake
    from banshi.models import Case, CaseEvent
    from banshi.outbox import intake_row
    from banshi.outgoing.addresses import LOOPBACK, ForbiddenAddress, guarded_connector
    from banshi.outgoing.caller import Answered, CallFailed, Outgoing, open_outgoing
    from banshi.outgoing.signing import NotSigned, key_of, new_secret, signed, verified
    from banshi.personal.fields import (
        Personal,
        PersonalId,
        PersonalJSON,
        PersonalLine,
        PersonalText,
        Widen,
        as_read,
        as_stored,
    )
    from banshi.personal.look_ups import AFTER_LOOK_UPS
    from banshi.pointing import PluginWarning
    from banshi.private_files import write_private
    from banshi.rates import RATES, Rates
    from banshi.replies import PAGE_PARAMETERS, Page, etag_of, from_cursor, limit_of, page_answer, reply, reply_bytes
    from banshi.runtime import Platform
    from banshi.schemas import ref
    from banshi.sealed import SEAL, Seal
    from banshi.signals.signals import SIGNALS, Signals
    from banshi.store import Stale, Update, Write
    from banshi.submission import (
        PreparedCase,
        count_people,
        new_case,
        people_with_cases,
        prepare_case,
        submission_of,
        submissions,
    )
    from banshi.tracing.traces import Span, present_trace, traced
    from banshi.web.attachments import download as send_attachment
    from banshi.web.cases import show_case
    from banshi.web.dispatch import parse as parse_body
    from banshi.web.dispatch import read_body
    from banshi.written import WrittenOnce

#: Names that are loaded when they are first used, so that `import banshi` stays light: a module, and what it is called
#: there where that is another name.
_LATER = {
    "AFTER_LOOK_UPS": "banshi.personal.look_ups",
    "AFTER_RESTORE": "banshi.hold",
    "ANONYMISE_CASE": "banshi.engine.anonymising",
    "Actor": "banshi.cases",
    "Answered": "banshi.outgoing.caller",
    "Appeal": "banshi.kinds.appeal.handler",
    "Application": "banshi.kinds.application.handler",
    "Appointment": "banshi.kinds.appointment.handler",
    "BEARERS": "banshi.auth",
    "Bearer": "banshi.auth",
    "CLIENTS": "banshi.auth",
    "CallFailed": "banshi.outgoing.caller",
    "Case": "banshi.models",
    "CaseEvent": "banshi.models",
    "Deployment": "banshi.doctor",
    "Directory": "banshi.auth",
    "Duty": "banshi.duty",
    "ENCLOSURES": "banshi.documents",
    "EVENT_TYPES": "banshi.events",
    "EXAMINATIONS": "banshi.doctor",
    "Effects": "banshi.cases",
    "Enclosure": "banshi.documents",
    "Event": "banshi.events",
    "Examination": "banshi.doctor",
    "FORGET_CASE": "banshi.engine.forgetting",
    "ForbiddenAddress": "banshi.outgoing.addresses",
    "Forget": "banshi.engine.forgetting",
    "Form": "banshi.forms",
    "Found": "banshi.kinds.query.registers.protocol",
    "HOLDINGS": "banshi.holdings",
    "Held": "banshi.holdings",
    "Holding": "banshi.holdings",
    "JOBS": "banshi.hold",
    "Jobs": "banshi.hold",
    "Joined": "banshi.joining",
    "Joining": "banshi.joining",
    "Kept": "banshi.holdings",
    "LISTENERS": "banshi.events",
    "LOOPBACK": "banshi.outgoing.addresses",
    "Latest": "banshi.latest",
    "Listener": "banshi.events",
    "Mistake": "banshi.mistakes",
    "Move": "banshi.cases",
    "NotSigned": "banshi.outgoing.signing",
    "Opening": "banshi.kinds.appointment.handler",
    "Outgoing": "banshi.outgoing.caller",
    "PAGE_PARAMETERS": "banshi.replies",
    "Page": "banshi.replies",
    "Personal": "banshi.personal.fields",
    "PersonalId": "banshi.personal.fields",
    "PersonalJSON": "banshi.personal.fields",
    "PersonalLine": "banshi.personal.fields",
    "PersonalText": "banshi.personal.fields",
    "Platform": "banshi.runtime",
    "Posting": "banshi.kinds.posting.handler",
    "PreparedCase": "banshi.submission",
    "Question": "banshi.kinds.query.registers.protocol",
    "RATES": "banshi.rates",
    "REGISTERS": "banshi.kinds.query.registers.opened",
    "ROLES": "banshi.access",
    "Rates": "banshi.rates",
    "Register": "banshi.kinds.query.registers.declared",
    "SEAL": "banshi.sealed",
    "SIGNALS": "banshi.signals.signals",
    "Seal": "banshi.sealed",
    "Signals": "banshi.signals.signals",
    "Span": "banshi.tracing.traces",
    "Stale": "banshi.store",
    "Update": "banshi.store",
    "Verdict": "banshi.doctor",
    "Whom": "banshi.holdings",
    "Widen": "banshi.personal.fields",
    "Write": "banshi.store",
    "WrittenOnce": "banshi.written",
    "are_private": "banshi.doctor",
    "as_read": "banshi.personal.fields",
    "as_stored": "banshi.personal.fields",
    "ask": "banshi.containment",
    "by_case": "banshi.holdings",
    "by_person": "banshi.holdings",
    "caller_of": "banshi.auth",
    "configured": "banshi.kinds.configured",
    "corrected": "banshi.corrections",
    "count_people": "banshi.submission",
    "database": "banshi.kinds.configured",
    "decide": "banshi.cases",
    "etag_of": "banshi.replies",
    "event_rows": "banshi.events",
    "event_types": "banshi.events",
    "every": "banshi.background",
    "find_case": "banshi.cases:find",
    "from_cursor": "banshi.replies",
    "guarded": "banshi.containment",
    "guarded_connector": "banshi.outgoing.addresses",
    "held": "banshi.hold",
    "inspect_declaration": "banshi.joining",
    "inspect_registers": "banshi.kinds.query.joining",
    "intake_row": "banshi.outbox",
    "key_of": "banshi.outgoing.signing",
    "led": "banshi.leader",
    "limit_of": "banshi.replies",
    "move_case": "banshi.cases:move",
    "new_case": "banshi.submission",
    "new_secret": "banshi.outgoing.signing",  # nosec B105 - a module
    "open_outgoing": "banshi.outgoing.caller",
    "page_answer": "banshi.replies",
    "parse_body": "banshi.web.dispatch:parse",
    "people_with_cases": "banshi.submission",
    "personal_in": "banshi.kinds.posting.personal",
    "place_of": "banshi.logs",
    "prepare_case": "banshi.submission",
    "present_trace": "banshi.tracing.traces",
    "read_body": "banshi.web.dispatch",
    "record_reading": "banshi.cases",
    "ref": "banshi.schemas",
    "refuse_answers": "banshi.corrections",
    "PluginWarning": "banshi.pointing",
    "reply": "banshi.replies",
    "reply_bytes": "banshi.replies",
    "send_attachment": "banshi.web.attachments:download",
    "show_case": "banshi.web.cases",
    "signed": "banshi.outgoing.signing",
    "steps_of": "banshi.cases",
    "submission_of": "banshi.submission",
    "submissions": "banshi.submission",
    "traced": "banshi.tracing.traces",
    "verified": "banshi.outgoing.signing",
    "working": "banshi.background",
    "write_private": "banshi.private_files",
}

__all__ = [
    "AFTER_LOOK_UPS",
    "AFTER_RESTORE",
    "ANONYMISE_CASE",
    "API_VERSION",
    "BEARERS",
    "CLIENTS",
    "ENCLOSURES",
    "EVENT_TYPES",
    "EXAMINATIONS",
    "FORGET_CASE",
    "HOLDINGS",
    "JOBS",
    "LANGUAGES",
    "LISTENERS",
    "LOOPBACK",
    "PAGE_PARAMETERS",
    "RATES",
    "REGISTERS",
    "ROLES",
    "SEAL",
    "SIGNALS",
    "Actor",
    "Answer",
    "Answered",
    "Appeal",
    "Application",
    "Appointment",
    "Audience",
    "Bearer",
    "Call",
    "CallFailed",
    "Case",
    "CaseEvent",
    "Channel",
    "Client",
    "ClockEffect",
    "Conflict",
    "Decision",
    "Department",
    "Deployment",
    "Directory",
    "Duty",
    "Effects",
    "Enclosure",
    "ErrorFormat",
    "Event",
    "Examination",
    "FieldProblem",
    "Finding",
    "Forbidden",
    "ForbiddenAddress",
    "Forget",
    "Form",
    "Found",
    "Held",
    "Holding",
    "InvalidFields",
    "InvalidParameter",
    "Item",
    "Jobs",
    "Joined",
    "Joining",
    "Kept",
    "Key",
    "Kind",
    "Latest",
    "Link",
    "Listener",
    "MaterialsEffect",
    "Message",
    "MessageTemplates",
    "Mistake",
    "Move",
    "NotFound",
    "NotSigned",
    "Offer",
    "Opening",
    "Outgoing",
    "Page",
    "Parameter",
    "Personal",
    "PersonalId",
    "PersonalJSON",
    "PersonalLine",
    "PersonalText",
    "Platform",
    "PluginWarning",
    "Posting",
    "PreparedCase",
    "Principal",
    "Problem",
    "Question",
    "Rates",
    "Register",
    "Resource",
    "Role",
    "Route",
    "Seal",
    "Signals",
    "SignedBody",
    "Span",
    "Stale",
    "Step",
    "Submission",
    "Tables",
    "Texts",
    "TooManyRequests",
    "Unavailable",
    "UnsupportedMediaType",
    "Update",
    "Verdict",
    "Who",
    "Whom",
    "Widen",
    "Write",
    "WrittenOnce",
    "are_private",
    "as_read",
    "as_stored",
    "ask",
    "by_case",
    "by_person",
    "caller_of",
    "configured",
    "corrected",
    "count_people",
    "database",
    "decide",
    "etag_of",
    "event_rows",
    "event_types",
    "every",
    "find_case",
    "from_cursor",
    "guarded",
    "guarded_connector",
    "held",
    "hookimpl",
    "inspect_declaration",
    "inspect_registers",
    "intake_row",
    "key_of",
    "led",
    "limit_of",
    "move_case",
    "new_case",
    "new_secret",
    "open_outgoing",
    "page_answer",
    "parse_body",
    "people_with_cases",
    "personal_in",
    "place_of",
    "prepare_case",
    "present_trace",
    "read_body",
    "record_reading",
    "ref",
    "refuse_answers",
    "reply",
    "reply_bytes",
    "send_attachment",
    "show_case",
    "signed",
    "steps_of",
    "submission_of",
    "submissions",
    "text_in",
    "traced",
    "verified",
    "working",
    "write_private",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module, _, attribute = _LATER[name].partition(":")
        return getattr(importlib.import_module(module), attribute or name)
    raise AttributeError(f"module 'banshi' has no attribute {name!r}; what a plugin may import is in banshi.__all__")
