"""What of npm judges the API's description, installed when it is first needed.

Nothing of it is part of the platform. Its versions stand here alone; git ignores the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PINS = {
    "@stoplight/spectral-cli": "6.16.3",
    "@types/node": "20.19.0",
    "openapi-fetch": "0.17.0",
    "openapi-typescript": "7.13.0",
    # The newest that openapi-typescript works with.
    "typescript": "5.9.3",
}

#: The oldest Node.js that all of them take.
OLDEST_NODE = 20

#: Where they stay for the next time: new pins, new folder.
KEPT = ROOT / "build" / f"npm-{hashlib.sha256(json.dumps(PINS).encode()).hexdigest()[:12]}"

#: Seconds that npm may take.
PATIENCE = 300


class Missing(Exception):
    """What is missing: no Node.js, one that is too old, no npm, or npm couldn't install them."""


def installed() -> Path:
    """The folder whose `node_modules` hold them.

    Raises Missing; in continuous integration, on a machine with Node.js, RuntimeError, so that nobody overlooks it.
    """
    if shutil.which("node") is None:
        raise Missing("there is no Node.js here")
    try:
        _check_node()
        if not KEPT.exists():
            _install()
    except Missing as error:
        if os.environ.get("CI") == "true":
            raise RuntimeError(f"the description is not judged: {error}") from error
        raise
    return KEPT


def _check_node() -> None:
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    found = re.match(r"v(\d+)\.", said)
    if found is None or int(found[1]) < OLDEST_NODE:
        raise Missing(f"Node.js {OLDEST_NODE} or newer is needed, here is {said or 'one that does not start'}")


def _install() -> None:
    """Install them beside their place first: a folder at its place is whole."""
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("there is no npm here")
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="npm-", dir=KEPT.parent) as name:
        quiet = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        command = [npm, "install", "--prefix", name, *quiet, *(f"{one}@{version}" for one, version in PINS.items())]
        try:
            done = subprocess.run(command, cwd=name, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise Missing(f"npm took longer than {PATIENCE} s") from None
        if done.returncode:
            code = re.search(r"\b(E[A-Z0-9]+)$", done.stderr, re.MULTILINE)
            raise Missing(f"npm could not install {', '.join(PINS)} ({code[1] if code else done.returncode})")
        whole = Path(name) / "whole"
        whole.mkdir()
        (Path(name) / "node_modules").rename(whole / "node_modules")
        if not KEPT.exists():
            whole.rename(KEPT)
