"""Compile `@banshi/client` into build/, for whoever tries it: its tests, the judges of forms, the story of a client.

The examples of docs/api/clients.md are held against its types.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path

from tools import npm

#: What it is compiled and formatted by. Nothing of it is in what is compiled, which needs no package at all.
PINS = {"@types/node": "20.19.0", "prettier": "3.10.1", "typescript": "5.9.3"}

FOLDER = npm.ROOT / "clients" / "typescript"

PAGE = npm.ROOT / "docs" / "api" / "clients.md"

#: What the examples of the page take from the app around them.
GIVEN = """\
import type { Json, Message } from "@banshi/client";
declare global {
  const url: string;
  const signIn: { accessToken(not: { not: string | undefined }): Promise<string> };
  const answers: { [name: string]: Json };
  const file: File;
  const database: IDBDatabase;
  const deviceId: string;
  const signal: AbortSignal;
  const show: (message: Message) => void;
}
"""


def built() -> Path:
    """The folder of the compiled modules, with `tests/` beside `src/`; compiled anew only after a change.

    Raises npm.Missing without Node.js, and npm.Wrong with what the compiler says.
    """
    modules = npm.installed(PINS, "the client in TypeScript is not tried")
    files = sorted([*FOLDER.glob("*.json"), *FOLDER.rglob("*.ts")])
    sources = hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()
    place = npm.ROOT / "build" / f"typescript-{sources[:12]}"
    if place.exists():
        return place
    making = place.with_name(f"{place.name}-{os.getpid()}")
    compiler = ["node", str(modules / "typescript" / "bin" / "tsc"), "--project", str(FOLDER / "tests")]
    npm.said([*compiler, "--typeRoots", str(modules / "@types"), "--outDir", str(making)], FOLDER)
    (making / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    if not place.exists():
        making.rename(place)
    return place


def examples(page: str) -> str:
    """What the page has in TypeScript as one module, in which each line stands where it does there."""
    lines, inside = [], False
    for line in page.splitlines():
        inside = line == "```ts" or (inside and line != "```")
        lines.append(line if inside and line != "```ts" else "")
    return "\n".join(lines) + "\n"


def check_examples(module: str) -> None:
    """Raises npm.Wrong with what the compiler has against examples. Nothing is run."""
    modules = npm.installed(PINS, "the examples are not compiled")
    with tempfile.TemporaryDirectory(prefix="banshi-examples-") as name:
        folder = Path(name)
        (folder / "clients.md.ts").write_text(module, encoding="utf-8")
        (folder / "given.ts").write_text(GIVEN, encoding="utf-8")
        (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
        options = {"rootDir": "/", "noEmit": True, "noUnusedLocals": False}
        options["paths"] = {"@banshi/client": [str(FOLDER / "src" / "index.ts")]}
        project = {"extends": str(FOLDER / "tsconfig.json"), "compilerOptions": options, "include": [str(folder)]}
        (folder / "tsconfig.json").write_text(json.dumps(project), encoding="utf-8")
        npm.said(["node", str(modules / "typescript" / "bin" / "tsc"), "--project", str(folder)], FOLDER)


def check_format() -> None:
    """Raises npm.Wrong with the files that are not written as prettier writes them."""
    modules = npm.installed(PINS, "the client in TypeScript is not tried")
    prettier = str(modules / "prettier" / "bin" / "prettier.cjs")
    npm.said(["node", prettier, "--check", "src", "tests", "*.json"], FOLDER)


def main() -> None:
    try:
        place = built()
        check_format()
        check_examples(examples(PAGE.read_text(encoding="utf-8")))
        tests = sorted(str(file) for file in (place / "tests").glob("*.test.js"))
        told = npm.said(["node", "--test", "--test-reporter=tap", *tests], FOLDER)
        print(f"the client in TypeScript: {', '.join(re.findall(r'# ((?:tests|pass) [0-9]+)', told))}")
    except npm.Missing as error:
        print(f"the client in TypeScript is left out: {error}")
    except npm.Wrong as error:
        sys.exit(f"TypeScript: {error}")


if __name__ == "__main__":
    main()
