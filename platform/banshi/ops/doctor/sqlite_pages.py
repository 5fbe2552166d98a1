"""SQLite's file: whether every page of it is one that SQLite wrote. PostgreSQL has its own checks for that."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from banshi.foundation.database.opening import sqlite_file
from banshi.kernel.runtime.examinations import Deployment, Verdict

#: Seconds after which a large file is left unread to its end, and how many steps of SQLite's lie between two looks.
LONGEST_LOOK_S, STEPS = 20.0, 100_000

#: Faults that are told.
MAX_FAULTS = 3


async def examine(deployment: Deployment) -> Sequence[Verdict]:
    file = sqlite_file(deployment.registry.configuration.settings.database_url)
    return [await asyncio.to_thread(looked_through, file)] if file is not None and file.is_file() else []


def looked_through(file: Path) -> Verdict:
    until = time.monotonic() + LONGEST_LOOK_S
    with closing(sqlite3.connect(file)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > until, STEPS)
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        try:
            faults = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({MAX_FAULTS})")]
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # what it names may be no text any more
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                told = f"{file} is too large to be read within {LONGEST_LOOK_S:.0f} s, and right so far"
                advice = f'run `sqlite3 {file} "PRAGMA quick_check"` when there is time'
                return Verdict("database-file", "warning", f"{told}: {advice}")
            faults = [str(error)]
    if faults == ["ok"]:
        return Verdict("database-file", "ok", "every page of it is in order")
    advice = "stop the servers, keep a copy of the data folder, look at the disk, and restore the newest backup"
    return Verdict("database-file", "error", f"{file} is damaged ({' '.join('; '.join(faults).split())}): {advice}")
