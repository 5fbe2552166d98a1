"""What clients, operators and databases rest on, of an earlier commit and of this one: every difference.

    git worktree add ../before COMMIT && (cd ../before && the README's test line up to its group)
    python tools/surface.py ../before

Of each it starts the real server on that commit's own plugins.toml, and looks at operations, parameters, statuses,
members, tables, keys of `[platform]`, commands with their options, and metrics. Order and prose may differ. Ends with 1
where anything else does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.shared.fetching import document, fetched
from benchmarks.shared.processes import serving, workspace

ROOT = Path(__file__).resolve().parent.parent

#: Members of a description that are prose, or say which version made it.
PROSE = {"description", "summary", "title", "example", "examples", "version", "contact"}


def surface(tree: Path) -> dict[str, str]:
    """All of it as texts by place, such as `GET /v1/items parameters limit`."""
    with workspace() as folder:
        file = folder / "plugins.toml"
        text = (tree / "plugins.toml").read_text(encoding="utf-8")
        text = re.sub(r'^path = "', f'path = "{tree}/', text, flags=re.MULTILINE)
        file.write_text(text, encoding="utf-8")
        found = dict(_served(tree, file))
        found.update(_tables(folder / "data" / "banshi.sqlite3"))
        found.update(_commands(tree, file))
        found.update(_settings(tree))
    return found


def _served(tree: Path, file: Path) -> Iterator[tuple[str, str]]:
    with serving(file, command=str(tree / ".venv" / "bin" / "banshi"), side=None) as server:
        described = document(f"{server.url}/openapi.json")
        named = described["components"]["schemas"]
        for path, operations in described["paths"].items():
            for method, operation in operations.items():
                yield from _flat(f"{method.upper()} {path}", _written_out(operation, named))
        yield from _flat("schemas", named)
        metrics = fetched(f"{server.url}/metrics")[0].decode()
        for family in sorted(set(re.findall(r"^# TYPE (\w+ \w+)", metrics, re.MULTILINE))):
            yield f"metric {family}", "there"


def _written_out(part: Any, named: Mapping[str, Any], above: tuple[str, ...] = ()) -> Any:
    """A part without references: a schema that got a name of its own is the same schema."""
    if isinstance(part, list):
        return [_written_out(one, named, above) for one in part]
    if not isinstance(part, dict):
        return part
    name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
    beside = {key: _written_out(value, named, above) for key, value in part.items() if key != "$ref"}
    if name not in named:
        return beside
    return part if name in above else beside | _written_out(named[name], named, (*above, name))


def _flat(place: str, part: Any) -> Iterator[tuple[str, str]]:
    """A document's leaves by place; what stands in a list goes by what it is, whatever its order."""
    if isinstance(part, dict):
        for key, value in part.items():
            # A property may be called `title`.
            if key not in PROSE or place.endswith(" properties"):
                yield from _flat(f"{place} {key}", value)
    elif isinstance(part, list):
        for value in part:
            name = value.get("name") if isinstance(value, dict) else None
            yield from _flat(f"{place} {name or json.dumps(value, sort_keys=True, ensure_ascii=False)}", name and value)
    else:
        yield place, json.dumps(part, ensure_ascii=False)


def _tables(file: Path) -> Iterator[tuple[str, str]]:
    with sqlite3.connect(file) as connection:
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master"):
            if sql and kind == "table":
                for column in connection.execute(f'PRAGMA table_info("{name}")'):
                    yield f"table {name} {column[1]}", repr(column[2:])
            elif sql:
                yield f"{kind} {name}", re.sub(r"\s+", " ", sql)
        for app, name in connection.execute("SELECT app, name FROM tortoise_migrations"):
            yield f"migration {app} {name}", "applied"


def _commands(tree: Path, file: Path) -> Iterator[tuple[str, str]]:
    code = """
import click, json
from banshi.ops.cli import group
def walk(command, ctx, name):
    options = sorted(one for parameter in command.params for one in parameter.opts)
    print(json.dumps([name, options]))
    if isinstance(command, click.Group):
        for sub in sorted({*command.list_commands(ctx), *getattr(command, "of_plugins", lambda _: ())(ctx)}):
            found = command.get_command(ctx, sub)
            walk(found, click.Context(found, parent=ctx, info_name=sub), f"{name} {sub}")
ctx = click.Context(group, info_name="banshi")
ctx.params["config"] = %r
walk(group, ctx, "banshi")
"""
    for line in _said(tree, code % str(file)):
        name, options = json.loads(line)
        yield f"command {name}", " ".join(options)


def _settings(tree: Path) -> Iterator[tuple[str, str]]:
    code = """
import dataclasses, banshi.kernel.loading.settings as settings
for one in dataclasses.fields(settings.Settings):
    print(one.name, "=", one.type)
"""
    for line in _said(tree, code):
        key, _, kind = line.partition(" = ")
        yield f"platform.{key}", kind


def _said(tree: Path, code: str) -> list[str]:
    python = tree / ".venv" / "bin" / "python"
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run([python, "-c", code], cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.splitlines()


def differences(before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    for place in sorted(before.keys() | now.keys()):
        old, new = before.get(place), now.get(place)
        if old != new:
            yield f"{place}: {'not there' if old is None else old} -> {'gone' if new is None else new}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("before", type=Path, help="a worktree of the commit before, with its environment in .venv")
    parser.add_argument("--now", type=Path, default=ROOT, help="another worktree in place of this one")
    given = parser.parse_args()
    before, now = surface(given.before.resolve()), surface(given.now.resolve())
    found = list(differences(before, now))
    print("\n".join(found))
    print(f"{len(before):,} places before, {len(now):,} now, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
