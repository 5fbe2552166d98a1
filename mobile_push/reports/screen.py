"""Reports and dead letters on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mobile_push.reports.tally import GROUPS

#: Columns of the bar.
BAR_COLUMNS = 40


def plain(value: Any) -> Text:
    """Text from elsewhere: what would steer the terminal is left out."""
    return Text("".join(filter(str.isprintable, str(value))))


def report(document: Mapping[str, Any]) -> RenderableType:
    """A report: its bar, a column per provider, and what was refused."""
    total = document["total"]
    parts: list[RenderableType] = [_head(document), _bar(total), _table(document)]
    parts += [
        plain(f"{topic['provider']} topic {topic['topic']}: {topic['state']} {topic['code']}")
        for topic in document["topics"]
    ]
    for title, reasons in (("Waiting for", total["waiting_for"]), ("Refused", total["refused"])):
        if reasons:
            listed = ", ".join(f"{code} ({count:,})" for code, count in reasons.items())
            parts.append(Text.assemble((f"{title}: ", "bold"), plain(listed)))
    parts.append(
        plain(
            f"Open streams: {document['streams']:,}   received: {document['received']:,}   "
            f"opened: {document['opened']:,}"
        )
    )
    return Group(*parts)


def _head(document: Mapping[str, Any]) -> Text:
    people = "" if document["people"] is None else f" to {document['people']:,} people"
    what = f"{document['kind']} {document['id']} of {document['department']}{people}: {document['state']}"
    more = ", all dealt with" if document["finished"] else ", under way" if document["published_at"] else ""
    return Text.assemble(plain(what), plain(more))


def _bar(total: Mapping[str, Any]) -> RenderableType:
    dealt_with = total["phones"] - total["waiting"]
    share = 100 * dealt_with // total["phones"] if total["phones"] else 0
    grid = Table.grid(padding=(0, 1))
    of = f"{dealt_with:,} of {total['phones']:,} phones ({share} %)"
    more = ", more are being looked up" if total["planning"] else ""
    bar = ProgressBar(total=max(1, total["phones"]), completed=dealt_with, width=BAR_COLUMNS)
    grid.add_row(bar, Text(of + more))
    return grid


def _table(document: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("all", justify="right")
    # One provider alone would say the same again.
    providers = document["providers"] if len(document["providers"]) > 1 else []
    columns = [document["total"], *providers]
    for one in providers:
        table.add_column(plain(one["provider"]), justify="right")
    for name in ("phones", "sent", *GROUPS):
        if name in {"phones", "sent", "accepted", "waiting"} or any(one[name] for one in columns):
            table.add_row(name.replace("_", " "), *(f"{one[name]:,}" for one in columns))
    for share in ("p50", "p99"):
        table.add_row(share, *(_seconds(one["seconds"][share]) for one in columns))
    return table


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3f} s" if value < 10 else f"{value:,.1f} s"


def letters(items: Iterable[Mapping[str, Any]]) -> Table:
    """Dead letters, a line each."""
    table = Table(box=None, pad_edge=False)
    shown = ("id", "kind", "department", "provider", "code", "phones", "since")
    for title in (*shown, "retry", "message"):
        table.add_column(title, justify="right" if title == "phones" else "left", no_wrap=title == "id")
    for one in items:
        cells = [plain("-" if one[name] is None else one[name]) for name in shown]
        table.add_row(*cells, "yes" if one["retryable"] else "too late", plain(one["message"]))
    return table
