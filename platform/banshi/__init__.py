"""Banshi: one door to every department, for authors of plugins.

What most plugins need is here; the rest is in `banshi.sdk`, and `banshi.testing` is for their tests. docs/reference.md
has all of it. All other modules are Banshi's own and may change between versions.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from banshi.foundation.database.tables import Tables
from banshi.foundation.errors import (
    Conflict,
    FieldProblem,
    Forbidden,
    InvalidFields,
    InvalidParameter,
    NotFound,
    Problem,
    TooManyRequests,
    Unavailable,
)
from banshi.foundation.findings import Finding
from banshi.foundation.keys import Key
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.principals import Principal, Role
from banshi.kernel.contract.routes import Answer, Audience, Call, Link, Parameter, Route
from banshi.kernel.contract.values import (
    API_VERSION,
    LANGUAGES,
    Channel,
    Decision,
    Department,
    Item,
    Message,
    Offer,
    Resource,
    Submission,
    Texts,
    text_in,
)

if TYPE_CHECKING:
    from banshi.forms import Form
    from banshi.foundation.database.writes import Stale, Update, Write
    from banshi.kernel.http.responses import reply
    from banshi.kernel.runtime.running import Platform
    from banshi.kernel.tables.cases import Case
    from banshi.kinds.appeal.handler import Appeal
    from banshi.kinds.application.handler import Application
    from banshi.kinds.appointment.handler import Appointment, Opening
    from banshi.kinds.posting.handler import Posting

#: Names that are loaded when they are first used, so that `import banshi` stays light.
_LATER = {
    "Appeal": "banshi.kinds.appeal.handler",
    "Application": "banshi.kinds.application.handler",
    "Appointment": "banshi.kinds.appointment.handler",
    "Case": "banshi.kernel.tables.cases",
    "Form": "banshi.forms",
    "Opening": "banshi.kinds.appointment.handler",
    "Platform": "banshi.kernel.runtime.running",
    "Posting": "banshi.kinds.posting.handler",
    "Stale": "banshi.foundation.database.writes",
    "Update": "banshi.foundation.database.writes",
    "Write": "banshi.foundation.database.writes",
    "reply": "banshi.kernel.http.responses",
}

__all__ = [
    "API_VERSION",
    "LANGUAGES",
    "Answer",
    "Appeal",
    "Application",
    "Appointment",
    "Audience",
    "Call",
    "Case",
    "Channel",
    "Conflict",
    "Decision",
    "Department",
    "FieldProblem",
    "Finding",
    "Forbidden",
    "Form",
    "InvalidFields",
    "InvalidParameter",
    "Item",
    "Key",
    "Link",
    "Message",
    "NotFound",
    "Offer",
    "Opening",
    "Parameter",
    "Platform",
    "Posting",
    "Principal",
    "Problem",
    "Resource",
    "Role",
    "Route",
    "Stale",
    "Submission",
    "Tables",
    "Texts",
    "TooManyRequests",
    "Unavailable",
    "Update",
    "Write",
    "hookimpl",
    "reply",
    "text_in",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    from banshi.moved import MOVED, RETIRED, OldName, advice_on, old_value

    if name in MOVED or name in RETIRED:
        warnings.warn(advice_on(name), OldName, stacklevel=2)
        return old_value(name)
    raise AttributeError(f"module 'banshi' has no attribute {name!r}; docs/reference.md has what a plugin may import")
