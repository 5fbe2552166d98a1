"""CPSV-AP documents as JSON-LD: the whole catalogue in pieces, or one item with all that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from banshi import Item, Platform

from .context import context
from .service import Node, service
from .settings import ExportSettings
from .shared import Shared

#: Bytes that are put together before they are handed on.
PIECE_BYTES = 64 * 1024


def whole(platform: Platform, settings: ExportSettings) -> Iterator[bytes]:
    """Every department and every item; what they share stands at the end, when all of it has been named."""
    registry, shared = platform.registry, Shared(settings.area)
    for department in registry.departments.values():
        shared.department(department)
    yield b'{"@context":' + orjson.dumps(context(platform.settings.address)) + b',"@graph":['
    yield from joined(_nodes(platform, registry.items.each(), shared))
    yield b"]}"


def one(platform: Platform, settings: ExportSettings, item: Item) -> bytes:
    """One item, with its department and every code that it names."""
    nodes = list(_nodes(platform, [item], Shared(settings.area)))
    return orjson.dumps({"@context": context(platform.settings.address), "@graph": nodes})


def _nodes(platform: Platform, items: Iterable[Item], shared: Shared) -> Iterator[Node]:
    registry = platform.registry
    for item in items:
        yield service(item, registry.departments[item.department], registry.kinds[item.kind], shared)
    yield from shared.nodes()


def joined(nodes: Iterable[Any]) -> Iterator[bytes]:
    """JSON values with commas between them, in pieces of some size."""
    kept, size, comma = [], 0, b""
    for node in nodes:
        line = comma + orjson.dumps(node)
        kept.append(line)
        size += len(line)
        comma = b",\n"
        if size >= PIECE_BYTES:
            yield b"".join(kept)
            kept, size = [], 0
    yield b"".join(kept)
