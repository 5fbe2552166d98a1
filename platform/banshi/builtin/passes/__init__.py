"""Signed QR passes: the credential, its status list and its picture.

What stands here is pure: no database, no web, and the time only as an argument.
"""

from __future__ import annotations

from banshi.builtin.passes.status import Status, StatusList, StatusListRefused, status_of
from banshi.builtin.passes.wire.cose import (
    Credential,
    PassRefused,
    Reason,
    check_times,
    compact_bytes,
    compact_text,
    read,
    read_bytes,
    sign,
    sign_bytes,
)
from banshi.builtin.passes.wire.picture import png, svg, terminal, version

__all__ = [
    "Credential",
    "PassRefused",
    "Reason",
    "Status",
    "StatusList",
    "StatusListRefused",
    "check_times",
    "compact_bytes",
    "compact_text",
    "png",
    "read",
    "read_bytes",
    "sign",
    "sign_bytes",
    "status_of",
    "svg",
    "terminal",
    "version",
]
