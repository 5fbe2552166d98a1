"""The calls of Linux that a child may make whatever it asks for; all others are refused, or looked at first.

A call is on the list of `system_calls.txt` because Python or a library with no process, no device and no file to change
needs it. What is not: new programs and processes, other processes, another user, names and modes of files, memory and
queues that no limit of a process counts, what is root's alone, and calls that have had holes and that nobody needs.
"""

from pathlib import Path

_LINES = Path(__file__).with_suffix(".txt").read_text("ascii").splitlines()

#: Name, number on x86-64 (None: it has none), number on aarch64.
ALLOWED = tuple(
    (name, None if on_x86_64 == "-" else int(on_x86_64), None if on_aarch64 == "-" else int(on_aarch64))
    for name, on_x86_64, on_aarch64 in (line.split() for line in _LINES if not line.startswith("#"))
)

#: The last call that the list was held against (Linux 6.17). A newer one is told to be missing, so that a program takes
#: what was before.
NEWEST = 469
