"""Files that people upload: who examines them before anybody reads them."""

from __future__ import annotations

from banshi.builtin.uploads.quarantine import SCANNERS, Scanner
from banshi.builtin.uploads.receiving import sound_in
from banshi.builtin.uploads.storing import show_file, store_file

__all__ = ["SCANNERS", "Scanner", "show_file", "sound_in", "store_file"]
