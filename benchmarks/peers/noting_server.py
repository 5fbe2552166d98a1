"""`banshi` that writes down each statement that it sends to PostgreSQL, once, with the values of its first time.

The file is named by SEED_STATEMENTS: a line for each, base64 of a pickle of the text and a list of values.
"""

from __future__ import annotations

import base64
import os
import pickle
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from banshi.ops.cli import main
from benchmarks import seed_plans
from benchmarks.seed_plans import Statement

SEEN: dict[str, Statement] = {}


def note(logged: Any) -> None:
    """Write a statement down that is new."""
    if (found := seed_plans.note(SEEN, logged)) is not None:
        with Path(os.environ["SEED_STATEMENTS"]).open("ab") as file:
            file.write(base64.b64encode(pickle.dumps((found.text, found.values))) + b"\n")


async def listened(connection: Any) -> None:
    connection.add_query_logger(note)


if __name__ == "__main__":
    asyncpg.create_pool = partial(asyncpg.create_pool, init=listened)
    main()
