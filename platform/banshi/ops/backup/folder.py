"""The folder of a backup: its files with a checksum each, in the form that `sha256sum --check` reads.

backup.json      what it is; written last, so that one that was cut short has none
SHA256SUMS       every other file, also the database's
database         a SQLite file, or PostgreSQL's own format
data/, keys/     as they were, with their modes
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

import click

from banshi.foundation.files import durable_files

MANIFEST, SUMS, DATABASE, DATA, KEYS = "backup.json", "SHA256SUMS", "database", "data", "keys"

#: The form of the folder; another one is another version's.
FORM = 1

#: Bytes that are copied at once.
COPY_BYTES = 1 << 20

#: Ends of files that nobody needs again: what is being written at the moment.
PASSING = (".part", ".new", ".lock")


class BackupError(click.ClickException):
    """Why there is no backup, or why none can be brought back; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself."""

    made_at: str
    #: sqlite or postgres, and the schema that the database's URL names.
    dialect: str
    schema: str
    keys: bool
    #: Checksum of the checksums.
    sums: str
    form: int = FORM
    #: Whether its personal columns are encrypted, with a ring that is never in a backup.
    personal: bool = False


class Copier:
    """Copies files. Two names of one file stay two names of one file."""

    def __init__(self) -> None:
        self._copied: dict[tuple[int, int], tuple[Path, str]] = {}

    def file(self, source: Path, target: Path) -> str | None:
        """Copy one; its checksum, or None where it is gone before its turn has come."""
        try:
            state = source.stat()
            known = self._copied.get((state.st_dev, state.st_ino)) if state.st_nlink > 1 else None
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if known is not None:
                # Of a copy that was cut short, when that name came first.
                draft_of(target).unlink(missing_ok=True)
                os.link(known[0], target)
                digest = known[1]
            else:
                digest = copied(source, target)
        except FileNotFoundError:
            return None
        self._copied[state.st_dev, state.st_ino] = target, digest
        return digest


class Recorder:
    """Fills the folder of a backup, and writes the checksums down."""

    def __init__(self, root: Path, sums: TextIO) -> None:
        self._root = root
        self._sums = sums
        self._copier = Copier()
        self.files = 0

    def tree(self, source: Path, under: str, leave: Callable[[Path], bool]) -> None:
        """Copy what lies in a folder, but for what `leave` says."""
        for file in files_in(source):
            target = self._root / under / file.relative_to(source)
            if not leave(file) and (digest := self._copier.file(file, target)) is not None:
                self.note(target, digest)

    def note(self, target: Path, digest: str) -> None:
        self._sums.write(f"{digest}  {target.relative_to(self._root).as_posix()}\n")
        self.files += 1


def files_in(folder: Path) -> Iterator[Path]:
    """Every regular file below a folder, also where the folders in it are links to other places."""
    for place, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for name in names:
            file = Path(place) / name
            if file.is_file() and not name.endswith(PASSING):
                yield file


def draft_of(target: Path) -> Path:
    """Where it is copied to, until it is whole."""
    return target.with_name(f"{target.name}.part")


def copied(source: Path, target: Path) -> str:
    """Copy a file with its mode, down to the disk; its checksum. Nobody else may read it, not even for a moment."""
    digest = hashlib.sha256()
    with source.open("rb") as reading:
        mode = os.fstat(reading.fileno()).st_mode & 0o777
        # Under its name it is whole: a copy that was cut short is nothing that the next one has to wonder about.
        draft = draft_of(target)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as writing:
            while piece := reading.read(COPY_BYTES):
                digest.update(piece)
                writing.write(piece)
            os.fchmod(descriptor, mode)
            durable_files.sync(writing)
        draft.rename(target)
    return digest.hexdigest()


def digest_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(root: Path, manifest: Manifest) -> None:
    """The last step: from here on it is a backup."""
    draft = root / f"{MANIFEST}.new"
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(asdict(manifest), stream, indent=1)
        durable_files.sync(stream)
    durable_files.rename(draft, root / MANIFEST)


def read_manifest(root: Path) -> Manifest:
    """What the backup says of itself. Raises BackupError."""
    try:
        said: Any = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BackupError(f"{root} is no whole backup: it has no {MANIFEST}, which is written last") from None
    except ValueError:
        raise BackupError(f"{root / MANIFEST} can't be read; take another backup") from None
    if not isinstance(said, dict) or said.get("form") != FORM:
        raise BackupError(f"{root} is a backup of another version's form; restore it with that version")
    try:
        return Manifest(**said)
    except TypeError:
        raise BackupError(f"{root / MANIFEST} says something else than a backup's; take another backup") from None


def verified(root: Path, manifest: Manifest) -> list[tuple[PurePosixPath, str]]:
    """Every file of a backup with its checksum, once all of them are as they were. Raises BackupError."""
    sums = root / SUMS
    if not sums.is_file() or digest_of(sums) != manifest.sums:
        raise BackupError(f"{sums} isn't as it was written; take another backup")
    found = []
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.parts[:1] not in {(DATABASE,), (DATA,), (KEYS,)}:
            raise BackupError(f"{sums} names {name!r}, which lies outside of the backup; take another one")
        file = root / path
        if any(one.is_symlink() for one in (file, *file.parents) if root in one.parents):
            raise BackupError(f"{file} leads elsewhere: nothing was restored; take another backup")
        if not file.is_file() or digest_of(file) != digest:
            raise BackupError(f"{file} is damaged or missing: nothing was restored; take another backup")
        found.append((path, digest))
    if PurePosixPath(DATABASE) not in {path for path, _ in found}:
        raise BackupError(f"{sums} doesn't name the database: nothing was restored; take another backup")
    return found
