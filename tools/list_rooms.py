"""Write docs/architecture/files.md: every folder of the house, what it is for, and its files.

Run it from the repository root: `python tools/list_rooms.py`. A test holds the page against it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture" / "files.md"

#: What is listed, in the order in which rooms rest on each other.
HOUSES = (
    "platform/banshi/foundation",
    "platform/banshi/forms",
    "platform/banshi/kernel",
    "platform/banshi/builtin",
    "platform/banshi/kinds",
    "platform/banshi",
    "platform/banshi/sdk",
    "platform/banshi/ops",
    "libraries",
    "mobile_push",
    "plugins/insights",
    "plugins/refutations",
    "plugins/road",
    "plugins/integrations",
)

#: Below it the folders are another room's.
FACE = "platform/banshi"

HEAD = """\
# Every folder and its files

After this page you can say which file to open. It is made from the code by `tools/list_rooms.py`: a folder's sentence
is its package's own. The rooms, and the way of a submission through them: [architecture](../architecture.md).
"""


def folders(house: str) -> Iterator[Path]:
    place = ROOT / house
    yield place
    if house != FACE:
        yield from sorted(
            one
            for one in place.rglob("*")
            if one.is_dir() and any(one.glob("*.py")) and not {"migrations", "__pycache__", "template"} & {*one.parts}
        )


def sentence(folder: Path) -> str:
    """What the package says of itself."""
    file = folder / "__init__.py"
    text = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "") if file.is_file() else ""
    return re.split(r"(?<=\.)\s|\n\n", text.strip())[0].replace("\n", " ").rstrip(".")


def page() -> str:
    lines = [HEAD]
    for house in HOUSES:
        lines += [f"## {house}", "| folder | what is in it | files |", "| --- | --- | --- |"]
        for folder in folders(house):
            files = sorted(one.stem for one in folder.glob("*.py") if one.stem != "__init__")
            if files or folder != ROOT / house:
                name = folder.relative_to(ROOT / house).as_posix()
                lines.append(f"| `{name}` | {sentence(folder)} | {', '.join(files)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
