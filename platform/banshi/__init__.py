"""Banshi: one door to every department, for authors of plugins.

What most plugins need is here; the rest is in `banshi.sdk`, and `banshi.testing` is for their tests. docs/reference.md
has all of it. All other modules are Banshi's own and may change between versions.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from banshi.forms import Form
    from banshi.foundation.database.tables import Tables
    from banshi.foundation.database.writes import Stale, Update, Write
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
    from banshi.kernel.contract.versions import API_VERSION
    from banshi.kernel.http.responses import reply
    from banshi.kernel.runtime.running import Platform
    from banshi.kernel.tables.cases import Case
    from banshi.kinds.appeal.handler import Appeal
    from banshi.kinds.application.handler import Application
    from banshi.kinds.appointment.handler import Appointment, Opening
    from banshi.kinds.posting.handler import Posting

#: Module → the names that it has. It is loaded when one of them is first used, so that `import banshi` stays light.
_NAMES = {
    "banshi.forms": "Form",
    "banshi.foundation.database.tables": "Tables",
    "banshi.foundation.database.writes": "Stale Update Write",
    "banshi.foundation.errors": (
        "Conflict FieldProblem Forbidden InvalidFields InvalidParameter NotFound Problem TooManyRequests Unavailable"
    ),
    "banshi.foundation.findings": "Finding",
    "banshi.foundation.keys": "Key",
    "banshi.kernel.contract.hookspecs": "hookimpl",
    "banshi.kernel.contract.principals": "Principal Role",
    "banshi.kernel.contract.routes": "Answer Audience Call Link Parameter Route",
    "banshi.kernel.contract.values": (
        "LANGUAGES Channel Decision Department Item Message Offer Resource Submission Texts text_in"
    ),
    "banshi.kernel.contract.versions": "API_VERSION",
    "banshi.kernel.http.responses": "reply",
    "banshi.kernel.runtime.running": "Platform",
    "banshi.kernel.tables.cases": "Case",
    "banshi.kinds.appeal.handler": "Appeal",
    "banshi.kinds.application.handler": "Application",
    "banshi.kinds.appointment.handler": "Appointment Opening",
    "banshi.kinds.posting.handler": "Posting",
}
_PLACES = {name: module for module, names in _NAMES.items() for name in names.split()}

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
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    import warnings

    from banshi.moved import MOVED, RETIRED, OldName, advice_on, old_value

    if name in MOVED or name in RETIRED:
        warnings.warn(advice_on(name), OldName, stacklevel=2)
        return old_value(name)
    raise AttributeError(f"module 'banshi' has no attribute {name!r}; docs/reference.md has what a plugin may import")


def __dir__() -> list[str]:
    return __all__
