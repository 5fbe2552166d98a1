"""`banshi` that says what is alive in it, every second, in the file that SOAK_ALIVE names.

Python's blocks, and the MiB that malloc's main arena has in use, and keeps though they are free: what a rush took and
nobody has asked for since. Their sum can grow where nothing is left behind.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from pathlib import Path

from banshi.ops.cli import main

EVERY_S = 1.0

#: The fields of glibc's mallinfo2, in their order.
FIELDS = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]


class MallInfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS]


def tell(file: Path) -> None:
    """Write it down until the process ends, each time whole."""
    ask = getattr(ctypes.CDLL(None), "mallinfo2", MallInfo)
    ask.restype = MallInfo
    draft = file.with_suffix(".new")
    while True:
        said = ask()
        draft.write_text(f"{sys.getallocatedblocks()} {said.uordblks / 2**20} {said.fordblks / 2**20}")
        draft.replace(file)
        time.sleep(EVERY_S)


if __name__ == "__main__":
    threading.Thread(target=tell, args=(Path(os.environ["SOAK_ALIVE"]),), daemon=True).start()
    main()
