"""Whoever follows a link of the documentation arrives: every page, anchor and file that a text names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT
from tools import list_rooms

#: Lines; a page of docs/ beyond this becomes several.
LONGEST_PAGE = 500


def files(*endings: str) -> list[Path]:
    """The repository's text files with one of these endings; what is hidden nobody reads."""
    seen = [path for path in sorted(ROOT.iterdir()) if not path.name.startswith(".")]
    found = [file for top in seen for file in (sorted(top.rglob("*")) if top.is_dir() else [top])]
    return [file for file in found if file.name.endswith(endings) and "node_modules" not in file.parts]


PAGES = files(".md")


def prose(page: Path) -> str:
    """The text of a page without its blocks of code."""
    return re.sub(r"^ *(`{3,}).*?^ *\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    found: dict[str, int] = {}
    names = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        names.add(f"{slug}-{found[slug]}" if slug in found else slug)
        found[slug] = found.get(slug, 0) + 1
    return names


def links(page: Path) -> Iterator[tuple[str, str]]:
    """The relative links of a page: file (empty for the page itself) and anchor."""
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page))):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield file, anchor


def broken(page: Path) -> Iterator[str]:
    for file, anchor in links(page):
        goal = (page.parent / file).resolve() if file else page
        if not goal.exists():
            yield f"{page.relative_to(ROOT)}: there is no {file}"
        elif anchor and anchor not in anchors(goal):
            yield f"{page.relative_to(ROOT)}: {file or 'the page'} has no #{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert not list(broken(page))


def test_links_and_anchors_are_found() -> None:
    """A guard of the guard."""
    page = ROOT / "docs" / "plugins" / "README.md"
    assert len(list(links(page))) > 20
    assert {"plugins", "every-item"} <= anchors(page)


def test_every_page_that_a_source_names_is_there() -> None:
    """Error texts, docstrings, settings and units: `docs/…` in them is a file or a folder of this repository."""
    sources = files(".py", ".toml", ".template", ".md", ".service", ".conf", ".yaml", "Dockerfile", ".mjs", ".mts")
    named = re.compile(r"(?<![\w/.])docs/[\w/.-]*\w\b(?!\\)|(?<=/opt/banshi/)docs/[\w/.-]*\w")
    wrong = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in sources
        for name in named.findall(file.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]
    assert not wrong


def test_no_page_is_longer_than_a_reader_bears() -> None:
    lengths = {str(page.relative_to(ROOT)): page.read_text("utf-8").count("\n") for page in PAGES}
    assert not {name: lines for name, lines in lengths.items() if name.startswith("docs/") and lines > LONGEST_PAGE}


def test_the_pages_of_folders_and_files_are_up_to_date() -> None:
    written = {one.stem: one.read_text("utf-8") for one in list_rooms.PAGES.glob("*.md")}
    assert written == list_rooms.pages(), "run `python tools/list_rooms.py`"
