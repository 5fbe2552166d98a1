"""Rounds of reads and submissions on a running server, its starts and its peers, as `api.py` and others have them."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from benchmarks.shared.fetching import fetched
from benchmarks.shared.figures import Column, ratios
from benchmarks.shared.processes import Running, finished, python, running, serving
from tests.town.zone_pass import WITHOUT_FILES

#: Rounds of each side, and seconds of one and before it, in full and in short.
LENGTHS = {"rounds": (5, 1), "seconds": (4.0, 1.0), "warm_up": (1.0, 0.2)}

#: Citizens who submit in turn.
CITIZENS = 200

#: Requests under way at once. With fewer reads, bare aiohttp waits for the load at times.
READS, WRITES = 128, 64

#: Seconds until the engine has worked off what a round has submitted.
SETTLING_TIMEOUT_S = 120.0

ITEM = "/v1/items/zone-pass"
CASES = "/v1/items/fast-pass/cases"

#: What phones send.
LANGUAGE = "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n"

#: An application of about 1 KB.
ANSWERS = {**WITHOUT_FILES, "purpose": "为社区超市配送蔬菜" * 22}


def load(
    server: Any, length: argparse.Namespace, at_once: int, expect: str, *, side: int | None = 1, **plan: Any
) -> dict[str, Any]:
    """One round of load on a server, with the server's processor time per request."""
    where = urlsplit(server.url)
    plan = {"seconds": length.seconds, "warm_up": length.warm_up, **plan}
    plan |= {"host": where.hostname, "port": where.port, "at_once": at_once}
    before = server.cpu()
    command = python("peers/load_process.py")
    result: dict[str, Any] = finished(command, side=side, seconds=length.seconds + 60, given=plan)
    result["cpu"] = (server.cpu() - before) / result["all"] * 1e6
    if set(result["statuses"]) != {expect}:
        raise RuntimeError(f"{server.url} answered {result['statuses']} instead of {expect} alone")
    return result


def columns(peer: str, cpu: str = "cpu") -> tuple[Column, ...]:
    """What is shown of the rounds of each side."""
    rate = Column("requests/s", "per_second"), Column("server's CPU µs", cpu)
    late = Column("p50 ms", "p50", ".1f"), Column("p99 ms", "p99", ".1f"), Column("load's core", "busy", ".0%")
    return *rate, *late, *ratios(peer, "per_second", cpu)


def reads_of(
    server: Any, length: argparse.Namespace, path: str = ITEM, *, side: int | None = 1
) -> Callable[[], dict[str, Any]]:
    """One round of reads of an item's guide."""
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}"
    return lambda: load(server, length, READS, "200", side=side, head=head)


def submission(data: Path, path: str = CASES) -> dict[str, Any]:
    """The plan of submissions by many citizens, each with a key of its own."""
    settings = Settings(data=data)
    return {
        "head": f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}"
        "Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n",
        "body": json.dumps({"answers": ANSWERS}, ensure_ascii=False, separators=(",", ":")),
        "tokens": [development_token(settings, f"citizen-{number}") for number in range(CITIZENS)],
    }


def writes_of(
    server: Any, length: argparse.Namespace, plan: dict[str, Any], *, settle: bool = False, side: int | None = 1
) -> Callable[[], dict[str, Any]]:
    """One round of submissions; with `settle` until the engine has nothing left to do: whole cases, and their cost."""

    def go() -> dict[str, Any]:
        started, used = time.perf_counter(), server.cpu()
        result = load(server, length, WRITES, "201", side=side, **plan, keys=f"{time.time_ns():x}")
        if settle:
            until_settled(server)
            result["done"] = result["all"] / (time.perf_counter() - started)
            result["whole_cpu"] = (server.cpu() - used) / result["all"] * 1e6
        return result

    return go


def each_of(line: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The plan of one request for each pair in turn: `line` of its case, with its token.

    A pair stands where the load has a token: what comes before the case is the head's.
    """
    before, of_case, after = line.partition("{case}")
    middle = f" HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}Authorization: Bearer "
    return {
        "head": f"{before}{{token}}\r\nIdempotency-Key: {{key}}\r\n",
        "tokens": [f"{case if of_case else ''}{after}{middle}{token}" for case, token in pairs],
        "keys": f"{time.time_ns():x}",
    }


def until_settled(server: Any) -> None:
    """Wait until the engine has nothing left to do."""
    started = time.perf_counter()
    while b'state="due"' in fetched(f"{server.url}/metrics")[0]:
        if time.perf_counter() - started > SETTLING_TIMEOUT_S:
            raise RuntimeError(f"the engine is still busy after {SETTLING_TIMEOUT_S:g} s")
        time.sleep(0.05)


def compiled_in(folder: Path) -> dict[str, str]:
    """An environment with compiled code in a folder of its own."""
    return {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}


def started(
    file: Path, environment: Mapping[str, str], path: str = ITEM, *, command: str | None = None
) -> dict[str, float]:
    """What a start to the first answer took, and of the server's processor."""
    began = time.perf_counter()
    with serving(file, command=command, **environment) as server:
        fetched(server.url + path)
        return {"seconds": time.perf_counter() - began, "cpu": server.cpu()}


def bare(ours: Running, folder: Path) -> AbstractContextManager[Running]:
    """Bare aiohttp that answers with the bytes and headers of our own answer."""
    body, headers = fetched(ours.url + ITEM)
    same = {name: text for name, text in headers.items() if name not in {"Content-Length", "Date", "Server"}}
    answer = folder / "answer.json"
    answer.write_text(json.dumps({"headers": same, "body": body.decode()}))
    return running(python("peers/bare.py", str(answer)))


def without_engine(file: Path, *arguments: str) -> list[str]:
    """`banshi` with nobody who works on the outbox."""
    return python("peers/without_engine.py", "--config", str(file), *arguments)
