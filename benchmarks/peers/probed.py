"""`banshi` that counts the statements that it sends, by their text, its BEGIN and COMMIT too.

    python probed.py FILE --config plugins.toml serve

At SIGUSR2 what was counted since the start stands in FILE, as JSON.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asyncpg.protocol import Protocol

from banshi.ops.cli import main

STATEMENTS: Counter[str] = Counter()

#: Characters by which a statement is known.
SHOWN = 100


def note(text: str) -> None:
    STATEMENTS[" ".join(text.split())[:SHOWN]] += 1


def noting(plain: Callable[..., Any]) -> Callable[..., Any]:
    """The same method of a connection to PostgreSQL, which notes what it sends: a text, or what was prepared."""

    def asked(protocol: Any, *given: Any, **named: Any) -> Any:
        what = given[0] if given else named["state"]
        note(getattr(what, "query", what))
        return plain(protocol, *given, **named)

    return asked


def connected(*given: Any, connect: Any = sqlite3.connect, **named: Any) -> sqlite3.Connection:
    made: sqlite3.Connection = connect(*given, **named)
    made.set_trace_callback(note)
    return made


def tell(file: Path) -> None:
    told = {"cpu": time.process_time(), "at": time.monotonic(), "statements": STATEMENTS}
    file.with_suffix(".new").write_text(json.dumps(told))
    file.with_suffix(".new").replace(file)


if __name__ == "__main__":
    place = Path(sys.argv.pop(1))
    sqlite3.connect = connected
    for name in ("query", "bind_execute", "bind_execute_many"):
        setattr(Protocol, name, noting(getattr(Protocol, name)))
    signal.signal(signal.SIGUSR2, lambda *_: tell(place))
    main()
