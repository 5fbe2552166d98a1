"""What alert hubs read of an alert in an Atom feed."""

from __future__ import annotations

from feeds import Entry
from mobile_push.cap.kinds import MOMENT
from mobile_push.cap.representations import MEDIA_TYPE
from mobile_push.cap.values import Alert
from mobile_push.cap.writing import NAMESPACE

#: Prefix and namespace of CAP's own elements in a feed.
CAP = ("cap", NAMESPACE)


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
        media_type=MEDIA_TYPE,
        title=(info and (info.headline or info.event)) or f"{alert.message_type} {alert.identifier}",
        summary=(info.description or info.event) if info else alert.note or f"{alert.message_type} {earlier}".strip(),
        at=alert.sent,
        author=(info and info.sender_name) or alert.sender,
        language=info.language if info else "",
        categories=[(one, f"{NAMESPACE}:category") for one in info.categories] if info else (),
        more=cap,
    )
