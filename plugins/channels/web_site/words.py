"""The site's words in a city's further languages: a file for each in a folder of the city's, by the English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Formatter


def words_in(folder: Path | None) -> Mapping[str, Mapping[str, str]]:
    """The words of each language that has a file in the folder. Raises ValueError with the file and the key for what
    would break a page."""
    if folder is None:
        return {}
    if not folder.is_dir():
        raise ValueError(f"{folder} has to be a folder, with a file such as vi.toml for each language")
    return {one.stem: _read(one) for one in sorted(folder.glob("*.toml"))}


def _read(file: Path) -> Mapping[str, str]:
    try:
        words = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} has to be TOML in UTF-8: {error}") from None
    for english, own in words.items():
        if not isinstance(own, str):
            raise ValueError(f"{file}: what {english!r} is has to be a text")
        if unknown := _placeholders(file, english, own) - _placeholders(file, english, english):
            told = ", ".join(sorted(unknown))
            raise ValueError(f"{file}: what {english!r} is has to do without {{{told}}}, which isn't in the English")
    return words


def _placeholders(file: Path, english: str, text: str) -> set[str]:
    """What stands in braces, as it stands there."""
    try:
        parts = [part[1:] for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise ValueError(f"{file}: what {english!r} is has to have names alone in braces: {error}") from None
    return {f"{name}{f'!{how}' if how else ''}{f':{spec}' if spec else ''}" for name, spec, how in parts}
