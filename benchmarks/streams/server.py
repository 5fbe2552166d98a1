"""What is done with a server that holds streams: let phones in, publish, and look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from benchmarks.shared.cities import OWN, PUSH, city
from benchmarks.shared.fetching import document
from benchmarks.shared.processes import Running
from benchmarks.streams.crowd import Crowd

KIB, MIB = 1 << 10, 1 << 20


def state(server: Running) -> Any:
    return document(f"{server.url}/v1/benchmark/state")


def publish(server: Running, **how: Any) -> Any:
    """Publish a broadcast: of which `size` in bytes, `kind` and `topic`."""
    return document(f"{server.url}/v1/benchmark/alerts?{urlencode(how)}", method="POST")


def opened(phones: Crowd, count: int, **rest: Any) -> dict[str, Any]:
    """Connect phones; every one has to be let in."""
    result = phones.connect(count, **rest)
    if result["failures"] or set(result["statuses"]) != {"200"}:
        raise RuntimeError(f"phones were not let in: {result['failures']}, {result['statuses']}")
    return result


def town(folder: Path, **push: Any) -> Path:
    """mobile_push, and a department for the benchmark that publishes when it is told to."""
    return city(folder, {"crier": OWN / "crier", **PUSH}, settings={"mobile_push": push})


def tokens(folder: Path, count: int) -> list[str]:
    settings = Settings(data=folder / "data")
    return [development_token(settings, f"citizen-{number}") for number in range(count)]


def check(found: dict[str, Any], count: int) -> None:
    if len(found["at"]) != count or found["disorder"] or found["cut"]:
        raise RuntimeError(
            f"{len(found['at'])} of {count} phones got it; {found['disorder']} out of order, {found['cut']} cut off"
        )
