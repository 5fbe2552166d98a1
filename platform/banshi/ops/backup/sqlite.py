"""A SQLite file, copied by SQLite itself: one moment of it, while a server goes on writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from banshi.foundation.database.store import CLOCK
from banshi.foundation.files import durable_files
from banshi.ops.backup.folder import BackupError, copied
from banshi.ops.holding import RESTORED, hold_statement

#: Seconds that a backup waits for whoever holds the file.
WAIT_S = 30.0


def dump(source: Path, target: Path) -> None:
    """Copy a database. The copy is held already: it may be put back by hand. Raises BackupError."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT_S)) as original,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            # In one step: in several it would begin anew whenever the server writes in between.
            original.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute(hold_statement(CLOCK["sqlite"], f"{RESTORED} by hand"))
            if (found := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise BackupError(f"{source} is damaged ({found}): keep the backups before this one")
    except sqlite3.Error as error:
        raise BackupError(f"{source} can't be backed up: {error}") from error


#: What SQLite keeps beside a database and takes up again, however old it is, with any database of that name.
BESIDE = ("", "-wal", "-shm", "-journal")


def has_room(target: Path) -> None:
    """Raises BackupError where a database lies, or what one that was killed has left behind."""
    if found := [str(one) for part in BESIDE if (one := target.with_name(f"{target.name}{part}")).exists()]:
        told = f"there is a database at {target} already, or part of one: move {', '.join(found)} away first, together"
        raise BackupError(f"{told}, or restore elsewhere")


def load(source: Path, target: Path, statements: Sequence[str]) -> None:
    """Put a copy in its place once the statements are carried out in it. Raises BackupError."""
    draft = target.with_name(f"{target.name}.restoring")
    for left in (draft, draft.with_name(f"{draft.name}-journal")):
        left.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    copied(source, draft)
    draft.chmod(0o600)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous = FULL")
            copy.execute("BEGIN IMMEDIATE")
            copy.execute("DELETE FROM banshi_hold")
            for statement in statements:
                copy.execute(statement)
            copy.execute("COMMIT")
        has_room(target)
        # Unlike a renaming, this takes nobody's place.
        os.link(draft, target)
        durable_files.sync_folder(target.parent)
    except (sqlite3.Error, FileExistsError) as error:
        raise BackupError(f"{target} can't be restored: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
