"""Judge the API's description as clients do: make a client of it in each language, and let that get a vehicle pass.

Run it with the group `clients` installed: `python tools/clients.py`. It starts `banshi serve` on temporary data, with
the plugins of plugins.toml. Spectral and TypeScript need Node.js, Swift its compiler; without them they are left out.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from benchmarks.shared.cities import project
from benchmarks.shared.processes import banshi_done, serving, workspace
from tools import npm

#: What of npm judges the description.
JUDGES = {
    "@stoplight/spectral-cli": "6.16.3",
    "@types/node": "20.19.0",
    "openapi-fetch": "0.17.0",
    "openapi-typescript": "7.13.0",
    # The newest that openapi-typescript works with.
    "typescript": "5.9.3",
}

EXAMPLES = npm.ROOT / "docs" / "examples"
PROGRAMS = Path(sys.executable).parent

#: Seconds that the server may take to answer.
PATIENCE_S = 60.0

#: Answers that are one of several things have no `id` that all of them have.
SWIFT = ("--additional-properties", "identifiableModels=false,enumUnknownDefaultCase=true")

#: The picture that is handed in.
PICTURE = "picture.png"


def main() -> None:
    with workspace() as folder:
        try:
            with served(folder) as environment:
                judged(folder, environment)
        except npm.Wrong as error:
            sys.exit(str(error))


def judged(folder: Path, environment: dict[str, str]) -> None:
    """Every judge on the description of the running server. Raises npm.Wrong."""
    description = folder / "openapi.json"
    with urlopen(f"{environment['BANSHI_URL']}/openapi.json", timeout=PATIENCE_S) as answer:  # noqa: S310 - our own server
        description.write_bytes(answer.read())
    print(f"the description: {description.stat().st_size:,} bytes")
    python(folder, environment)
    if modules := npm.found(JUDGES, "Spectral and openapi-typescript don't judge it"):
        spectral(folder, modules)
        typescript(folder, modules, environment)
        generator(folder, modules)


def python(folder: Path, environment: dict[str, str]) -> None:
    """openapi-python-client makes a client without a warning, and it gets a pass.

    It knows no XML: what a channel's provider writes to us is left out of what it reads. No client of ours does.
    """
    told = json.loads((folder / "openapi.json").read_bytes())
    for path, verbs in list(told["paths"].items()):
        if any("text/xml" in one.get("requestBody", {}).get("content", ()) for one in verbs.values()):
            del told["paths"][path]
    (folder / "without-xml.json").write_text(json.dumps(told), encoding="utf-8")
    options = ["--meta", "none", "--fail-on-warning", "--config", str(EXAMPLES / "openapi-python-client.yaml")]
    command = [str(PROGRAMS / "openapi-python-client"), "generate", "--path", "without-xml.json", *options]
    run("openapi-python-client", [*command, "--output-path", "city_api"], folder)
    story = [sys.executable, str(EXAMPLES / "vehicle_pass.py"), PICTURE]
    print(run("its client", story, folder, {**environment, "PYTHONPATH": str(folder)}))


def spectral(folder: Path, modules: Path) -> None:
    """Spectral's rules for OpenAPI find nothing, not even a hint."""
    (folder / ".spectral.yaml").write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    command = ["node", str(modules / "@stoplight/spectral-cli/dist/index.js"), "lint", "openapi.json"]
    run("Spectral", [*command, "--fail-severity", "hint", "--display-only-failures"], folder)


def typescript(folder: Path, modules: Path, environment: dict[str, str]) -> None:
    """openapi-typescript makes types, TypeScript takes them and the example, and that gets a pass."""
    (folder / "node_modules").symlink_to(modules)
    make = ["node", str(modules / "openapi-typescript/bin/cli.js"), "openapi.json", "--output", "api.d.ts"]
    run("openapi-typescript", make, folder)
    shutil.copy(EXAMPLES / "vehicle-pass.mts", folder)
    options = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "vehicle-pass.mts"]
    run("TypeScript", ["node", str(modules / "typescript/bin/tsc"), *options], folder)
    print(run("its client", ["node", "vehicle-pass.mjs", PICTURE], folder, environment))


def generator(folder: Path, modules: Path) -> None:
    """openapi-generator finds the description valid, and what it makes of it compiles."""
    command = [str(PROGRAMS / "openapi-generator-cli")]
    print(run("openapi-generator", [*command, "validate", "-i", "openapi.json"], folder))
    make = [*command, "generate", "-i", "openapi.json"]
    run("its TypeScript", [*make, "-g", "typescript-fetch", "-o", "fetched"], folder)
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    compiler = ["node", str(modules / "typescript/bin/tsc"), *options, "--lib", "es2022,dom", "fetched/index.ts"]
    run("TypeScript of that", compiler, folder)
    if shutil.which("swiftc") is None:
        print("Swift is left out: there is no compiler here")
        return
    run("its Swift", [*make, "-g", "swift6", *SWIFT, "-o", "swift"], folder)
    sources = sorted(str(file) for file in (folder / "swift" / "Sources").rglob("*.swift"))
    run("Swift of that", ["swiftc", "-typecheck", *sources], folder)


def run(name: str, command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    """What a program says. Raises npm.Wrong with it, where it fails."""
    started = time.monotonic()
    # openapi-python-client looks for ruff there.
    path = f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}"
    said = npm.said(command, folder, {**(environment or {}), "PATH": path})
    print(f"{name}: {time.monotonic() - started:.1f} s")
    return "".join(f"    {line}\n" for line in said.splitlines()).rstrip()


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """`banshi serve` on temporary data: its address and two tokens, as the examples want them in the environment."""
    from banshi.testing import TINY_PNG

    (folder / PICTURE).write_bytes(TINY_PNG)
    file = project(folder)
    with serving(file, side=None) as server:
        roles = ["--role", "traffic:reviewer", "--role", "traffic:approver"]
        citizen, staff = banshi_done(file, "token", "wang"), banshi_done(file, "token", "li", *roles)
        yield {"BANSHI_URL": server.url, "CITIZEN": citizen.strip(), "STAFF": staff.strip()}


if __name__ == "__main__":
    main()
