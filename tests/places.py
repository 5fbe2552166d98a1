"""Where the house and its departments lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEPARTMENTS = ROOT / "plugins" / "departments"
TRAFFIC = DEPARTMENTS / "traffic"
