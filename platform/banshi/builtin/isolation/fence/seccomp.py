"""What a child may ask the operating system for: a filter of system calls, which needs no rights (Linux, seccomp(2)).

What isn't on the list of `system_calls.txt` is refused. Some calls depend on what they ask for: threads and no
processes, signals to itself, the sockets that were granted, and opening files, which may not empty them: of that
Landlock knows since Linux 6.2 only. It is a fence around code that is wrong or that was taken over, and no jail for
somebody with a hole in the operating system at hand.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from pathlib import Path

#: A call is on the list because Python or a library with no process, no device and no file to change needs it. What is
#: not: new programs and processes, other processes, another user, names and modes of files, memory and queues that no
#: limit of a process counts, what is root's alone, and calls that have had holes and that nobody needs.
_LINES = Path(__file__).with_name("system_calls.txt").read_text("ascii").splitlines()

#: Name, number on x86-64 (None: it has none), number on aarch64.
ALLOWED = tuple(
    (name, None if on_x86_64 == "-" else int(on_x86_64), None if on_aarch64 == "-" else int(on_aarch64))
    for name, on_x86_64, on_aarch64 in (line.split() for line in _LINES if not line.startswith("#"))
)

#: The last call that the list was held against (Linux 6.17). A newer one is told to be missing, so that a program takes
#: what was before.
NEWEST = 469


PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2

CLONE_THREAD = 0x10000
#: From here on, x86-64 has all calls a second time (x32).
X32 = 0x40000000

#: Per machine: its number for filters (linux/audit.h), and the numbers of its calls (asm/unistd.h).
X86_64, AARCH64 = 0xC000003E, 0xC00000B7

#: Calls that are looked at: on x86-64, on aarch64.
CLONE, SOCKET = (56, 220), (41, 198)
KILL, TGKILL, PRLIMIT = (62, 129), (234, 131), (302, 261)
PAIR = (53, 199)

#: Calls whose flags lie in memory, where no filter sees them (clone3, openat2): a program then takes what was before.
UNSEEN = ((435, 435), (437, 437))

#: Calls that open a file (open, openat), and which argument has the flags. With O_TRUNC they empty a file; Landlock
#: before Linux 6.2 looks only at what is opened for writing: not at O_RDONLY, nor at 3, which is for neither.
OPENING: tuple[tuple[tuple[int | None, int | None], int], ...] = (((2, None), 1), ((257, 56), 2))

#: Calls of which some uses are refused: numbers, the argument that says which, and what it may not be. The system looks
#: at the lower half of each of these arguments alone.
BARRED: tuple[tuple[tuple[int, int], int, tuple[int, ...]], ...] = (
    # prctl: to live on without the server (PR_SET_PDEATHSIG), to let its memory be read (PR_SET_DUMPABLE).
    ((157, 167), 0, (1, 4)),
    # fcntl: whom a file's signals go to, and which (F_SETOWN, F_SETSIG, F_SETOWN_EX); F_SETLEASE, F_NOTIFY.
    ((72, 25), 1, (8, 10, 15, 1024, 1026)),
    # ioctl: the same (FIOSETOWN, SIOCSPGRP); a file's flags (FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR).
    ((16, 29), 1, (0x8901, 0x8902, 0x40086602, 0x40046602, 0x401C5820)),
)

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN, AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
ALLOW, REFUSE = 0x7FFF0000, 0x00050000

#: Offsets in what a filter sees: number, machine, the arguments' lower and upper halves.
NUMBER, MACHINE = 0, 4


def _argument(position: int, *, upper: bool = False) -> int:
    return 16 + 8 * position + (4 if upper else 0)


def program(machine: int, pid: int, *, network: bool) -> list[tuple[int, int, int, int]]:
    """The filter as instructions: (code, jump if true, jump if not, value)."""
    column = 0 if machine == X86_64 else 1
    refuse, allow = (RETURN, 0, 0, REFUSE | errno.EPERM), (RETURN, 0, 0, ALLOW)
    made = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, machine), refuse, (LOAD, 0, 0, NUMBER)]
    if machine == X86_64:
        made += [(AT_LEAST, 0, 1, X32), refuse]
    for _, *numbers in ALLOWED:
        number = numbers[column]
        if number is not None:
            made += [(EQUAL, 0, 1, number), allow]
    made += [(AT_LEAST, 0, 1, NEWEST + 1), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    for call in UNSEEN:
        made += [(EQUAL, 0, 1, call[column]), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    for opening, position in OPENING:
        number = opening[column]
        if number is not None:
            made += [(EQUAL, 0, 8, number), (LOAD, 0, 0, _argument(position)), (ANY_BIT, 1, 0, os.O_TRUNC), allow]
            made += [(AND, 0, 0, os.O_ACCMODE), (EQUAL, 1, 0, os.O_WRONLY), (EQUAL, 0, 1, os.O_RDWR), allow, refuse]
    made += [(EQUAL, 0, 4, CLONE[column]), (LOAD, 0, 0, _argument(0)), (ANY_BIT, 1, 0, CLONE_THREAD), refuse, allow]
    for call in (KILL, TGKILL):
        made += [(EQUAL, 0, 4, call[column]), (LOAD, 0, 0, _argument(0)), (EQUAL, 1, 0, pid), refuse, allow]
    # Limits may be read, and not set.
    limits = [(LOAD, 0, 0, _argument(2)), (EQUAL, 0, 3, 0), (LOAD, 0, 0, _argument(2, upper=True)), (EQUAL, 0, 1, 0)]
    made += [(EQUAL, 0, 6, PRLIMIT[column]), *limits, allow, refuse]
    for call, position, barred in BARRED:
        tests = [(EQUAL, len(barred) - at, 0, value) for at, value in enumerate(barred)]
        made += [(EQUAL, 0, len(tests) + 3, call[column]), (LOAD, 0, 0, _argument(position)), *tests, allow, refuse]
    # A pair that isn't bound to each other for good could be connected to a socket of the file system.
    made += [(EQUAL, 0, 7, PAIR[column]), (LOAD, 0, 0, _argument(0)), (EQUAL, 0, 4, socket.AF_UNIX)]
    made += [(LOAD, 0, 0, _argument(1)), (AND, 0, 0, 0xF), (EQUAL, 0, 1, socket.SOCK_STREAM), allow, refuse]
    if network:
        made += [(EQUAL, 0, 4, SOCKET[column]), (LOAD, 0, 0, _argument(0)), (EQUAL, 1, 0, socket.AF_INET)]
        made += [(EQUAL, 0, 1, socket.AF_INET6), allow]
    return [*made, refuse]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def machine_here() -> int | None:
    """The number of this machine; None where no filter is known for it."""
    if sys.platform != "linux":
        return None
    return {"x86_64": X86_64, "aarch64": AARCH64}.get(platform.machine())


def close_in(*, network: bool) -> bool:
    """Put this process behind the filter, for good; False where the system has none."""
    machine = machine_here()
    if machine is None:
        return False
    code = b"".join(struct.pack("=HBBI", *one) for one in program(machine, os.getpid(), network=network))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    whole = _Program(len(code) // 8, code)
    return bool(library.prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(whole), 0, 0) == 0)
