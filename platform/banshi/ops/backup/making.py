"""Making a backup beside a running server: the database first, in one moment of it, and then the files.

A file is on disk before the database knows it, so what the copy of the database names is there when the files' turn
comes; but for what leaves between the two, which the restored platform misses as if it had left.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from banshi.foundation.database.opening import schema_of, sqlite_file
from banshi.foundation.files import durable_files
from banshi.kernel.loading.settings import Settings
from banshi.ops.backup import postgres, sqlite
from banshi.ops.backup.folder import (
    DATA,
    DATABASE,
    KEYS,
    SUMS,
    BackupError,
    Manifest,
    Recorder,
    digest_of,
    write_manifest,
)


def make(settings: Settings, root: Path, *, keys: bool) -> int:
    """Back everything up into a new folder; how many files. Raises BackupError, OSError."""
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BackupError(f"{root} is there already: name a folder that isn't")
    for folder in (settings.data, settings.keys_folder):
        if folder.resolve() in (root.resolve(), *root.resolve().parents):
            raise BackupError(f"{root} lies in {folder}, which is backed up: name a folder elsewhere")
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    root.chmod(0o700)
    url = settings.database_url
    file = sqlite_file(url)
    with (root / SUMS).open("x", encoding="utf-8") as sums:
        recorder = Recorder(root, sums)
        if file is not None:
            sqlite.dump(file, root / DATABASE)
        else:
            postgres.dump(url, root / DATABASE)
        with (root / DATABASE).open("rb") as written:
            durable_files.sync(written)
        recorder.note(root / DATABASE, digest_of(root / DATABASE))
        recorder.tree(settings.data, DATA, lambda one: _left_out(settings, file, one))
        if keys:
            recorder.tree(settings.keys_folder, KEYS, lambda one: _is_ring(settings, one))
        durable_files.sync(sums)
    durable_files.sync_tree(root)
    manifest = Manifest(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        dialect="postgres" if file is None else "sqlite",
        schema=schema_of(url),
        keys=keys,
        personal=settings.personal_keys is not None,
        sums=digest_of(root / SUMS),
    )
    write_manifest(root, manifest)
    return recorder.files


def _left_out(settings: Settings, database: Path | None, file: Path) -> bool:
    """What of the data folder is copied otherwise, or made again by the next start."""
    beside = database is not None and file.parent == database.parent and file.name.startswith(database.name)
    # Where they really are: a folder of data may be a link to the disk that has the keys too.
    folders = (settings.items_folder.resolve(), settings.keys_folder.resolve())
    return beside or _is_ring(settings, file) or any(folder in file.resolve().parents for folder in folders)


def _is_ring(settings: Settings, file: Path) -> bool:
    """Whether it is the ring of personal columns. Whoever steals a backup with it would read what it encrypts."""
    return settings.personal_keys is not None and file.resolve() == settings.personal_keys.resolve()
