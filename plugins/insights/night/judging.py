"""The platform's side of the night: starts the process, tells it the series, and takes its verdicts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess  # nosec B404 - this interpreter, without a shell
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import orjson
import structlog

from banshi import Problem
from insights.sentences import say
from insights.settings import NightSettings

log = structlog.get_logger("insights.night")

#: The process imports what this one can; of `insights` the methods and the night alone, without the platform's hooks.
BEGIN = (
    "import sys, json, types; sys.path[:] = json.loads(sys.argv[1]); insights = types.ModuleType('insights');"
    "insights.__path__ = [sys.argv[2]]; sys.modules['insights'] = insights;"
    "from insights.night.child import main; sys.exit(main())"
)
#: One core, and nothing of the platform's environment but how texts are told.
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONUTF8": "1"}
#: Bytes of one verdict; statuses of a process that has judged all series, or all but the wrong ones.
MAX_LINE_BYTES, OVER = 1_048_576, (0, 3)


@dataclass(frozen=True, slots=True)
class Asked:
    """A series of which all periods are closed."""

    key: str
    #: The first Monday; or the first day, where the grain is a day.
    first: date
    grain: Literal["week", "day"]
    #: None for a gap.
    counts: Sequence[int | None]
    #: How many of its last periods are judged.
    last: int = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be said of one period of a series."""

    key: str
    at: date
    count: int
    #: None where there are too few cases for a bound.
    expected: float | None
    upper: float | None
    #: The probability of so many or more.
    p: float
    method: str
    #: Above its bound, and a discovery among all series of the same period.
    is_alarm: bool
    #: The first period of the unbroken run above the bound.
    since: date
    #: Alarms that chance makes in a year over all series that were judged with it.
    chance_per_year: float
    #: (expected, upper) of the last periods up to it, its own last.
    bounds: Sequence[tuple[float | None, float | None]]


class NightFailed(Problem, status=503, code="night-failed", says=say):
    """The figures could not be judged; nothing was changed, and the next night tries again."""


async def judge(asked: Iterable[Asked], settings: NightSettings) -> list[Judged]:
    """Judge the last periods of each series, in a process of its own with the lowest priority.

    Args:
        asked: The series. Of one that is too short, and of a gap, nothing is said; the log names one that is wrong.
        settings: By what, and in which time and memory.

    Raises:
        NightFailed: The process took too long or too much memory, or ended otherwise than it should.
    """
    process = await asyncio.create_subprocess_exec(*_command(), **_alone())
    try:
        async with asyncio.timeout(settings.seconds):
            return await _exchanged(process, asked, settings)
    except TimeoutError:
        raise NightFailed(
            say("The night took more than {seconds} s and was ended.", seconds=settings.seconds)
        ) from None
    finally:
        # Once it has ended, another may have its number.
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _command() -> list[str]:
    folders = [json.dumps([str(Path(one).absolute()) for one in sys.path]), str(Path(__file__).parents[1])]
    return [sys.executable, "-I", "-c", BEGIN, *folders]


def _alone() -> dict[str, Any]:
    """A group of its own, which is ended as one, with nothing of the platform's but three pipes."""
    passed = {name: os.environ[name] for name in ("LANG", "SYSTEMROOT") if name in os.environ}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return {"env": passed | ALONE, "cwd": "/", "start_new_session": True, "limit": MAX_LINE_BYTES, **pipes}


async def _exchanged(process: Any, asked: Iterable[Asked], settings: NightSettings) -> list[Judged]:
    """A line a series each way, so that whatever else the loop has to do comes between."""
    with suppress(BrokenPipeError, ConnectionResetError):  # it has ended, and says below why
        for one in (settings.rules(), *asked):
            process.stdin.write(orjson.dumps(one) + b"\n")
            await process.stdin.drain()
        process.stdin.close()
    found = []
    async for line in process.stdout:
        told = orjson.loads(line)
        if "error" in told:
            log.error("a series can't be judged", key=told["key"], why=told["error"])
        else:
            days = {name: date.fromisoformat(told[name]) for name in ("at", "since")}
            found.append(Judged(**told | days))
    said = (await process.stderr.read()).decode(errors="replace").strip().rpartition("\n")[2][:200]
    if (status := await process.wait()) not in OVER:
        raise NightFailed(say("The night's process ended with status {status}: {said}", status=status, said=said))
    return found
