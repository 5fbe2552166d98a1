"""Installs Banshi into .venv: `python3 tools/install.py demo` with the extra `demo`, `… postgres test` with an extra
and a group of pyproject.toml. What stands in the way is said in one sentence, with what to do. What is there stays.

It begins on every Python 3, to say where one is too old.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig

MIN_PYTHON = (3, 11)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - on every Python
VENV = os.path.join(ROOT, ".venv")  # noqa: PTH118

#: MiB that an installation takes: the least, and with a group of tools.
ROOM_MIB, ROOM_WITH_GROUP_MIB = 400, 1200

#: Seconds for each of its two steps that download.
STEP_TIMEOUT_S = 1800


class Hindered(Exception):
    """What stands in the way, and what to do."""


def look_at_python() -> None:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < MIN_PYTHON:
        least = ".".join(map(str, MIN_PYTHON))
        raise Hindered(f"Python {least} or newer is needed, and {sys.executable} is {found}: run this with a newer one")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise Hindered(f"{sys.executable} is free-threaded, and libraries have no wheels for that: take another build")
    if importlib.util.find_spec("ensurepip") is None:
        raise Hindered(f"{sys.executable} can't make a .venv: install its venv (Debian: apt-get install python3-venv)")
    try:
        with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
            of = dict(line.strip().split(" = ", 1) for line in file if " = " in line).get("version", found)
    except OSError:
        return
    if of.split(".")[:2] != found.split(".")[:2]:
        raise Hindered(f".venv is of Python {of}, and this is {found}: remove .venv, or run this with that Python")


def look_at_room(mib: int) -> None:
    free = shutil.disk_usage(ROOT).free // 2**20
    if free < mib and not os.path.exists(VENV):  # noqa: PTH110
        raise Hindered(f".venv needs {mib} MiB, and the disk of {ROOT} has {free}: make room, or clone elsewhere")


def wanted(words: "list[str]") -> "list[str]":
    """The arguments for uv. Raises Hindered for a word that pyproject.toml doesn't know."""
    import tomllib

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:  # noqa: PTH118, PTH123
        project = tomllib.load(file)
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    unknown = [word for word in words if word not in {*extras, *groups}]
    if unknown:
        raise Hindered(f"there is no {unknown[0]}: the extras are {', '.join(extras)}; the groups {', '.join(groups)}")
    named = [word for word in words if word in extras]
    told = ["-e", f".[{','.join(named)}]" if named else "."]
    return told + [part for word in words if word in groups for part in ("--group", word)]


def run(*command: str) -> None:
    """A step; what it says is shown where it fails, and what to do below."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=STEP_TIMEOUT_S)
    if done.returncode == 0:
        return
    said = done.stdout.decode(errors="replace").strip()
    sys.stderr.write(said + "\n")
    if "No space left" in said or "Disk quota" in said or shutil.disk_usage(ROOT).free < 2**20:
        raise Hindered(f"the disk of {ROOT} is full: make room, and run this again")
    raise Hindered(
        "something could not be downloaded or installed, see above: look at the network, or behind a mirror set "
        "PIP_INDEX_URL and UV_DEFAULT_INDEX; then run this again"
    )


def install(words: "list[str]") -> None:
    look_at_python()
    told = wanted(words)
    look_at_room(ROOM_WITH_GROUP_MIB if "--group" in told else ROOM_MIB)
    python = os.path.join(VENV, "bin", "python")  # noqa: PTH118
    run(sys.executable, "-m", "venv", VENV)
    run(python, "-m", "pip", "install", "-q", "uv")
    run(os.path.join(VENV, "bin", "uv"), "pip", "install", "-q", "--python", python, *told)  # noqa: PTH118


if __name__ == "__main__":
    try:
        install(sys.argv[1:])
    except (Hindered, OSError, subprocess.TimeoutExpired) as error:
        sys.exit("tools/install.py: {}".format(error))  # noqa: UP032 - as all of it, on every Python
