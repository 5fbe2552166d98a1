"""How long a start takes, with compiled code of its own: whether this machine has any yet must not decide it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.shared.api_load import ITEM
from benchmarks.shared.fetching import fetched
from benchmarks.shared.processes import pin, serving


def compiled_in(folder: Path) -> dict[str, str]:
    """An environment with compiled code in a folder of its own."""
    return {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}


def seconds_to_answer(file: Path, environment: Mapping[str, str], path: str = ITEM) -> float:
    began = time.perf_counter()
    with serving(file, **environment) as server:
        fetched(server.url + path)
        return time.perf_counter() - began


def seconds_of(code: str, environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True, timeout=30, env={**os.environ, **environment}, preexec_fn=pin(0))
    return time.perf_counter() - began
