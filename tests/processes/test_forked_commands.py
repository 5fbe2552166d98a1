"""A command that is forked for a test is the one that a shell starts, and begins with everything imported."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.places import TRAFFIC
from tests.processes import commands

BANSHI = Path(sys.executable).with_name("banshi")


@pytest.mark.parametrize("arguments", [("check",), ("serve", "--port", "none"), ("check", "--nonesuch"), ("hooks",)])
def test_a_forked_command_says_what_the_one_from_the_disk_says(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "plugins.toml").write_text(f'[plugins.traffic]\napi = 1\npath = "{TRAFFIC}"\n[plugins.x]\n', "utf-8")
    forked = commands.run(tmp_path, *arguments)
    done = subprocess.run([BANSHI, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (forked.returncode, forked.stdout, forked.stderr) == (done.returncode, done.stdout, done.stderr)
    assert done.stdout + done.stderr


def test_the_process_that_is_forked_has_been_a_platform_once(tmp_path: Path) -> None:
    asked = partial(exec, "import sys; print('tests.processes.warmed' in sys.modules, 'pytest' in sys.modules)")
    process = commands.begin(tmp_path, "--version", before=asked)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "True False\n"
        assert process.wait() == 0
    finally:
        process.close()
