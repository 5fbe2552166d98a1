"""firebase-admin for Node.js: the release that is compared, installed by npm when it is first needed."""

from __future__ import annotations

from pathlib import Path

from tools.npm import Missing, installed

__all__ = ["VERSION", "Missing", "firebase_admin"]

#: The newest release; its version stands here alone. It says that it wants Node.js 22; it works on 20 as well, and is
#: no slower there than the last release that says 20.
VERSION = "14.5.1"


def firebase_admin() -> Path:
    """The folder `node_modules` that holds it. Raises as `installed` does."""
    return installed({"firebase-admin": VERSION}, "firebase-admin for Node.js is not measured")
