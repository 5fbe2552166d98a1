"""The architecture page's table "Where to change what" leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.places import ROOT

OF_THE_PLATFORM = {"foundation", "forms", "kernel", "builtin", "kinds", "ops", "sdk"}

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLES = PAGE.partition("## Where to change what")[2].replace("| you want to | go to |", "")
ROWS = re.findall(r"^\| ([a-z][^|]+) \| (.+) \|$", TABLES, re.MULTILINE)

#: What a row names: `a/path.py`, `name.of_something`, `CODE`.
PATH = re.compile(r"[\w.*-]*/[\w./*-]*|[\w-]+\.(py|toml|typ|md|html)")
NAME = re.compile(r"[A-Za-z_][\w.]*")


def places(where: str) -> tuple[list[Path], list[str]]:
    """What a row's paths are, a short one in the folder of the one before it; and those that there aren't."""
    found, missing = list[Path](), list[str]()
    for token in re.findall(r"`([^`]+)`", where):
        if not PATH.fullmatch(token):
            continue
        top = ROOT / "platform" / "banshi" if token.split("/")[0] in OF_THE_PLATFORM else ROOT
        near = [
            folder for one in reversed(found) for folder in (one, *one.parents) if ROOT in (folder, *folder.parents)
        ]
        folders = [folder for folder in (top, *near) if folder.is_dir()]
        those = next(filter(None, ([*folder.glob(token.rstrip("/"))] for folder in folders)), [])
        if not those and not near and "/" not in token:
            those = [*(ROOT / "platform" / "banshi").rglob(token)][:1]  # each room has one of that name
        found += those
        missing += [] if those else [token]
    return found, missing


def text_of(place: Path) -> str:
    files = [place] if place.is_file() else place.rglob("*.py")
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize(("change", "where"), ROWS)
def test_every_path_and_name_of_a_row_is_there(change: str, where: str) -> None:
    found, missing = places(where)
    assert not missing
    text = "\n".join(map(text_of, found))
    names = [one for one in re.findall(r"`([^`]+)`", where) if NAME.fullmatch(one) and not PATH.fullmatch(one)]
    for name in names if found else ():
        assert all(re.search(rf"\b{part}\b", text) for part in name.split(".")), f"{name} is elsewhere"
