"""`banshi` that judges one night after another as long as the file is there that it is told first."""

from __future__ import annotations

import sys
from contextlib import suppress
from os import SEEK_END
from pathlib import Path

import insights
from banshi import Platform
from banshi.ops.cli import main

IS_NIGHT = Path(sys.argv.pop(1))


async def judge_at_night(platform: Platform) -> None:
    """A whole night: all series read, judged in the other process, and what rose kept."""
    if is_night():
        await insights.judge_now(platform)
        note()


def is_night() -> bool:
    return IS_NIGHT.exists()


def note() -> None:
    """Another night has ended; where it is day by now, nobody asks."""
    with suppress(FileNotFoundError), IS_NIGHT.open("r+", encoding="utf-8") as stream:
        stream.seek(0, SEEK_END)
        stream.write("judged\n")


if __name__ == "__main__":
    insights.judge_if_due, insights.HOUR_LOOK_S = judge_at_night, 0.2
    main()
