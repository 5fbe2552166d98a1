"""Write docs/reference.md: each name that a plugin may import, what it takes, and a sentence.

Run it from the repository root: `python tools/make_reference.py`. A test holds the page against it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from banshi import sdk

PAGE = "docs/reference.md"

HEAD = """\
# Reference

On this page you look up any name that a plugin may import. What to do with them: [plugins](plugins/README.md). For a
plugin's tests there is `banshi.testing` besides. The page is made from the code by `tools/make_reference.py`.
"""

#: A signature longer than this is left to the reader's editor.
LONGEST_SIGNATURE = 90


def modules() -> Iterator[str]:
    yield "banshi"
    yield from sorted(f"banshi.sdk.{one.name}" for one in pkgutil.iter_modules(sdk.__path__))


def described() -> Iterator[tuple[str, str, Any]]:
    """Module, name and value of all of them."""
    for module in modules():
        there = importlib.import_module(module)
        for name in there.__all__:
            yield module, name, getattr(there, name)


def first_sentence(module: str, name: str, value: Any) -> str:
    """Of its docstring, or of the comment above a constant."""
    if inspect.isclass(value) or inspect.isroutine(value):
        text = (value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__) or ""
        # A dataclass without a docstring has its signature for one.
        text = "" if text.startswith(f"{name}(") else inspect.cleandoc(text)
    else:
        text = _comment(module, name)
    return re.split(r"(?<=[.:;!?])\s|\n\n", text.strip())[0].replace("\n", " ").rstrip(":;")


def _comment(module: str, name: str) -> str:
    """The `#:` lines above the assignment of a constant, where it comes from."""
    text = inspect.getsource(importlib.import_module(module))
    if said := re.search(rf"((?:^#:.*\n)+){name}\s*[:=]", text, re.MULTILINE):
        return " ".join(line.removeprefix("#:").strip() for line in said[1].splitlines())
    for node in (one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.ImportFrom)):
        if name in (known := {one.asname or one.name: one.name for one in node.names}):
            return _comment(str(node.module), known[name])
    return ""


def signature(name: str, value: Any) -> str:
    """How it is called, where that is short."""
    if not inspect.isroutine(value):
        return name
    parameters = inspect.signature(value).parameters.values()
    shown = [one.name if one.default is one.empty else f"{one.name}=…" for one in parameters]
    first = next((place for place, one in enumerate(parameters) if one.kind is one.KEYWORD_ONLY), None)
    if first is not None:
        shown.insert(first, "*")
    whole = f"{name}({', '.join(shown)})"
    return whole if len(whole) <= LONGEST_SIGNATURE else f"{name}(…)"


def reference() -> str:
    lines = [HEAD]
    for module in modules():
        about = inspect.cleandoc(importlib.import_module(module).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        lines += [f"## {module}", about, "", "| name | what it is |", "| --- | --- |"]
        for place, name, value in described():
            if place == module:
                cell = first_sentence(module, name, value).replace("|", "\\|")
                lines.append(f"| `{signature(name, value)}` | {cell} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    Path(PAGE).write_text(reference(), encoding="utf-8")
