"""Backups: a folder with a copy of the database, of the files beside it, and of the keys; and the way back.

A restored database is held from the same transaction on in which it comes to be (`banshi.ops.holding`).
"""

from banshi.ops.backup.folder import BackupError
from banshi.ops.backup.making import make
from banshi.ops.backup.restoring import restore

__all__ = ["BackupError", "make", "restore"]
