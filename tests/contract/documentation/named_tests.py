"""The tests that a page names: whether they are there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def functions(file: Path) -> set[str]:
    """The names of a file's own functions; none where there is no such file."""
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
