"""Requests and answers beyond the common ones."""

from __future__ import annotations

from banshi.auth import BEARERS, CLIENTS, Bearer, Directory, caller_of
from banshi.replies import PAGE_PARAMETERS, Page, etag_of, from_cursor, limit_of, page_answer, reply_bytes
from banshi.routes import Client, ErrorFormat, SignedBody
from banshi.schemas import ref
from banshi.web.dispatch import parse as parse_body
from banshi.web.dispatch import read_body

__all__ = [
    "BEARERS",
    "CLIENTS",
    "PAGE_PARAMETERS",
    "Bearer",
    "Client",
    "Directory",
    "ErrorFormat",
    "Page",
    "SignedBody",
    "caller_of",
    "etag_of",
    "from_cursor",
    "limit_of",
    "page_answer",
    "parse_body",
    "read_body",
    "ref",
    "reply_bytes",
]
