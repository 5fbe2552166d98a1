"""What documents say of a place's hours."""

from __future__ import annotations

from banshi.kernel.http.document_schemas import MAYBE_MOMENT, Schema

#: Whether a place is open now, and until when, or from when on.
OPEN: dict[str, Schema] = {
    "open": {"type": ["boolean", "null"], "description": "Null where its hours are words alone."},
    "opens_at": {**MAYBE_MOMENT, "description": "Of a closed one."},
    "closes_at": {**MAYBE_MOMENT, "description": "Of an open one; null where it doesn't close."},
}
