"""What it costs staff that each reading of a case is recorded before it is answered; citizens pay nothing for it.

    python benchmarks/readings.py                                    # SQLite, and PostgreSQL where there is one
    python benchmarks/readings.py --short
    python benchmarks/readings.py --before /tmp/before/.venv/bin/banshi    # citizens' reads against an earlier commit's

The real `banshi serve`, 32 at once. Each look of "recorded" is the first of its person and case in its quarter of an
hour, so that each is a row; "again" is the same few cases over and over. The aim: at least 0.8 of the rate without.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from api import Length, city, compare, load
from databases import has_postgres, postgres
from processes import HERE, ROOT, Running, alternate, banshi, finished, machine, median, python, running
from tortoise.backends.base.executor import EXECUTOR_CACHE

from banshi.app import configure, open_platform
from banshi.builtin.identity.development import development_token
from banshi.foundation import logs
from banshi.foundation.database.writes import Write
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.loading.settings import Settings
from tests.zone_pass import WITHOUT_FILES

#: Requests under way at once.
AT_ONCE = 32

#: Cases that there are, and members of staff who read: a round needs as many pairs of them as it reads.
CASES, STAFF = 400, 100

#: The least of the rate without the record that staff keep.
AIM = 0.8

FULL, SHORT = Length(5, 4.0, 0.5, 0), Length(1, 1.0, 0.2, 0)

CITIZEN = "citizen-0"


async def filled(file: Path) -> list[str]:
    """The ids of cases that all are one citizen's."""
    async with open_platform(configure(file)) as platform:
        item, ids = platform.registry.items["zone-pass"], []
        for _ in range(CASES):
            case, event = new_case(platform, item, Principal(subject=CITIZEN, name="王小明"), WITHOUT_FILES)
            await platform.store.commit(Write(rows=[case, event]))
            ids.append(str(case.id))
    # Tortoise keeps the text of its INSERTs by table; no real process talks to both databases.
    EXECUTOR_CACHE.clear()
    return ids


class Office:
    """A server with its cases, and whoever reads them."""

    def __init__(self, server: Running, data: Path, cases: list[str], length: Length) -> None:
        self.server, self.length, self.cases = server, length, cases
        settings = Settings(data=data)
        self.staff = [development_token(settings, f"staff-{n}", roles=["traffic:reviewer"]) for n in range(STAFF)]
        self.citizen = development_token(settings, CITIZEN)
        #: Each pair once: what a round has read is no first reading any more.
        pairs = [(case, token) for case in cases for token in self.staff]
        self.size, self.pairs = len(pairs) // (length.rounds + 1), iter(pairs)

    def by_staff(self) -> dict[str, Any]:
        """A round of first readings."""
        return self._read([pair for pair, _ in zip(self.pairs, range(self.size), strict=False)])

    def again(self) -> dict[str, Any]:
        """A round of the same few."""
        return self._read([(case, self.staff[0]) for case in self.cases[:AT_ONCE]])

    def by_citizen(self) -> dict[str, Any]:
        return self._read([(case, self.citizen) for case in self.cases])

    def _read(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        tokens = [f"{case} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n" for case, token in pairs]
        plan = {"head": "GET /v1/cases/{token}X-Number: {key}\r\n", "tokens": tokens, "keys": "k"}
        return load(self.server, self.length, AT_ONCE, "200", **plan)


def measure(title: str, database: str | None, length: Length, before: str | None, folder: Path) -> bool:
    """Whether staff keep what they have to."""
    commands: dict[str, Callable[[Path], list[str]]] = {
        "with": lambda file: banshi(file, "serve", "--port", "0"),
        "without": lambda file: python("without_readings.py", "--config", str(file), "serve", "--port", "0"),
    }
    if before:
        commands["before"] = lambda file: banshi(file, "serve", "--port", "0", command=before)
    with ExitStack() as stack:
        offices = {}
        for name, command in commands.items():
            url = stack.enter_context(postgres()) if database else None
            file = office_of(folder / f"{title}-{name}", url)
            if name == "before":
                # An earlier version makes its own tables, and reads its own plugins.
                text, tree = file.read_text(encoding="utf-8"), Path(str(before)).absolute().parents[2]
                file.write_text(text.replace(str(ROOT), str(tree)), encoding="utf-8")
                fill = [str(Path(str(before)).with_name("python")), str(HERE / "readings.py"), "--fill", str(file)]
                cases = finished(fill, side=None, seconds=120)
            else:
                cases = asyncio.run(filled(file))
            server = stack.enter_context(running(command(file)))
            offices[name] = Office(server, file.parent / "data", cases, length)
        for one in offices.values():
            one.by_staff()  # each token's signature is looked at once
            one.by_citizen()
        here, bare = offices["with"], offices["without"]
        sides: dict[str, Callable[[], Any]] = {
            "without the record": bare.by_staff,
            "recorded": here.by_staff,
            "again": here.again,
        }
        results = alternate(length.rounds, sides)
        print(f"## {title}: staff read cases, {AT_ONCE} at once\n")
        compare(results, "without the record")
        own: Mapping[str, Office] = {"before": offices["before"]} if before else {"without the record": bare}
        mine = alternate(length.rounds, {name: one.by_citizen for name, one in {**own, "now": here}.items()})
        print(f"## {title}: a citizen reads cases of theirs, {AT_ONCE} at once\n")
        compare(mine, next(iter(own)))
    pairs = zip(results["recorded"], results["without the record"], strict=True)
    kept = median([one["per_second"] / other["per_second"] for one, other in pairs])
    print(f"Staff keep {kept:.2f} of the rate; the aim is {AIM}.\n")
    return kept >= AIM


def office_of(folder: Path, database: str | None) -> Path:
    file = city(folder)
    if database:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("[platform]\n", f'[platform]\ndatabase = "{database}"\n', 1), encoding="utf-8")
    return file


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="one round of a second each, and no aim")
    parser.add_argument("--sqlite", action="store_true", help="nothing on PostgreSQL")
    parser.add_argument("--before", metavar="COMMAND", help="the command `banshi` of an earlier commit's environment")
    parser.add_argument(
        "--fill", metavar="FILE", type=Path, help="only make the cases of a plugins.toml; their ids as JSON"
    )
    given = parser.parse_args()
    if given.fill:
        logs.configure("error")
        print(json.dumps(asyncio.run(filled(given.fill))))
        return 0
    length = SHORT if given.short else FULL
    print(f"{machine()}\n")
    kept = []
    with tempfile.TemporaryDirectory(prefix="banshi-readings-") as name:
        kept.append(measure("SQLite", None, length, given.before, Path(name)))
        if not given.sqlite and has_postgres():
            kept.append(measure("PostgreSQL", "postgres", length, given.before, Path(name)))
    return 0 if given.short or all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
