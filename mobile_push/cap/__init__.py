"""Alerts as OASIS Common Alerting Protocol 1.2: values, XML, signatures, Atom, and the API's documents.

Values and bytes only: no database, no HTTP, nothing of mobile_push but its geometry and division codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mobile_push.cap.errors import CapError, SignatureError
from mobile_push.cap.feed import MEDIA_TYPE, FeedEntry, feed
from mobile_push.cap.parsing import MOST_BYTES, read
from mobile_push.cap.representations import alert_of, document_of
from mobile_push.cap.schema import ALERT_DOCUMENT_SCHEMA, ALERT_SCHEMA
from mobile_push.cap.shapes import geometry_of, polygons_of
from mobile_push.cap.values.alert import Alert
from mobile_push.cap.values.area import GB_T_2260, Area
from mobile_push.cap.values.info import Info
from mobile_push.cap.values.named_value import NamedValue
from mobile_push.cap.values.reference import Reference
from mobile_push.cap.values.resource import Resource
from mobile_push.cap.vocabulary import (
    Category,
    Certainty,
    MessageType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from mobile_push.cap.writing import NAMESPACE, write

if TYPE_CHECKING:
    from mobile_push.cap.signature import SenderKey, sign, verify

__all__ = [
    "ALERT_DOCUMENT_SCHEMA",
    "ALERT_SCHEMA",
    "GB_T_2260",
    "MEDIA_TYPE",
    "MOST_BYTES",
    "NAMESPACE",
    "Alert",
    "Area",
    "CapError",
    "Category",
    "Certainty",
    "FeedEntry",
    "Info",
    "MessageType",
    "NamedValue",
    "Reference",
    "Resource",
    "ResponseType",
    "Scope",
    "SenderKey",
    "Severity",
    "SignatureError",
    "Status",
    "Urgency",
    "alert_of",
    "document_of",
    "feed",
    "geometry_of",
    "polygons_of",
    "read",
    "sign",
    "verify",
    "write",
]

#: Names that are loaded when they are first used: XML signatures take a while, and most processes check none.
_LATER = frozenset({"SenderKey", "sign", "verify"})


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from mobile_push.cap import signature

        return getattr(signature, name)
    raise AttributeError(f"module 'mobile_push.cap' has no attribute {name!r}")
