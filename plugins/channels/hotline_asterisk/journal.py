"""The calls under way and what hasn't been handed over, in a file: whoever kills this program loses nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

#: What is deleted is overwritten: numbers leave with their calls.
TABLES = """
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS call (channel TEXT PRIMARY KEY, about TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS told (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
"""


class Journal:
    """One writer's."""

    def __init__(self, path: Path) -> None:
        path.touch()
        path.chmod(0o600)
        self._database = sqlite3.connect(path)
        self._database.executescript(TABLES)
        self.close = self._database.close

    @property
    def callers(self) -> dict[str, Any]:
        """The calls under way, as `Calls` has them."""
        return {channel: json.loads(about) for channel, about in self._database.execute("SELECT * FROM call")}

    def keep(self, told: Sequence[Mapping[str, Any]], callers: Mapping[str, Any]) -> None:
        """Once it returns, nothing of it is lost."""
        with self._database:
            self._database.execute("DELETE FROM call")
            rows = [(channel, json.dumps(about)) for channel, about in callers.items()]
            self._database.executemany("INSERT INTO call VALUES (?, ?)", rows)
            self._database.executemany("INSERT INTO told (body) VALUES (?)", [(json.dumps(one),) for one in told])

    def due(self, most: int) -> Sequence[tuple[int, str]]:
        """What was told first."""
        return self._database.execute("SELECT id, body FROM told ORDER BY id LIMIT ?", (most,)).fetchall()

    def done(self, ids: Iterable[int]) -> None:
        with self._database:
            self._database.executemany("DELETE FROM told WHERE id = ?", [(one,) for one in ids])
