"""What is wrong with the problems that a handler's `validate` tells, in so far as its text shows it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from banshi.forms.pointing import placed
from banshi.foundation.findings import Finding
from banshi.kernel.loading.registry import Registry


def problems_name_fields(registry: Registry) -> Iterator[Finding]:
    """A pointer that stands in `validate` as it is names a field of the item's form, or of the answers below one."""
    # Most items are handled as their kind does it by itself.
    read: dict[type, tuple[str, ...]] = {}
    for item in registry.items.unchecked():
        own = type(item.handler)
        if own not in read:
            read[own] = _pointers(getattr(own, "validate", None))
        for written in read[own]:
            if advice := placed(written, item.form.schema if item.form is not None else {})[1]:
                where = f"{item.code}: {own.__qualname__}.validate has FieldProblem({written!r}, …)"
                yield Finding(item.plugin, "wrong-pointer", f"{where}: {advice}", warning=True)


def _pointers(method: Any) -> tuple[str, ...]:
    """The pointers that a method's source has as literals, each once."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return ()  # without a source there is nothing to read; it is told when it happens
    return tuple(dict.fromkeys(_written(tree)))


def _written(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "FieldProblem":
            named = [one.value for one in node.keywords if one.arg == "pointer"]
            match [*node.args[:1], *named]:
                case [ast.Constant(value=str(written))]:
                    yield written
