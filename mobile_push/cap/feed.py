"""An Atom feed of alerts, as alert hubs read it: each entry points at the alert's XML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from mobile_push.cap import atom
from mobile_push.cap.kinds import MOMENT, XML_SPACE
from mobile_push.cap.representations import MEDIA_TYPE
from mobile_push.cap.values import Alert
from mobile_push.cap.writing import NAMESPACE


class FeedEntry(NamedTuple):
    """One alert and the address of its XML, which is also the entry's id and so must never change."""

    alert: Alert
    url: str


def feed(
    entries: Sequence[FeedEntry], *, url: str, title: str, author: str, language: str, updated: datetime | None = None
) -> bytes:
    """The feed in UTF-8, as `atom.written` has it; `language` chooses the texts."""
    several = [_entry(one, language) for one in entries]
    return atom.written(several, url=url, title=title, author=author, language=language, updated=updated)


def _entry(entry: FeedEntry, language: str) -> atom.Entry:
    alert, info = entry.alert, entry.alert.info_in(language)
    cap: dict[str, str] = {"status": alert.status, "msgType": alert.message_type}
    if info:
        cap |= {name: getattr(info, name) for name in ("event", "urgency", "severity", "certainty")}
        if info.expires:
            cap["expires"] = MOMENT.text(info.expires)
        if info.areas:
            cap["areaDesc"] = "; ".join(area.description for area in info.areas)
    return atom.Entry(
        url=entry.url,
        media_type=MEDIA_TYPE,
        title=(info and (info.headline or info.event)) or f"{alert.message_type} {alert.identifier}",
        summary=(info.description or info.event) if info else _summary(alert),
        at=alert.sent,
        author=(info and info.sender_name) or alert.sender,
        language=info.language if info else "",
        categories=[(one.value, f"{NAMESPACE}:category") for one in info.categories] if info else (),
        cap=cap,
    )


def _summary(alert: Alert) -> str:
    return alert.note or f"{alert.message_type} {' '.join(one.identifier for one in alert.references)}".strip(XML_SPACE)
