"""An Atom feed (RFC 4287) of alerts, as alert hubs read it: each entry points at the alert's XML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from lxml import etree

from mobile_push.cap.kinds import MOMENT, XML_SPACE
from mobile_push.cap.representations import MEDIA_TYPE
from mobile_push.cap.values import Alert
from mobile_push.cap.writing import NAMESPACE, serialise

ATOM = "http://www.w3.org/2005/Atom"


class FeedEntry(NamedTuple):
    """One alert and the address of its XML, which is also the entry's id and so must never change."""

    alert: Alert
    url: str


def feed(
    entries: Sequence[FeedEntry], *, url: str, title: str, author: str, language: str, updated: datetime | None = None
) -> bytes:
    """The feed in UTF-8, with its entries in the order in which they are given: the newest first.

    `url` is the feed's own address, `language` chooses the texts. Without `updated` the newest entry's time is the
    feed's.
    """
    newest = max((entry.alert.sent for entry in entries), default=datetime(1970, 1, 1, tzinfo=UTC))
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM, "cap": NAMESPACE})  # type: ignore[dict-item]
    root.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    _add(root, "id", url)
    _add(root, "title", title)
    _add(root, "updated", _moment(updated or newest))
    _add(_add(root, "author"), "name", author)
    _add(root, "link", rel="self", type="application/atom+xml", href=url)
    for entry in entries:
        _entry(_add(root, "entry"), entry, language)
    return serialise(root)


def _entry(node: etree._Element, entry: FeedEntry, language: str) -> None:
    alert, info = entry.alert, entry.alert.info_in(language)
    _add(node, "id", entry.url)
    _add(node, "title", (info and (info.headline or info.event)) or f"{alert.message_type} {alert.identifier}")
    for name in ("updated", "published"):
        _add(node, name, _moment(alert.sent))
    _add(_add(node, "author"), "name", (info and info.sender_name) or alert.sender)
    _add(node, "link", rel="alternate", type=MEDIA_TYPE, href=entry.url)
    if info:
        node.set("{http://www.w3.org/XML/1998/namespace}lang", info.language)
    for category in info.categories if info else ():
        _add(node, "category", term=category.value, scheme=f"{NAMESPACE}:category")
    _add(node, "summary", (info.description or info.event) if info else _summary(alert))
    _cap(node, "status", alert.status)
    _cap(node, "msgType", alert.message_type)
    if info:
        for name in ("event", "urgency", "severity", "certainty"):
            _cap(node, name, getattr(info, name))
        if info.expires:
            _cap(node, "expires", MOMENT.text(info.expires))
        if info.areas:
            _cap(node, "areaDesc", "; ".join(area.description for area in info.areas))


def _summary(alert: Alert) -> str:
    return alert.note or f"{alert.message_type} {' '.join(one.identifier for one in alert.references)}".strip(XML_SPACE)


def _moment(value: datetime) -> str:
    """RFC 3339; unlike CAP it takes -00:00 for "the local time is not known", so UTC is +00:00."""
    return value.isoformat(timespec="seconds")


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    node = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    node.text = text
    return node


def _cap(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = text
