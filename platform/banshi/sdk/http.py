"""Requests and answers beyond the common ones."""

from banshi.builtin.limits.senders import Bucket, Senders, wait_for
from banshi.builtin.live.event_stream import comeback, cut, event_stream, is_taken
from banshi.builtin.live.live_rows import AFTER_EVENT, HELD, LAST_EVENT, LiveRows, server_event
from banshi.builtin.worklist.channels import CHANNEL_FIGURES, Came, ChannelFigures, shown_figure
from banshi.builtin.worklist.kept import KeptFigures
from banshi.foundation.sentences import Sentences
from banshi.kernel.contract.principals import Client
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import ErrorFormat, SignedBody
from banshi.kernel.http.api_reader import READER, ApiReader
from banshi.kernel.http.callers import BEARERS, CLIENTS, Bearer, Directory, caller_of
from banshi.kernel.http.dispatch import read_body
from banshi.kernel.http.document_schemas import ref
from banshi.kernel.http.malformed import parse as parse_body
from banshi.kernel.http.months import (
    BY_MONTH,
    MAX_MONTHS,
    MIN_SHOWN,
    first_day,
    midnight,
    month_of,
    month_parameters,
    months_of,
)
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import (
    PAGE_PARAMETERS,
    Page,
    etag_of,
    from_cursor,
    in_utc,
    limit_of,
    page_answer,
    reply_bytes,
)

__all__ = [
    "AFTER_EVENT",
    "BEARERS",
    "BY_MONTH",
    "CHANNEL_FIGURES",
    "CLIENTS",
    "HELD",
    "LAST_EVENT",
    "MAX_MONTHS",
    "MIN_SHOWN",
    "PAGE_PARAMETERS",
    "READER",
    "ApiReader",
    "Bearer",
    "Bucket",
    "Came",
    "ChannelFigures",
    "Client",
    "Directory",
    "ErrorFormat",
    "KeptFigures",
    "LiveRows",
    "Page",
    "Routes",
    "Senders",
    "Sentences",
    "SignedBody",
    "caller_of",
    "comeback",
    "cut",
    "etag_of",
    "event_stream",
    "first_day",
    "from_cursor",
    "in_utc",
    "is_taken",
    "limit_of",
    "midnight",
    "month_of",
    "month_parameters",
    "months_of",
    "page_answer",
    "page_of",
    "parse_body",
    "read_body",
    "ref",
    "reply_bytes",
    "server_event",
    "shown_figure",
    "wait_for",
]
