"""What a child does to itself before it imports anything of its plugin's; none of it can be undone."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from banshi.builtin.isolation.fence import landlock, seccomp

try:
    import resource
except ImportError:  # Windows knows no such limits
    resource = None  # type: ignore[assignment]

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24

#: The version of capset(2) whose three sets have 64 bits each; how many capabilities that are, used or not.
CAPABILITY_VERSION, CAPABILITIES = 0x20080522, 64

#: Files that a child may have open.
MAX_FILES = 64

#: All of the platform's environment that a child has: how texts are told and which time it is.
PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: no address of a database, no secret, nothing that changes what Python imports."""
    return {name: given[name] for name in PASSED_ON if name in given}


def end_with(parent: int) -> None:
    """Let this process be killed when `parent`, which has started it, ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


#: Where a child has its socket, the first after the standard files.
LINE = 3


def close_files(but: int) -> None:
    """Close every file but one, which becomes LINE; the standard ones have nothing to read and go nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.set_inheritable(but, False)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    if but != LINE:
        os.dup2(but, LINE, inheritable=False)
    os.closerange(LINE + 1, 65_536)


def close_in(memory: int, readable: Iterable[Path], *, network: bool) -> list[str]:
    """Bar this process from all that isn't its own; gives what this system has no means for.

    Args:
        memory: Bytes that it may ask for beyond what it has now.
        readable: What it may read beside Python.
        network: Whether it may open sockets.
    """
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_FILES, MAX_FILES))
        if size := address_space():
            resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
    if sys.platform == "linux":
        # Nobody else of the same user reads its memory or environment; the filter keeps it so.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    missing = [] if give_up_rights() else ["what only root may do"]
    version = landlock.close_in(readable, network=network)
    filtered = seccomp.close_in(network=network)
    if not version:
        missing.append("files")
    elif version < landlock.TRUNCATE and not filtered:
        missing.append("emptying files")
    if not filtered:
        missing.append("processes and sockets")
    return missing


def give_up_rights() -> bool:
    """Let uid 0 be a user like any other, for good: no capability left, none to be had (capabilities(7))."""
    if sys.platform != "linux":
        return os.getuid() != 0
    library = ctypes.CDLL(None)
    for one in range(CAPABILITIES):
        library.prctl(PR_CAPBSET_DROP, one, 0, 0, 0)
    head = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    return bool(library.capset(head, bytes(3 * CAPABILITIES // 8)) == 0)


def address_space() -> int:
    """Bytes of this process's address space; 0 where the system doesn't say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


class Used(NamedTuple):
    """What a process has: bytes of memory, seconds of CPU that it has taken, threads."""

    memory: int
    cpu: float
    threads: int


def used_by(pid: int) -> Used | None:
    """What a process uses; None where the system doesn't say."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        seconds = (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
        return Used(int(told[21]) * os.sysconf("SC_PAGE_SIZE"), seconds, int(told[17]))
    except (OSError, ValueError, IndexError):
        return None
