"""Write the versions of every direct and transitive dependency into pyproject.toml.

Run it from the repository root with `uv` on the path: `python tools/pin.py`. It resolves all extras and groups
for every platform and replaces the list between the two markers under `[tool.uv]`, which `uv pip install` then obeys.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

PYPROJECT = Path("pyproject.toml")
BEGIN, END = "# pins: begin", "# pins: end"


def resolve(*arguments: str) -> list[str]:
    """The requirement lines that uv resolves to, without comments."""
    command = ["uv", "pip", "compile", "--universal", "--no-header", "--no-annotate", "--quiet", *arguments]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(line.strip() for line in lines if re.match(r"[A-Za-z0-9]", line))


def toml_list(name: str, lines: list[str]) -> str:
    return f"{name} = [\n" + "".join(f"  {json.dumps(line)},\n" for line in lines) + "]\n"


def main() -> None:
    text = PYPROJECT.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PYPROJECT.write_text(head + BEGIN + "\n" + END + tail, encoding="utf-8")
    groups = re.findall(r"^(\w+) = \[$", text.partition("[dependency-groups]")[2].partition("\n[")[0], re.MULTILINE)
    everything = resolve("--all-extras", *(f"--group={group}" for group in groups), str(PYPROJECT))
    backend = subprocess.run(
        ["uv", "pip", "compile", "--universal", "--no-header", "--no-annotate", "--quiet", "-"],
        input="hatchling\n",
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    pins = toml_list("constraint-dependencies", everything) + toml_list(
        "build-constraint-dependencies", sorted(backend)
    )
    PYPROJECT.write_text(f"{head}{BEGIN}\n{pins}{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
