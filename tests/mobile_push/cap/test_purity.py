"""The package is values and bytes: it can be read, tested and used without the platform."""

from __future__ import annotations

import ast
from pathlib import Path

import mobile_push.cap

FOLDER = Path(mobile_push.cap.__file__).parent
ALLOWED = ("mobile_push.cap",)


def test_alerts_know_nothing_of_the_platform_the_database_or_http() -> None:
    for file in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong = [name for name in names if name.split(".")[0] in {"banshi", "tortoise", "aiohttp", "pyfcm"}]
            wrong += [name for name in names if name.startswith("mobile_push") and not name.startswith(ALLOWED)]
            assert not wrong, f"{file.name} imports {wrong}"
