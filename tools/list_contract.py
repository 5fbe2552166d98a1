"""Write tests/contract/frozen/contract.json: what plugins may rest on, name by name and argument by argument.

Run it from the repository root at each release: `python tools/list_contract.py`. A test holds everything that stands
there to its promise: additions are fine, and whatever would break an installed plugin is not.
"""

from __future__ import annotations

import enum
import inspect
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import banshi
from banshi import testing
from banshi.moved import MOVED, RETIRED, OldName
from banshi.ops.cli.hooks import hooks

FILE = Path("tests/contract/frozen/contract.json")

#: What the platform alone makes: a plugin rests on what it has, and not on what it is made from.
GIVEN = {"Call", "Case", "CaseEvent", "Door", "Move", "Person", "Platform", "Principal", "Reply"}

#: What `banshi.testing` promises.
TESTING = ("Door", "Person", "Reply", "open_door")


def described() -> dict[str, Any]:
    """The public names with their arguments, methods and members, and the hooks with theirs."""
    return {
        "names": {name: described_name(name, value) for name, value in named()},
        "testing": {name: described_name(name, getattr(testing, name)) for name in TESTING},
        "hooks": {name: {"takes": list(inspect.signature(spec).parameters)} for name, spec in hooks().items()},
    }


def named() -> Iterator[tuple[str, Any]]:
    """The public names, those that are still found where they were before among them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OldName)
        yield from ((name, getattr(banshi, name)) for name in sorted({*banshi.__all__, *MOVED, *RETIRED}))


def described_name(name: str, value: Any) -> dict[str, Any]:
    """What of one name a plugin may rest on."""
    if isinstance(value, type) and issubclass(value, enum.Enum):
        return {"members": [member.name for member in value]}
    if not isinstance(value, type):
        return {"arguments": arguments(value)} if inspect.isfunction(value) else {}
    columns = value._meta.fields_map if hasattr(value, "_meta") else {}
    public = {one: there for one, there in vars(value).items() if one[0] != "_" and one != "Meta"}
    methods = {one: arguments(there) for one, there in public.items() if inspect.isfunction(there)}
    has = sorted({*public, *vars(value).get("__annotations__", {}), *columns} - methods.keys())
    made = {} if name in GIVEN else {"arguments": arguments(value)}
    return {**made, "methods": methods, "has": [one for one in has if one[0] != "_"]}


def arguments(called: Callable[..., Any]) -> dict[str, str]:
    """Name → whether it may be left out, and how it is given."""
    try:
        parameters = inspect.signature(called).parameters.values()
    except ValueError:  # what is made by others, as an Enum is
        return {}
    return {
        one.name: f"{'needed' if one.default is one.empty else 'optional'}, {one.kind.description}"
        for one in parameters
        if one.name != "self" and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    }


def main() -> None:
    parts = []
    for part, names in described().items():
        lines = (f"    {json.dumps(name)}: {json.dumps(about)}" for name, about in names.items())
        parts.append(f"  {json.dumps(part)}: {{\n" + ",\n".join(lines) + "\n  }")
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
