"""This machine: room for data, files that may be open at once, secrets that others can't read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from banshi.kernel.loading.settings import Settings
from banshi.kernel.runtime.examinations import Deployment, Verdict, are_private
from banshi.kernel.runtime.permissions import loose_in

#: Bytes of free room below which an operator should hear of it, and below which submissions will soon be refused.
LOW_DISK_BYTES, FULL_DISK_BYTES = 2 * 1024**3, 256 * 1024**2

#: Open files below which a city's phones don't find room: each stream is one.
MIN_OPEN_FILES = 4096


async def examine(deployment: Deployment) -> Sequence[Verdict]:
    settings = deployment.registry.configuration.settings
    return [*_room(settings), *_privacy(settings), *_files(), *_secrets(settings)]


def _room(settings: Settings) -> list[Verdict]:
    place = settings.data
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        return [Verdict("data-folder", "error", f"{place} is no folder: mend platform.data")]
    found = []
    if not os.access(place, os.W_OK | os.X_OK):
        found.append(Verdict("data-folder", "error", f"{place} can't be written to by this account: give it the right"))
    usage = shutil.disk_usage(place)
    told = f"{usage.free / 1024**3:.1f} GiB of {usage.total / 1024**3:.1f} are free where {settings.data} is"
    if usage.free < FULL_DISK_BYTES:
        found.append(Verdict("disk", "error", f"{told}: make room, or submissions are refused (507)"))
    elif usage.free < LOW_DISK_BYTES:
        found.append(Verdict("disk", "warning", f"{told}: make room soon"))
    else:
        found.append(Verdict("disk", "ok", told))
    return found


def _privacy(settings: Settings) -> list[Verdict]:
    """Of the keys and the folder of the keys another check tells."""
    keys = settings.keys_folder
    loose = [one for one in loose_in(settings) if one.path != keys and keys not in one.path.parents]
    return [Verdict("data-folder", "warning", one.finding) for one in loose]


def _files() -> list[Verdict]:
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return []
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MIN_OPEN_FILES:
        advice = "raise it (LimitNOFILE=65536 in a systemd unit): each open stream is one"
        return [Verdict("open-files", "warning", f"a process may have {hard} files open; {advice}")]
    return [Verdict("open-files", "ok", "a process may have enough files open")]


def _secrets(settings: Settings) -> list[Verdict]:
    folder = settings.keys_folder
    if not folder.is_dir():
        return [Verdict("keys", "warning", f"there is no folder {folder} yet: the first start makes it with its keys")]
    found = are_private("keys", sorted(file for file in folder.rglob("*") if file.is_file()))
    if folder.stat().st_mode & 0o022:
        found.append(Verdict("keys", "error", f"others can write into {folder}: run chmod 700 on it"))
    return found or [Verdict("keys", "warning", f"{folder} is empty: the first start makes the keys")]
