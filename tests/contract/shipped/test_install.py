"""`tools/install.py` says in one sentence what stands in the way, and what to do, and takes nothing away."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.places import ROOT


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, for a clone without an environment."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "tools" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    return module


def refused(install: ModuleType, *words: str) -> str:
    with pytest.raises(install.Hindered) as found:
        install.install(list(words))
    told = str(found.value)
    assert "\n" not in told
    return told


def test_a_python_that_is_too_old_is_told_which_one_is_needed(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    assert refused(install, "demo") == (
        f"Python 3.11 or newer is needed, and {sys.executable} is 3.10.13: run this with a newer one"
    )


def test_the_least_python_is_that_of_pyproject(install: ModuleType) -> None:
    least = ".".join(map(str, install.MIN_PYTHON))
    assert f'requires-python = ">={least}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_a_free_threaded_python_is_told(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: 1 if name == "Py_GIL_DISABLED" else None)
    assert refused(install, "demo").endswith(
        "is free-threaded, and libraries have no wheels for that: take another build"
    )


def test_a_python_without_its_venv_is_told_what_to_install(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "apt-get install python3-venv" in refused(install, "demo")


def test_an_environment_of_another_python_is_left_as_it_is(install: ModuleType, tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.9.2\n", encoding="utf-8")
    assert refused(install, "demo").startswith(".venv is of Python 3.9.2, and this is ")
    assert [file.name for file in (tmp_path / ".venv").iterdir()] == ["pyvenv.cfg"]


@pytest.mark.parametrize("words", [["demo"], ["demo", "postgres", "redis", "test"]])
def test_a_disk_without_room_is_told_before_anything_is_made(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100 * 2**20))
    assert f"MiB, and the disk of {tmp_path} has 100: make room, or clone elsewhere" in refused(install, *words)
    assert not (tmp_path / ".venv").exists()


def test_a_disk_that_fills_up_meanwhile_is_told(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    full: Any = SimpleNamespace(returncode=1, stdout=b"OSError: [Errno 28] No space left on device")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: full)
    assert refused(install, "demo").endswith("is full: make room, and run this again")


def test_a_word_that_is_neither_an_extra_nor_a_group_is_told_with_those_there_are(install: ModuleType) -> None:
    assert refused(install, "demos").startswith("there is no demos: the extras are postgres, ")


def test_without_a_network_it_says_where_to_look(tmp_path: Path) -> None:
    """The real pip, and an index at a port where nobody listens."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "install.py", tmp_path / "tools")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = {"PIP_INDEX_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}/", "PIP_RETRIES": "0", "PIP_NO_INDEX": ""}
        kept = {name: value for name, value in os.environ.items() if name not in {"PIP_FIND_LINKS", "PYTHONPATH"}}
        done = subprocess.run(
            [sys.executable, "tools/install.py", "demo"],
            cwd=tmp_path,
            env={**kept, **away, "PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("tools/install.py: something could not be downloaded or installed, see above: look at the ")
    assert last.endswith("then run this again")
    assert "Traceback" not in done.stderr
