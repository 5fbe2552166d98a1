"""kill -9 of the server at random moments: what was acknowledged is there, and no push is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.places import ROOT


@pytest.mark.plain(why="benchmarks/chaos.py reads the tables as they are stored")
@pytest.mark.long
@pytest.mark.timeout(300)
def test_nothing_that_was_acknowledged_is_lost_when_the_server_is_killed_again_and_again() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "chaos.py"), "server-killed", "--short", "--kills", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, cwd=ROOT, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("| server-killed |"))
    injected, lost = row.split(" | ")[1:3]
    assert (injected, lost) == ("3", "0"), row
    assert row.endswith("| yes |"), row
