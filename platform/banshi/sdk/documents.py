"""What routes send and take: JSON Schemas by their members, rows written by them, and tables for spreadsheets."""

from banshi.foundation.spreadsheets import MARK, csv_row
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

__all__ = [
    "ID",
    "LINKS",
    "MARK",
    "MAYBE_MOMENT",
    "MAYBE_TEXT",
    "MOMENT",
    "TEXT",
    "Record",
    "array",
    "csv_row",
    "named",
    "optional",
]
