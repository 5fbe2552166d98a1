"""Which files a child sees: a rule of its own about paths, which needs no rights (Linux 5.13 and newer, landlock(7)).

It may read Python, its libraries, its own folder and what its entry grants, and write nothing. So it sees neither the
data folder nor the keys, plugins.toml, other plugins' folders or what /proc says of the platform's process. From Linux
6.2 on it empties none, from 6.7 on it binds and connects no TCP port either unless it may, and from 6.12 on it signals
nobody; before, the filter of `banshi.builtin.isolation.fence.seccomp` alone sees to these.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import banshi

CREATE, ADD, RESTRICT = 444, 445, 446
PR_SET_NO_NEW_PRIVS = 38
VERSION, BENEATH = 1, 1

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3

#: Number of rights about files that a version knows: the newest that we handle is the last.
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}

#: The first version, that of Linux 6.2, that knows emptying a file from opening it for writing.
TRUNCATE = 3

#: What Python reads outside its own folders: libraries, time zones, certificates of authorities.
SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/localtime"),
    *("/etc/ld.so.cache", "/dev/urandom"),
)

#: What a program needs to find a host and trust it.
NETWORK = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf", "/etc/services"),
    *("/etc/ssl", "/etc/pki", "/usr/share/ca-certificates", "/run/systemd/resolve"),
)


def python_folders() -> list[Path]:
    """Where Python and its libraries are, and the kernel; not what else the search path names, which may be data."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return [*(Path(sysconfig.get_path(name)) for name in names), Path(banshi.__file__).parent]


def supported() -> int:
    """The version of Landlock that this system has; 0 where it has none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(CREATE, None, ctypes.c_size_t(0), VERSION)))


def close_in(readable: Iterable[Path], *, network: bool) -> int:
    """Let this process read what lies beneath `readable`, for good; gives the version that sees to it, 0 for none."""
    version = supported()
    if version < 1:
        return 0
    library = ctypes.CDLL(None, use_errno=True)
    # Without rights of its own, a process may close itself in once it can gain none.
    library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    handled = (1 << RIGHTS[min(version, 5)]) - 1
    words = [handled]
    if version >= 4:
        words.append(0 if network else 0b11)
    if version >= 6:
        words.append(0b11)
    wanted = struct.pack(f"={len(words)}Q", *words)
    rules = library.syscall(CREATE, wanted, ctypes.c_size_t(len(wanted)), 0)
    if rules < 0:
        return 0
    try:
        system = [Path(one) for one in (*SYSTEM, *(NETWORK if network else ()))]
        for place in [*system, *python_folders(), *readable]:
            _allow(library, rules, place, READ_FILE | READ_DIR)
        _allow(library, rules, Path(os.devnull), READ_FILE | WRITE_FILE)
        return version if library.syscall(RESTRICT, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _allow(library: ctypes.CDLL, rules: int, place: Path, rights: int) -> None:
    """Add a rule for what is there; what isn't needs none."""
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not place.is_dir():
            rights &= ~READ_DIR
        library.syscall(ADD, rules, BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)
