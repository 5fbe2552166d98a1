"""Commands of `banshi` that are over soon, each in a process of its own that has imported everything before it begins.

Importing the platform takes longer than most commands, and the tests run two hundred of them: a process that has done
that once is forked for each. What stays up, and what is about the console script, is started from the disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

from banshi.default_plugins import DEFAULT_PLUGINS
from banshi.ops.cli import COMMANDS, main

#: Seconds until a command is given up.
TIMEOUT_S = 120.0

FORKED = get_context("forkserver")
FORKED.set_forkserver_preload([*COMMANDS.values(), *DEFAULT_PLUGINS, "banshi.app", "mobile_push", __name__])


def run(
    folder: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`banshi` with these arguments, run in `folder` to its end. `environment` is whole, in place of the tests' own."""
    told = ["banshi", *map(str, arguments)]
    with tempfile.TemporaryDirectory() as place:
        out, err = Path(place) / "out", Path(place) / "err"
        process = FORKED.Process(target=_begin, args=(told, folder, dict(environment or os.environ), out, err))
        process.start()
        process.join(TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(told, TIMEOUT_S, out.read_bytes(), err.read_bytes())
        return subprocess.CompletedProcess(
            told, process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        )


def _begin(told: list[str], folder: Path, environment: Mapping[str, str], out: Path, err: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = told
    # As who starts itself again finds it.
    sys.orig_argv[:] = [sys.executable, str(Path(sys.executable).with_name("banshi")), *told[1:]]
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    sys.pycache_prefix = environment.get("PYTHONPYCACHEPREFIX")
    for file, number in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1)
    main()
