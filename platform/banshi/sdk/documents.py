"""What routes send and take: JSON Schemas by their members, and rows written by them."""

from banshi.kernel.http.document_schemas import (
    ID,
    LINKS,
    MAYBE_MOMENT,
    MAYBE_TEXT,
    MOMENT,
    TEXT,
    Record,
    array,
    named,
    optional,
)

__all__ = ["ID", "LINKS", "MAYBE_MOMENT", "MAYBE_TEXT", "MOMENT", "TEXT", "Record", "array", "named", "optional"]
