"""What goes over the socket: a length in four bytes, then one JSON object.

The child may be anything, so nothing that it sends is more than data, and no frame is longer than was said before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

HEAD = struct.Struct("!I")

#: Bytes of a frame from a child: its answer is read while everybody else waits.
MAX_ANSWER_BYTES = 524_288

#: Bytes of a frame that is a line of log.
MAX_LINE_BYTES = 16_384

#: Bytes of a frame to a child: what was handed in is longer than its text where that is mostly quotes.
MAX_CALL_BYTES = 67_108_864


class WrongFrame(ValueError):
    """What came is no frame."""


def packed(document: Mapping[str, Any], limit: int = MAX_CALL_BYTES) -> bytes:
    """A document as a frame. Raises TypeError and ValueError for what is no JSON, or too long."""
    body = orjson.dumps(document, default=_plain)
    if len(body) > limit:
        raise ValueError(f"it has more than {limit} bytes")
    return HEAD.pack(len(body)) + body


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


class Splitter:
    """Finds the frames in what arrives; `limit` is how long the next one may be."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._come = bytearray()

    def fed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The documents that are whole with `data`. Raises WrongFrame; nothing after it can be read."""
        self._come += data
        begin = 0
        try:
            while len(self._come) - begin >= HEAD.size:
                (size,) = HEAD.unpack_from(self._come, begin)
                if size > self.limit:
                    raise WrongFrame(f"a frame of {size} bytes")
                end = begin + HEAD.size + size
                if len(self._come) < end:
                    break
                with memoryview(self._come)[begin + HEAD.size : end] as body:
                    document = _read(body)
                begin = end
                yield document
        finally:
            del self._come[:begin]


def _read(body: memoryview) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise WrongFrame("no JSON") from None
    if not isinstance(document, dict):
        raise WrongFrame("no object")
    if document.get("is") == "log" and len(body) > MAX_LINE_BYTES:
        raise WrongFrame(f"a line of {len(body)} bytes")
    return document
