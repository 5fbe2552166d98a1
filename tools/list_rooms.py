"""Write docs/architecture/files/: every folder of the house and every file in it, by what it says of itself.

Run it from the repository root: `python tools/list_rooms.py`. A test holds the pages against it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "architecture" / "files"

#: What is listed on which page, in the order in which rooms rest on each other.
HOUSES = {
    "foundation": ["platform/banshi/foundation"],
    "forms": ["platform/banshi/forms"],
    "kernel": ["platform/banshi/kernel"],
    "builtin": ["platform/banshi/builtin"],
    "kinds": ["platform/banshi/kinds"],
    "face": ["platform/banshi", "platform/banshi/sdk"],
    "ops": ["platform/banshi/ops"],
    "libraries": ["libraries"],
    "mobile_push": ["mobile_push"],
    "channels": ["plugins/channels"],
    "figures-roads-rumours": ["plugins/insights", "plugins/road", "plugins/refutations"],
    "integrations": ["plugins/integrations"],
    "departments": ["plugins/departments"],
}

#: Below it the folders are another room's.
FACE = "platform/banshi"

HEAD = """\
# The files of {name}

After this page you can say which file to open. It is made from the code by `tools/list_rooms.py`: each sentence is the
file's own. Rooms, and changes that lie in several files: [architecture](../../architecture.md).
"""

INDEX = """\
# Every folder and its files

Look for the noun that you want to change: each file says in a sentence what it is. Page by page, as the rooms rest on
each other:

{pages}
"""


#: What is no program of ours, or stays as it is for ever.
LEFT_OUT = {"migrations", "__pycache__", "template", "node_modules"}

#: What is told by its name alone: pages, scripts, statements, and what departments and rooms say.
BESIDE = {".css", ".html", ".js", ".json", ".sql", ".toml", ".typ", ".xsd"}


def folders(house: str) -> Iterator[Path]:
    place = ROOT / house
    yield place
    if house != FACE:
        yield from sorted(one for one in place.rglob("*") if one.is_dir() and not LEFT_OUT & {*one.parts})


def sentence(file: Path) -> str:
    """What a module says of itself, up to its first full stop."""
    text = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "") if file.is_file() else ""
    return " ".join(re.split(r"(?<=\.)\s|\n\n", text.strip())[0].split()).rstrip(".")


def page(name: str) -> str:
    """The page of that name."""
    lines = [HEAD.format(name=name)]
    for house in HOUSES[name]:
        lines += [f"## {house}", ""]
        for folder in folders(house):
            files = sorted(one for one in folder.glob("*.py") if not one.name.startswith(("__init__", "test_")))
            beside = sorted(one.name for one in folder.iterdir() if one.suffix in BESIDE)
            if files or beside:
                own = sentence(folder / "__init__.py")
                lines += [f"**`{folder.relative_to(ROOT)}`**{own and f': {own}'}", ""]
                lines += [f"- `{one.stem}` {sentence(one)}" for one in files]
                lines += [f"- {', '.join(f'`{one}`' for one in beside)}"] if beside else []
                lines.append("")
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """All pages, by their names."""
    listed = "\n".join(f"- [{name}]({name}.md): {', '.join(f'`{one}`' for one in HOUSES[name])}" for name in HOUSES)
    return {"README": INDEX.format(pages=listed), **{name: page(name) for name in HOUSES}}


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    for title, text in pages().items():
        (PAGES / f"{title}.md").write_text(text, encoding="utf-8")
