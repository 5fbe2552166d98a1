"""Reads, writes and the start of the real `banshi serve`, each against a named peer in the same run.

    python benchmarks/api.py            # everything, about three minutes
    python benchmarks/api.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from processes import HERE, ROOT, Running, alternate, banshi, finished, machine, median, pin, python, running, table

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from tests.zone_pass import WITHOUT_FILES

#: Citizens who submit in turn.
CITIZENS = 200

#: Requests under way at once. With fewer reads, bare aiohttp waits for the load at times.
READS, WRITES = 128, 64

#: Seconds until the engine has worked off what a round has submitted.
PATIENCE = 120.0

ITEM = "/v1/items/zone-pass"
CASES = "/v1/items/fast-pass/cases"

#: What phones send.
LANGUAGE = "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n"

#: An application of about 1 KB.
ANSWERS = {**WITHOUT_FILES, "purpose": "为社区超市配送蔬菜" * 22}


@dataclass(frozen=True, slots=True)
class Length:
    """How long the benchmark runs."""

    rounds: int
    seconds: float
    warm_up: float
    starts: int


FULL = Length(rounds=5, seconds=4.0, warm_up=1.0, starts=7)
SHORT = Length(rounds=1, seconds=1.0, warm_up=0.2, starts=1)


def configuration(folder: Path, database: str | None = None, **plugins: str) -> Path:
    """A plugins.toml in `folder` that loads plugins as the repository's does; its data lie in `folder` too."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["[platform]", 'data = "data"', 'log_level = "info"']
    lines += [f'database = "{database}"'] if database else []
    for name, place in plugins.items():
        lines += [f"[plugins.{name}]", "api = 1", place]
    file = folder / "plugins.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def city(folder: Path) -> Path:
    """The plugins that the repository's plugins.toml loads."""
    traffic = ROOT / "plugins" / "departments" / "traffic"
    return configuration(folder, traffic=f'path = "{traffic}"', mobile_push='package = "mobile_push"')


def office(folder: Path, database: str | None = None) -> Path:
    """The benchmark's own department beside mobile_push."""
    permits = HERE / "plugins" / "permits"
    return configuration(folder, database, permits=f'path = "{permits}"', mobile_push='package = "mobile_push"')


def fetched(url: str) -> tuple[bytes, dict[str, str]]:
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own server
        return response.read(), dict(response.headers)


def load(server: Running, length: Length, at_once: int, expect: str, **plan: Any) -> dict[str, Any]:
    """One round of load on a server, with the server's processor time per request."""
    where = urlsplit(server.url)
    plan |= {"host": where.hostname, "port": where.port, "at_once": at_once}
    plan |= {"seconds": length.seconds, "warm_up": length.warm_up}
    before = server.cpu()
    result: dict[str, Any] = finished(python("load.py"), side=1, seconds=length.seconds + 60, given=plan)
    result["cpu"] = (server.cpu() - before) / result["all"] * 1e6
    if set(result["statuses"]) != {expect}:
        raise RuntimeError(f"{server.url} answered {result['statuses']} instead of {expect} alone")
    return result


# -- reads -----------------------------------------------------------------------------------------------------------


def reads(folder: Path, length: Length) -> None:
    """`GET` of an item's guide against bare aiohttp with the same bytes and headers."""
    with ExitStack() as stack:
        ours = stack.enter_context(running(banshi(city(folder), "serve", "--port", "0")))
        body, headers = fetched(ours.url + ITEM)
        bare = stack.enter_context(running(peer_of(body, headers, folder)))
        assert fetched(bare.url + ITEM)[0] == body
        head = f"GET {ITEM} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}"
        results = alternate(
            length.rounds,
            {
                "bare aiohttp": lambda: load(bare, length, READS, "200", head=head),
                "banshi": lambda: load(ours, length, READS, "200", head=head),
            },
        )
    print(f"## GET {ITEM}: {len(body)} bytes, {READS} at once\n")
    compare(results, "bare aiohttp")


def peer_of(body: bytes, headers: Mapping[str, str], folder: Path) -> list[str]:
    """The command of bare aiohttp that answers with these bytes and headers."""
    same = {name: text for name, text in headers.items() if name not in {"Content-Length", "Date", "Server"}}
    answer = folder / "answer.json"
    answer.write_text(json.dumps({"headers": same, "body": body.decode()}))
    return python("peers/bare.py", str(answer))


def compare(results: dict[str, list[dict[str, Any]]], peer: str) -> None:
    """Print each side's medians and, round by round, its ratio to the peer: by rate, and by the processor time.

    The second hardly changes when somebody else uses the machine.
    """
    rows = []
    for name, rounds in results.items():
        pairs = list(zip(rounds, results[peer], strict=True))
        ratio = median([one["per_second"] / other["per_second"] for one, other in pairs])
        cost = median([other["cpu"] / one["cpu"] for one, other in pairs])
        cells = [median([one[key] for one in rounds]) for key in ("per_second", "cpu", "p50", "p99", "busy")]
        rate, cpu, p50, p99, busy = cells
        row = [name, f"{rate:,.0f}", f"{cpu:,.0f}", f"{p50:.1f}", f"{p99:.1f}", f"{busy:.0%}"]
        rows.append([*row, f"{ratio:.2f}", f"{cost:.2f}"])
    table(["", "requests/s", "server's CPU µs", "p50 ms", "p99 ms", "load's core", "ratio", "ratio by CPU"], rows)


# -- writes ----------------------------------------------------------------------------------------------------------


def writes(folder: Path, length: Length) -> None:
    """`POST` of a case against the leanest hand-written handler that writes the same rows."""
    files = {name: office(folder / name) for name in ("whole", "quiet")}
    form = HERE / "plugins" / "permits" / "forms" / "fast-pass.json"
    (folder / "lean").mkdir()
    with ExitStack() as stack:
        whole = stack.enter_context(running(banshi(files["whole"], "serve", "--port", "0")))
        quiet = stack.enter_context(
            running(python("without_engine.py", "--config", str(files["quiet"]), "serve", "--port", "0"))
        )
        keys = folder / "whole" / "data" / "keys"
        posts = {name: submission(folder / name / "data") for name in files}
        lean = stack.enter_context(running(python("peers/lean.py", str(folder / "lean"), str(keys), str(form))))
        sides = {
            "lean aiohttp + Tortoise": round_of(lean, length, posts["whole"]),
            "banshi, the same writes": round_of(quiet, length, posts["quiet"]),
            "banshi, whole": round_of(whole, length, posts["whole"], settle=True),
        }
        results = alternate(length.rounds, sides)
    size = len(posts["whole"]["body"].encode())
    print(f"## POST {CASES}: {size} bytes, {WRITES} at once, SQLite with synchronous=FULL\n")
    compare(results, "lean aiohttp + Tortoise")
    done = median([one["done"] for one in results["banshi, whole"]])
    print(f"The whole server also accepted each case and put the message into its inbox: {done:,.0f} cases/s from the")
    print("first request until nothing was left to do.\n")


def submission(data: Path, path: str = CASES) -> dict[str, Any]:
    """The plan of submissions by many citizens, each with a key of its own."""
    settings = Settings(data=data)
    return {
        "head": f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}"
        "Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n",
        "body": json.dumps({"answers": ANSWERS}, ensure_ascii=False, separators=(",", ":")),
        "tokens": [development_token(settings, f"citizen-{number}") for number in range(CITIZENS)],
    }


def round_of(
    server: Running, length: Length, plan: dict[str, Any], *, settle: bool = False
) -> Callable[[], dict[str, Any]]:
    """One round of submissions; with `settle` it also waits until the engine has nothing left to do."""

    def go() -> dict[str, Any]:
        started = time.perf_counter()
        result = load(server, length, WRITES, "201", **plan, keys=f"{time.time_ns():x}")
        if settle:
            until_settled(server)
            result["done"] = result["all"] / (time.perf_counter() - started)
        return result

    return go


def until_settled(server: Running) -> None:
    """Wait until the engine has nothing left to do."""
    started = time.perf_counter()
    while b'state="due"' in fetched(f"{server.url}/metrics")[0]:
        if time.perf_counter() - started > PATIENCE:
            raise RuntimeError(f"the engine is still busy after {PATIENCE:g} s")
        time.sleep(0.05)


# -- the start -------------------------------------------------------------------------------------------------------


def start(folder: Path, length: Length) -> None:
    """From the start of the process to the first answered request, on a new and on a present database; the import."""
    compiled = compiled_in(folder)
    uncompiled = seconds_to_answer(city(folder / "first"), compiled)
    fresh, again, imports, nothing = [], [], [], []
    for number in range(length.starts):
        file = city(folder / f"start-{number}")
        fresh.append(seconds_to_answer(file, compiled))
        again.append(seconds_to_answer(file, compiled))
        imports.append(seconds_of("import banshi", compiled))
        nothing.append(seconds_of("pass", compiled))
    print("## Start\n")
    rows = [
        ["`banshi serve` on a new database, to the first answer", f"{median(fresh):.2f}", f"{max(fresh):.2f}"],
        ["`banshi serve` on a present database, to the first answer", f"{median(again):.2f}", f"{max(again):.2f}"],
        ["the very first, all of Python's modules still to be compiled", f"{uncompiled:.2f}", ""],
        ["`import banshi`, the interpreter's own start included", f"{median(imports):.3f}", f"{max(imports):.3f}"],
        ["the interpreter's own start", f"{median(nothing):.3f}", f"{max(nothing):.3f}"],
    ]
    table(["", "median s", "worst s"], rows)


def compiled_in(folder: Path) -> dict[str, str]:
    """An environment with compiled code of its own: whether this one has any yet must not decide the figures."""
    return {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}


def seconds_to_answer(file: Path, environment: Mapping[str, str], path: str = ITEM) -> float:
    began = time.perf_counter()
    with running(banshi(file, "serve", "--port", "0"), **environment) as server:
        fetched(server.url + path)
        return time.perf_counter() - began


def seconds_of(code: str, environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True, timeout=30, env={**os.environ, **environment}, preexec_fn=pin(0))
    return time.perf_counter() - began


def main() -> None:
    parts: dict[str, Callable[[Path, Length], None]] = {"reads": reads, "writes": writes, "start": start}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(parts)}")
    parser.add_argument("--short", action="store_true", help="one short round of each")
    parser.add_argument("--rounds", type=int, help="rounds of each, in alternation")
    given = parser.parse_args()
    length = SHORT if given.short else FULL
    if given.rounds:
        length = Length(given.rounds, length.seconds, length.warm_up, given.rounds)
    print(f"{machine()}\n")
    if given.short:
        print("The short form looks whether everything works; its figures say little.\n")
    for name in given.parts or parts:
        with tempfile.TemporaryDirectory(prefix="banshi-benchmark-", dir=os.environ.get("BENCHMARK_FOLDER")) as folder:
            parts[name](Path(folder), length)


if __name__ == "__main__":
    main()
