"""What a case leaves behind in bytes, table by table, and what becomes of rows that are changed all the time.

    python benchmarks/growth.py                      # visits on both databases, ten million changes: half an hour
    python benchmarks/growth.py bytes notice dead    # the parts by name
    python benchmarks/growth.py --short              # as in continuous integration

`bytes`: visits as in soak.py on the real `banshi serve`; each table's bytes a case once it is written anew, against
docs/capacity.md. `notice`: what chunks of phones leave. `dead`: rows that come by the hundred, claimed and brought to
their end in a loop of SQL on a server of its own with autovacuum: how many dead rows there are at the worst. Exits with
1 where a figure of docs/capacity.md is off by a quarter, or of the changes a twentieth lies dead at once.
`tests/banshi/foundation/database/postgres/test_storage.py` holds which share of the changes tells no index (HOT).
"""

from __future__ import annotations

import argparse
import asyncio
import io
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from banshi.foundation.database.opening import open_store
from banshi.kernel.tables.migrations._storage import QUEUE
from benchmarks import capacity_paper as paper
from benchmarks import soak
from benchmarks.shared.arguments import options, run_parts
from benchmarks.shared.cities import office
from benchmarks.shared.databases import asked, has_postgres, postgres, postgres_if
from benchmarks.shared.figures import table, told_wrong
from benchmarks.shared.processes import ROOT, banshi_done
from tests.banshi.foundation.database.postgres.queues import PHONES, PUSH, chunks
from tests.servers.postgres_servers import alone

#: How far bytes a case may be from the paper, since the mix of visits is drawn by chance, where they are that many.
MAX_DEVIATION, LEAST_BYTES = 0.25, 200

#: Rows of a burst, how many of them are claimed at once, and how many are done and kept while others are changed.
BURST, AT_ONCE, KEPT = 1_000, 50, 100_000

#: Seconds between two looks of autovacuum, and rounds of the loop between two of ours.
NAP_S, ROUNDS = 5, 10

#: Which share of the changes may lie there dead at once.
MAX_DEAD = 0.05

#: Bursts of promises: made, claimed, kept, and as many of the oldest deleted, each in a transaction.
CHURN = Path(__file__).with_suffix(".sql").read_text("utf-8")

DEAD = "SELECT n_dead_tup, pg_total_relation_size(relid) FROM pg_stat_user_tables WHERE relname = 'banshi_outbox'"


def sizes(database: str, folder: Path) -> dict[str, tuple[int, int]]:
    """Rows and bytes with its indexes of each table, once all is written anew."""
    if database:
        asked(database, "VACUUM (FULL, ANALYZE)")
        rows = asked(
            database,
            # Without the page that each index begins with: here there are few rows, and there millions.
            "SELECT relname, reltuples::bigint, pg_total_relation_size(c.oid) - 8192 * (SELECT COUNT(*) FROM pg_index "
            "WHERE indrelid IN (c.oid, c.reltoastrelid)) FROM pg_class c WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace",
        )
        return {name: (count, size) for name, count, size in rows}
    connection = sqlite3.connect(folder / "data" / "banshi.sqlite3")
    try:
        connection.execute("VACUUM")
        found = connection.execute(
            "SELECT m.tbl_name, SUM(d.pgsize) FROM dbstat d JOIN sqlite_schema m ON m.name = d.name GROUP BY 1"
        ).fetchall()
        return {
            name: (connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0], size) for name, size in found
        }
    finally:
        connection.close()


def left(folder: Path, given: argparse.Namespace) -> dict[str, dict[str, tuple[int, int]]]:
    """Let people come to a server on each database; what they leave. Raises RuntimeError where visits went wrong."""
    found = {}
    for name, side in (("PostgreSQL", True), ("SQLite", False)):
        if side and not has_postgres():
            continue
        own, plan = folder / name, argparse.Namespace(short=True, visits=given.visits, minutes=given.minutes, seed=1)
        own.mkdir()
        with postgres_if(side) as database:
            with redirect_stdout(io.StringIO()):
                wrong = asyncio.run(soak.soak(own, database, plan))
            if wrong and not given.short:
                raise RuntimeError(f"{len(wrong)} visits on {name} went wrong, such as {wrong[0]}")
            found[name] = sizes(database, own)
    return found


def bytes_of_a_case(folder: Path, given: argparse.Namespace) -> bool:
    told = paper.tables((ROOT / "docs" / "capacity.md").read_text(encoding="utf-8"))
    rows, wrong, found = [], [], left(folder, given)
    for one in told:
        cells = [one.name, one.unit]
        for name, here in found.items():
            # A phone is somebody's, who has one profile and one counter.
            count = max(1, here["banshi_case" if one.unit == "case" else one.name][0])
            share, size = here[one.name][0] / count, here[one.name][1] / count
            off = size / (one.postgres if name == "PostgreSQL" else one.sqlite) - 1
            cells += [f"{share:.2f}", f"{size:,.0f}", f"{off:+.0%}"]
            if one.postgres > LEAST_BYTES and abs(off) > MAX_DEVIATION:
                wrong.append(f"{one.name} on {name}: {size:,.0f} bytes a {one.unit}, {off:+.0%} off the paper")
        rows.append(cells)
    for name, here in found.items():
        cases = here["banshi_case"][0]
        known = {one.name for one in told} | paper.NOT_BY_CASE
        new = sorted(one for one, (count, _) in here.items() if one not in known and count > cases / 20)
        wrong += [f"{one} grows on {name} and is not on paper" for one in new]
    print("## Bytes a case, or a phone\n")
    table(["", "by", *(f"{word}, {name}" for name in found for word in ("rows", "bytes", "off the paper"))], rows)
    # Of a few visits a table has a page or two.
    return given.short or told_wrong(wrong)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A migrated database on a server of its own: elsewhere anybody's open transaction keeps what is dead."""
    with alone(folder, "autovacuum=on", f"autovacuum_naptime={NAP_S}", "shared_buffers=128MB") as one:
        banshi_done(office(folder.parent, database=one.url), "migrate")
        yield one.url


def notice(folder: Path, given: argparse.Namespace) -> None:
    """What chunks of phones that were dealt with leave for each phone."""

    async def work(database: str) -> None:
        async with open_store(database, {"mobile_push": PUSH}, migrate=False) as store:
            for _ in range(given.bursts):
                async for _ in chunks(store, BURST, AT_ONCE):
                    pass

    if has_postgres():
        with postgres() as database:
            banshi_done(office(folder, database=database), "migrate")
            asyncio.run(work(database))
            (size,) = asked(database, "SELECT pg_total_relation_size('push_chunk') / COUNT(*) AS n FROM push_chunk")
        print(f"A chunk of {PHONES} phones takes {size['n']:,.0f} bytes, {size['n'] / PHONES:.1f} a phone.\n")


async def churned(url: str, changes: int) -> list[tuple[int, int]]:
    """Promises made, claimed, kept and deleted until so many were changed; dead rows and bytes at each look."""
    import asyncpg

    seen: list[tuple[int, int]] = []
    working, looking = [await asyncpg.connect(url.replace("asyncpg:", "postgres:", 1)) for _ in range(2)]
    try:
        await working.execute(CHURN)
        for _ in range(changes // (2 * BURST * ROUNDS)):
            await working.execute(f"CALL churn({ROUNDS}, {BURST}, {KEPT})")
            seen.append(tuple(await looking.fetchrow(DEAD)))
    finally:
        await working.close()
        await looking.close()
    return seen


def dead(folder: Path, given: argparse.Namespace) -> bool:
    """Ten million changes, and a quarter of them with the table as PostgreSQL has it where nobody says anything."""
    rows, wrong = [], []
    if not has_postgres():
        return True
    for name, changes in (("as migrated", given.changes), ("PostgreSQL's own settings", given.changes // 4)):
        with server(folder / name.split()[0]) as database:
            if changes != given.changes:
                asked(database, f"ALTER TABLE banshi_outbox RESET ({', '.join(QUEUE)})")
            begun = time.monotonic()
            seen = asyncio.run(churned(database, changes))
            rate = changes / (time.monotonic() - begun)
        most, largest = (max(figures) for figures in zip(*seen, strict=True))
        rows.append([name, f"{changes:,}", f"{rate:,.0f}", f"{most:,}", f"{most / rate:.0f}", f"{largest / 1e6:,.0f}"])
        if changes == given.changes and not given.short and most > MAX_DEAD * changes:
            wrong.append(f"of {changes:,} changes {most:,} rows were dead at once")
    print(f"## Dead rows of an outbox that keeps {KEPT:,}, with autovacuum every {NAP_S} s\n")
    table(["", "changes", "a second", "dead at most", "seconds' worth", "largest, MB"], rows)
    return told_wrong(wrong)


if __name__ == "__main__":
    lengths = {"visits": (1_200, 60), "minutes": (4.0, 0.2), "bursts": (10, 1), "changes": (10_000_000, 100_000)}
    sys.exit(run_parts(options(__doc__, **lengths), {"bytes": bytes_of_a_case, "notice": notice, "dead": dead}))
