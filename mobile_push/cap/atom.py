"""An Atom feed (RFC 4287), by which alerts and notices are both written, and what alert hubs read of an alert in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml import etree

from mobile_push.cap.kinds import MOMENT
from mobile_push.cap.representations import MEDIA_TYPE as ALERT_TYPE
from mobile_push.cap.values import Alert
from mobile_push.cap.writing import NAMESPACE, serialise

ATOM = "http://www.w3.org/2005/Atom"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
MEDIA_TYPE = "application/atom+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. Its address is also its id, and so must never change."""

    url: str
    #: Of what is at the address.
    media_type: str
    title: str
    summary: str
    at: datetime
    author: str
    #: The language of its texts; "" for the feed's.
    language: str = ""
    #: Term and scheme of each category.
    categories: Sequence[tuple[str, str]] = ()
    #: Markdown, "" for none.
    content: str = ""
    #: CAP's own elements by their names.
    cap: Mapping[str, str] = field(default_factory=dict)


def written(
    entries: Sequence[Entry], *, url: str, title: str, author: str, language: str, updated: datetime | None = None
) -> bytes:
    """The feed in UTF-8, with its entries in the order in which they are given: the newest first.

    `url` is the feed's own address. Without `updated` the newest entry's time is the feed's.
    """
    newest = max((entry.at for entry in entries), default=datetime(1970, 1, 1, tzinfo=UTC))
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM, "cap": NAMESPACE})  # type: ignore[dict-item]
    root.set(LANGUAGE, language)
    _add(root, "id", url)
    _add(root, "title", title)
    _add(root, "updated", _moment(updated or newest))
    _add(_add(root, "author"), "name", author)
    _add(root, "link", rel="self", type=MEDIA_TYPE, href=url)
    for entry in entries:
        _entry(_add(root, "entry"), entry)
    return serialise(root)


def alert_entry(alert: Alert, url: str, language: str) -> Entry:
    """The entry of an alert whose XML is at that address; `language` chooses the texts."""
    info = alert.info_in(language)
    cap: dict[str, str] = {"status": alert.status, "msgType": alert.message_type}
    if info:
        cap |= {name: getattr(info, name) for name in ("event", "urgency", "severity", "certainty")}
        if info.expires:
            cap["expires"] = MOMENT.text(info.expires)
        if info.areas:
            cap["areaDesc"] = "; ".join(area.description for area in info.areas)
    earlier = " ".join(one.identifier for one in alert.references)
    return Entry(
        url=url,
        media_type=ALERT_TYPE,
        title=(info and (info.headline or info.event)) or f"{alert.message_type} {alert.identifier}",
        summary=(info.description or info.event) if info else alert.note or f"{alert.message_type} {earlier}".strip(),
        at=alert.sent,
        author=(info and info.sender_name) or alert.sender,
        language=info.language if info else "",
        categories=[(one, f"{NAMESPACE}:category") for one in info.categories] if info else (),
        cap=cap,
    )


def _entry(node: etree._Element, entry: Entry) -> None:
    if entry.language:
        node.set(LANGUAGE, entry.language)
    _add(node, "id", entry.url)
    _add(node, "title", entry.title)
    for name in ("updated", "published"):
        _add(node, name, _moment(entry.at))
    _add(_add(node, "author"), "name", entry.author)
    _add(node, "link", rel="alternate", type=entry.media_type, href=entry.url)
    for term, scheme in entry.categories:
        _add(node, "category", term=term, scheme=scheme)
    _add(node, "summary", entry.summary)
    if entry.content:
        _add(node, "content", entry.content, type="text/markdown")
    for name, text in entry.cap.items():
        etree.SubElement(node, f"{{{NAMESPACE}}}{name}").text = text


def _moment(value: datetime) -> str:
    """RFC 3339; unlike CAP it takes -00:00 for "the local time is not known", so UTC is +00:00."""
    return value.isoformat(timespec="seconds")


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    node = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    node.text = text
    return node
