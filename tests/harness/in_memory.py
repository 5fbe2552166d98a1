"""What tests write lies in memory where there is enough of it: on a disk, small files cost more than they seem to.

The kernel's CPU time for a third of the tests went from 8.1 to 4.9 s.
"""

from __future__ import annotations

import os
from pathlib import Path

#: Where Linux has files in memory, and the bytes that have to be free there: tests in a whole run need a tenth of it.
MEMORY, MIN_FREE_BYTES = Path("/dev/shm"), 4 * 1024**3

#: Where pytest makes its folders, by its own name for it.
ROOT = "PYTEST_DEBUG_TEMPROOT"


def write_to_memory() -> None:
    """Unless somebody has said where; a container has little of it as a rule, and may run no program from there."""
    if ROOT in os.environ or not MEMORY.is_dir():
        return
    room = os.statvfs(MEMORY)
    if room.f_bavail * room.f_frsize >= MIN_FREE_BYTES and not room.f_flag & os.ST_NOEXEC:
        os.environ[ROOT] = str(MEMORY)
