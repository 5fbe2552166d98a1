"""Banshi: one door to every department, for authors of plugins.

What most plugins need is here; the rest is in `banshi.sdk`, and `banshi.testing` is for their tests. docs/reference.md
has all of it. All other modules are Banshi's own and may change between versions.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from banshi.forms import Form as Form
    from banshi.foundation.database.tables import Tables as Tables
    from banshi.foundation.database.writes import Stale as Stale
    from banshi.foundation.database.writes import Update as Update
    from banshi.foundation.database.writes import Write as Write
    from banshi.foundation.errors import Conflict as Conflict
    from banshi.foundation.errors import FieldProblem as FieldProblem
    from banshi.foundation.errors import Forbidden as Forbidden
    from banshi.foundation.errors import InvalidFields as InvalidFields
    from banshi.foundation.errors import InvalidParameter as InvalidParameter
    from banshi.foundation.errors import NotFound as NotFound
    from banshi.foundation.errors import Problem as Problem
    from banshi.foundation.errors import TooManyRequests as TooManyRequests
    from banshi.foundation.errors import Unavailable as Unavailable
    from banshi.foundation.findings import Finding as Finding
    from banshi.foundation.keys import Key as Key
    from banshi.kernel.contract.hookspecs import hookimpl as hookimpl
    from banshi.kernel.contract.principals import Principal as Principal
    from banshi.kernel.contract.principals import Role as Role
    from banshi.kernel.contract.routes import Answer as Answer
    from banshi.kernel.contract.routes import Audience as Audience
    from banshi.kernel.contract.routes import Call as Call
    from banshi.kernel.contract.routes import Link as Link
    from banshi.kernel.contract.routes import Parameter as Parameter
    from banshi.kernel.contract.routes import Route as Route
    from banshi.kernel.contract.values import LANGUAGES as LANGUAGES
    from banshi.kernel.contract.values import Channel as Channel
    from banshi.kernel.contract.values import Decision as Decision
    from banshi.kernel.contract.values import Department as Department
    from banshi.kernel.contract.values import Item as Item
    from banshi.kernel.contract.values import Message as Message
    from banshi.kernel.contract.values import Offer as Offer
    from banshi.kernel.contract.values import Resource as Resource
    from banshi.kernel.contract.values import Submission as Submission
    from banshi.kernel.contract.values import Texts as Texts
    from banshi.kernel.contract.values import text_in as text_in
    from banshi.kernel.contract.versions import API_VERSION as API_VERSION
    from banshi.kernel.http.responses import reply as reply
    from banshi.kernel.runtime.running import Platform as Platform
    from banshi.kernel.tables.cases import Case as Case
    from banshi.kinds.appeal.handler import Appeal as Appeal
    from banshi.kinds.application.handler import Application as Application
    from banshi.kinds.appointment.handler import Appointment as Appointment
    from banshi.kinds.appointment.handler import Opening as Opening
    from banshi.kinds.posting.handler import Posting as Posting

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

__all__ = sorted(_PLACES)


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
