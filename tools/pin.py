"""Write the versions of every direct and transitive dependency into pyproject.toml, and the image's with their hashes.

Run it from the repository root with `uv` on the path: `python tools/pin.py`. It resolves all extras and groups
for every platform and replaces the list between the two markers under `[tool.uv]`, which `uv pip install` then obeys.
What the image installs goes into deploy/requirements.txt: wheels alone, so that nothing of anybody's runs while it is
built, each with its SHA-256. `python tools/pin.py --image` writes that file anew and leaves the versions as they are.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

PYPROJECT = Path("pyproject.toml")
BEGIN, END = "# pins: begin", "# pins: end"

#: What the image has beside the platform itself, and what builds that; Python as deploy/Dockerfile has it.
IMAGE, EXTRAS, PYTHON = Path("deploy/requirements.txt"), ("insights", "postgres", "redis", "tracing"), "3.13"
HEAD = "# What the image installs, wheels alone: `python tools/pin.py` writes it, and pip holds each to its hash.\n"


def resolve(*arguments: str) -> str:
    """What uv resolves these and hatchling to, where `-` is among them. Raises CalledProcessError."""
    command = ["uv", "pip", "compile", "--universal", "--no-header", "--no-annotate", "--quiet", *arguments]
    return subprocess.run(command, input="hatchling\n", check=True, capture_output=True, text=True).stdout


def toml_list(name: str, resolved: str) -> str:
    """The requirement lines, without comments."""
    lines = sorted(line.strip() for line in resolved.splitlines() if re.match(r"[A-Za-z0-9]", line))
    return f"{name} = [\n" + "".join(f"  {json.dumps(line)},\n" for line in lines) + "]\n"


def write_image() -> None:
    """Raises CalledProcessError where a version has no wheel."""
    how = ("--generate-hashes", "--no-emit-index-url", "--only-binary=:all:", f"--python-version={PYTHON}")
    extras = (f"--extra={extra}" for extra in EXTRAS)
    IMAGE.write_text(HEAD + resolve(*how, *extras, str(PYPROJECT), "-"), encoding="utf-8")


def main() -> None:
    if sys.argv[1:] == ["--image"]:
        return write_image()
    text = PYPROJECT.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PYPROJECT.write_text(head + BEGIN + "\n" + END + tail, encoding="utf-8")
    groups = re.findall(r"^(\w+) = \[$", text.partition("[dependency-groups]")[2].partition("\n[")[0], re.MULTILINE)
    everything = resolve("--all-extras", *(f"--group={group}" for group in groups), str(PYPROJECT))
    pins = toml_list("constraint-dependencies", everything) + toml_list("build-constraint-dependencies", resolve("-"))
    PYPROJECT.write_text(f"{head}{BEGIN}\n{pins}{END}{tail}", encoding="utf-8")
    return write_image()


if __name__ == "__main__":
    main()
