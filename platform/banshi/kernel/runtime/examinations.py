"""What an examination found, and how plugins add theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from banshi.foundation.keys import Key
from banshi.kernel.loading.registry import Registry

State = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the report."""

    #: What was looked at, in one or two words with hyphens: "database-clock".
    check: str
    state: State
    #: What was found, and where it isn't right what to do.
    told: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """What an examination looks at."""

    registry: Registry
    #: Whether services outside may be called.
    online: bool = False
    #: Server processes on all machines together, as far as the operator says.
    workers: int = 1


#: Looks at something and says what it found. What it raises is told as an error of its plugin's.
Examination = Callable[[Deployment], Awaitable[Sequence[Verdict]]]

#: Plugins that know what else can be wrong around a deployment offer it here.
EXAMINATIONS: Key[Examination] = Key("examinations of a deployment")


def are_private(check: str, files: Iterable[Path]) -> list[Verdict]:
    """Whether files with secrets are their owner's alone; those that aren't there are another check's."""
    there = [file for file in files if file.is_file()]
    open_ones = [file for file in there if file.stat().st_mode & 0o077]
    if open_ones:
        names = ", ".join(map(str, open_ones))
        return [Verdict(check, "error", f"others on this machine can read {names}: run chmod 600 on it")]
    return [Verdict(check, "ok", f"{len(there)} files are their owner's alone")] if there else []
