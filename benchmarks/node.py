"""firebase-admin for Node.js: the release that is compared, installed by npm when it is first needed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from processes import ROOT

#: The newest release; its version stands here alone.
VERSION = "14.5.1"

#: It says that it wants 22; it works on 20 as well, and is no slower there than the last release that says 20.
OLDEST_NODE = 20

#: Where it stays for the next time; git ignores it.
KEPT = ROOT / "build" / f"firebase-admin-{VERSION}"

#: Seconds that npm may take.
PATIENCE = 300


class Missing(Exception):
    """What is missing: no Node.js, one that is too old, no npm, or npm couldn't install the release."""


def firebase_admin() -> Path:
    """The folder whose `node_modules` hold it.

    Raises Missing where it can't be measured; in continuous integration, on a machine with Node.js, RuntimeError, so
    that nobody overlooks that it isn't.
    """
    if shutil.which("node") is None:
        raise Missing("no Node.js")
    try:
        _check_node()
        if not KEPT.exists():
            _install()
    except Missing as error:
        if os.environ.get("CI") == "true":
            raise RuntimeError(f"firebase-admin for Node.js is not measured: {error}") from error
        raise
    return KEPT


def _check_node() -> None:
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    found = re.match(r"v(\d+)\.", said)
    if found is None or int(found[1]) < OLDEST_NODE:
        raise Missing(f"Node.js {OLDEST_NODE} or newer is needed, here is {said or 'one that does not start'}")


def _install() -> None:
    """Install it beside its place first: a folder at its place is whole."""
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("no npm")
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="firebase-admin-", dir=KEPT.parent) as name:
        quiet = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        command = [npm, "install", "--prefix", name, *quiet, f"firebase-admin@{VERSION}"]
        try:
            done = subprocess.run(command, cwd=name, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise Missing(f"npm took longer than {PATIENCE} s to install firebase-admin {VERSION}") from None
        if done.returncode:
            code = re.search(r"\b(E[A-Z0-9]+)$", done.stderr, re.MULTILINE)
            raise Missing(f"npm could not install firebase-admin {VERSION} ({code[1] if code else done.returncode})")
        whole = Path(name) / "whole"
        whole.mkdir()
        (Path(name) / "node_modules").rename(whole / "node_modules")
        if not KEPT.exists():
            whole.rename(KEPT)
