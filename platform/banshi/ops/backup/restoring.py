"""The way back: everything is looked at first, files come before the database, and what is there is never overwritten.

Without its database a platform is none yet. So a restore that is cut short is simply begun again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from banshi.foundation.database.opening import schema_of, sqlite_file
from banshi.foundation.database.store import CLOCK
from banshi.foundation.files import durable_files
from banshi.kernel.loading.configuration import make_folders
from banshi.kernel.loading.settings import Settings
from banshi.ops.backup import postgres, sqlite
from banshi.ops.backup.folder import (
    DATA,
    DATABASE,
    KEYS,
    BackupError,
    Copier,
    Manifest,
    digest_of,
    read_manifest,
    verified,
)
from banshi.ops.holding import ADVANCE, RESTORED, hold_statement


def restore(settings: Settings, root: Path, after: Sequence[str], by: str = "") -> Manifest:
    """Bring a backup back into an empty place, held; `after` are plugins' statements.

    Raises BackupError, OSError.
    """
    manifest = read_manifest(root)
    url = settings.database_url
    file = sqlite_file(url)
    dialect = "postgres" if file is None else "sqlite"
    if manifest.dialect != dialect:
        raise BackupError(f"{root} is of a {manifest.dialect} database, and platform.database names a {dialect} one")
    if manifest.schema != schema_of(url):
        wanted = f"?schema={manifest.schema}" if manifest.schema else "no schema"
        raise BackupError(f"{root} is of another schema: say {wanted} in platform.database")
    if file is not None:
        sqlite.has_room(file)
    if file is None:
        postgres.has_room(url)
    files = [(path, digest) for path, digest in verified(root, manifest) if path.parts[0] != DATABASE]
    places = {DATA: settings.data, KEYS: settings.keys_folder}
    todo = [(root / path, places[path.parts[0]].joinpath(*path.parts[1:]), digest) for path, digest in files]
    todo = [one for one in todo if _is_missing(*one[1:])]
    make_folders(settings, keys=True)
    copier = Copier()
    for source, target, _ in todo:
        copier.file(source, target)
    for folder in places.values():
        durable_files.sync_tree(folder)
    reason = f"{RESTORED} of {manifest.made_at}{f' by {by}' if by else ''}"
    statements = [hold_statement(CLOCK[dialect], reason), *ADVANCE, *after]
    if file is not None:
        sqlite.load(root / DATABASE, file, statements)
    else:
        postgres.load(url, root / DATABASE, manifest.schema, statements)
    return manifest


def _is_missing(target: Path, digest: str) -> bool:
    """Whether a file has to be copied. Raises BackupError where another stands in its place."""
    if not target.exists():
        return True
    if digest_of(target) != digest:
        raise BackupError(f"{target} is there already, and is another: nothing was restored; move it away first")
    return False
