"""Packages of npm that something is judged by or compared with, installed when they are first needed; what they say.

Nothing of them is part of the platform. Their versions stand with those who need them; git ignores the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

#: The oldest Node.js that all of them work with.
OLDEST_NODE = 20

#: Seconds that npm may take, and any program of theirs.
PATIENCE, PROGRAMS_S = 300, 600


class Missing(Exception):
    """What is missing: no Node.js, one that is too old, no npm, or npm couldn't install them."""


class Wrong(Exception):
    """What a program has against us."""


def said(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a program says. Raises Wrong with it, where it fails."""
    own = {**os.environ, **(environment or {})}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    try:
        done = subprocess.run(command, cwd=folder, env=own, timeout=PROGRAMS_S, check=False, **pipes)
    except subprocess.TimeoutExpired:
        raise Wrong(f"{' '.join(command)} was not done after {PROGRAMS_S} s") from None
    if done.returncode:
        raise Wrong(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return str(done.stdout)


def installed(pins: Mapping[str, str], without: str) -> Path:
    """The folder `node_modules` that holds the packages of these versions; it stays for the next time.

    Raises Missing; in continuous integration, on a machine with Node.js, RuntimeError that says `without` them what is
    not done, so that nobody overlooks it.
    """
    if shutil.which("node") is None:
        raise Missing("there is no Node.js here")
    kept = ROOT / "build" / f"npm-{hashlib.sha256(json.dumps(dict(pins)).encode()).hexdigest()[:12]}"
    try:
        _check_node()
        if not kept.exists():
            _install(pins, kept)
    except Missing as error:
        if os.environ.get("CI") == "true":
            raise RuntimeError(f"{without}: {error}") from error
        raise
    return kept / "node_modules"


def found(pins: Mapping[str, str], without: str) -> Path | None:
    """The same, or None once it is said what is not done `without` them, and why."""
    try:
        return installed(pins, without)
    except Missing as error:
        print(f"{without}: {error}")
        return None


def _check_node() -> None:
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    found = re.match(r"v(\d+)\.", said)
    if found is None or int(found[1]) < OLDEST_NODE:
        raise Missing(f"Node.js {OLDEST_NODE} or newer is needed, here is {said or 'one that does not start'}")


def _install(pins: Mapping[str, str], kept: Path) -> None:
    """Install them beside their place first: a folder at its place is whole."""
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("there is no npm here")
    kept.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="npm-", dir=kept.parent) as name:
        quiet = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        command = [npm, "install", "--prefix", name, *quiet, *(f"{one}@{version}" for one, version in pins.items())]
        try:
            done = subprocess.run(command, cwd=name, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise Missing(f"npm took longer than {PATIENCE} s") from None
        if done.returncode:
            code = re.search(r"\b(E[A-Z0-9]+)$", done.stderr, re.MULTILINE)
            raise Missing(f"npm could not install {', '.join(pins)} ({code[1] if code else done.returncode})")
        whole = Path(name) / "whole"
        whole.mkdir()
        (Path(name) / "node_modules").rename(whole / "node_modules")
        if not kept.exists():
            whole.rename(kept)
