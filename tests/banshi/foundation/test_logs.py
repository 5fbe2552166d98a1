"""A log that nobody reads any more stops nobody's work."""

from __future__ import annotations

import subprocess
import sys

WRITE = """
import os, sys
from banshi.foundation.logs import Output
os.close(2)
output = Output(sys.stderr.buffer)
for _ in range(3):
    output.write(b"x" * 100_000)
    output.flush()
sys.stderr = None
print("went on")
"""


def test_a_line_that_cannot_be_written_is_let_go() -> None:
    done = subprocess.run([sys.executable, "-c", WRITE], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "went on\n", done.stderr
