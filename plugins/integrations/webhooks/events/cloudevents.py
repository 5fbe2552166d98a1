"""Events as CloudEvents 1.0.2, in the three content modes of its HTTP binding.

By hand: an SDK would add classes around a dictionary of eight strings (figures: docs/decisions/libraries.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from banshi.sdk.events import Event

STRUCTURED = "application/cloudevents+json; charset=utf-8"
BATCH = "application/cloudevents-batch+json; charset=utf-8"
JSON = "application/json"

#: Characters that a header's value has as they are; space, quote, percent and all else is percent-encoded (HTTP binding
#: section 3.1.3.2).
PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def document_of(event: Event, address: str) -> bytes:
    """The event as JSON: structured mode's body, and one entry of a batch."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": address + event.source,
            "type": event.type,
            "subject": event.subject,
            "time": event.at.isoformat().replace("+00:00", "Z"),
            "datacontenttype": JSON,
            "data": dict(event.data),
        }
    )


def structured(document: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of one event, whole in the body."""
    return {"Content-Type": STRUCTURED}, document


def binary(document: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of one event: its attributes are headers, and its data the body."""
    event: dict[str, Any] = orjson.loads(document)
    data = orjson.dumps(event.pop("data"))
    headers = {"Content-Type": event.pop("datacontenttype")}
    return headers | {f"ce-{name}": quote(str(value), safe=PLAIN) for name, value in event.items()}, data


def batched(documents: Sequence[bytes]) -> tuple[dict[str, str], bytes]:
    """Headers and body of several events."""
    return {"Content-Type": BATCH}, b"[" + b",".join(documents) + b"]"


#: Content mode → how one event is sent.
MODES: Mapping[str, Any] = {"structured": structured, "binary": binary}
