"""What all parts of `stream.py` do with a server: start it on a town, let phones in, publish, and look at it."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api import configuration
from crowd import Crowd
from processes import HERE, Running

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings

#: Bytes of a broadcast's text.
SIZE = 200

KIB = 1024


@dataclass(frozen=True, slots=True)
class Length:
    """How many phones, broadcasts, and seconds."""

    phones: int
    #: Phones when it is as many as there can be.
    most: int
    broadcasts: int
    #: Phones that stop reading.
    deaf: int
    #: Seconds until what has just changed has settled.
    settle: float
    #: Seconds for which as many phones as there can be are watched; in full, a whole round of signs of life.
    watch: float


FULL = Length(phones=10_000, most=20_000, broadcasts=7, deaf=100, settle=2.0, watch=20.0)
SHORT = Length(phones=500, most=1_000, broadcasts=2, deaf=10, settle=0.2, watch=1.0)


def asked(server: Running, path: str, *, method: str = "GET") -> dict[str, Any]:
    request = urllib.request.Request(f"{server.url}/v1/benchmark/{path}", method=method)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - our own server
        found: dict[str, Any] = json.load(answer)
    return found


def state(server: Running) -> dict[str, Any]:
    return asked(server, "state")


def publish(server: Running, size: int = SIZE, topic: str = "") -> dict[str, Any]:
    return asked(server, f"alerts?size={size}" + (f"&topic={topic}" if topic else ""), method="POST")


def opened(phones: Crowd, count: int, **rest: Any) -> dict[str, Any]:
    """Connect phones; every one has to be let in."""
    result = phones.connect(count, **rest)
    if result["failures"] or set(result["statuses"]) != {"200"}:
        raise RuntimeError(f"phones were not let in: {result['failures']}, {result['statuses']}")
    return result


def town(folder: Path) -> Path:
    """mobile_push, and a department for the benchmark that publishes when it is told to."""
    crier = HERE / "plugins" / "crier"
    return configuration(folder, crier=f'path = "{crier}"', mobile_push='package = "mobile_push"')


def tokens(folder: Path, count: int) -> list[str]:
    settings = Settings(data=folder / "data")
    return [development_token(settings, f"citizen-{number}") for number in range(count)]


def check(found: dict[str, Any], count: int) -> None:
    if len(found["at"]) != count or found["disorder"] or found["cut"]:
        raise RuntimeError(
            f"{len(found['at'])} of {count} phones got it; {found['disorder']} out of order, {found['cut']} cut off"
        )
