"""Packages that promised to stay small, in lines of code: blanks, comments, docstrings and migrations are none."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Lines of code that a package may have. The numbers only fall.
BUDGET = {"plugins/channels/conversations": 3_500}

#: Tokens that are no code.
NONE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(text: str) -> int:
    """How many lines of a module have code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NONE:
            lines |= {*range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            lines -= {*range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)}
    return len(lines)


@pytest.mark.parametrize("package", BUDGET)
def test_a_package_stays_within_its_budget(package: str) -> None:
    files = [file for file in (ROOT / package).rglob("*.py") if "migrations" not in file.parts]
    whole = sum(code_lines(file.read_text(encoding="utf-8")) for file in files)
    assert 1_000 < whole <= BUDGET[package], f"{whole} lines: what else in the house does this already?"


TOLD = '''"""Two
lines."""

# A comment.
class A:
    """One."""

    text = """three

    lines"""

    def f(self): ...
'''


def test_words_about_code_are_no_lines_of_it() -> None:
    assert code_lines(TOLD) == len(["class", "text", "", "lines", "def"])
