"""CBOR as a pass spells it: deterministic (RFC 8949 section 4.2), of few types, and bounded before it is parsed."""

from __future__ import annotations

from typing import Any

import cbor2

from banshi.builtin.passes.refusals import PassRefused, Reason

#: More lists and maps than any pass has; so few can't nest deeply either.
_CONTAINERS = 32


def dump(value: object) -> bytes:
    """Write `value` in its deterministic spelling; raises cbor2.CBOREncodeError for what CBOR can't hold."""
    # cbor2 sorts keys by length first (RFC 7049), RFC 8949 by their bytes; for every key of a pass that is the same.
    return cbor2.dumps(value, canonical=True)


def load(data: bytes) -> Any:
    """Read one whole data item in its one deterministic spelling, or raise `PassRefused`."""
    end = _end(data)
    if end != len(data):
        raise PassRefused(Reason.TRAILING_BYTES, f"{len(data) - end} bytes follow the end")
    try:
        value = cbor2.loads(data)
    except cbor2.CBORDecodeError as error:
        raise PassRefused(Reason.MALFORMED, str(error)) from None
    if dump(value) != data:
        raise PassRefused(Reason.NOT_CANONICAL, "this is not the deterministic spelling of its content")
    return value


def load_map(data: bytes) -> dict[int, Any]:
    """Read one whole map with integer keys, or raise `PassRefused`."""
    value = load(data)
    # Python takes True for 1, which would be a second spelling of a key.
    if not isinstance(value, dict) or any(type(key) is not int for key in value):
        raise PassRefused(Reason.MALFORMED, "this is not a map with integer keys")
    return value


def _end(data: bytes) -> int:
    """Find where the first data item ends, by a walk over the heads of whatever it holds.

    It lets only the types of a pass through to cbor2, which also resolves tags (bignums, decimals, patterns,
    references) and sets memory aside for as many elements as a stranger announces.
    """
    at, pending, containers = 0, 1, 0
    # Every element takes at least a byte, so a length that can't be true ends the walk at once.
    while pending <= len(data) - at:
        if not pending:
            return at
        head = data[at]
        major, size = head >> 5, head & 31
        at += 1
        if size == 31 and 2 <= major <= 5:
            raise PassRefused(Reason.NOT_CANONICAL, "an indefinite length")
        if size > 27 or major == 6 or (major == 7 and head not in b"\xf4\xf5\xf6"):
            raise PassRefused(Reason.MALFORMED, "a tag, a float or something else that no pass holds")
        if size > 23:
            start, at = at, at + (1 << size - 24)
            size = int.from_bytes(data[start:at], "big")
        pending -= 1
        if major in (2, 3):
            at += size
        elif major in (4, 5):
            pending += size * (major - 3)
            containers += 1
        if containers > _CONTAINERS:
            raise PassRefused(Reason.MALFORMED, "more lists and maps than any pass holds")
    raise PassRefused(Reason.MALFORMED, "the pass is cut short")
