"""What of a message an app may go by without reading its prose: its category, and how severe an alert is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from banshi import Message, Platform
from mobile_push.cap.vocabulary import SEVERITIES
from mobile_push.tables.models import Broadcast


class Facts(NamedTuple):
    """Of one message; "" where it has none."""

    #: Of an alert CAP's word, such as "Met"; of a notice its kind; of a message about a person's own business the kind
    #: of its item.
    category: str = ""
    #: Of an alert the worst that it says, in CAP's words.
    severity: str = ""


#: Of a notice of no kind, which has neither.
NONE = Facts()


def of_broadcast(broadcast: Broadcast) -> Facts:
    """What it says of itself: a notice its kind, an alert CAP's first category and its worst severity."""
    return of_alert(broadcast.cap) if broadcast.cap else Facts(broadcast.category)


def of_alert(cap: Mapping[str, Any] | None) -> Facts:
    """What an alert with this document of CAP says of itself: the first category, and the worst severity."""
    parts = (cap or {}).get("info") or ()
    if not parts:
        return NONE
    said = {info.get("severity") for info in parts}
    return Facts(
        next((one for info in parts for one in info.get("category", ())), ""),
        next((one for one in SEVERITIES if one in said), ""),
    )


def of_message(platform: Platform, message: Message, broadcast: Broadcast | None) -> Facts:
    """What a person's own message says, or the broadcast that it is their copy of."""
    if broadcast is not None:
        return of_broadcast(broadcast)
    if message.category:
        return Facts(message.category)
    item = platform.registry.items.of(message.item) if message.item else None
    return Facts(item.kind if item else "")
