"""What a child may ask the operating system for: a filter of system calls, which needs no rights (Linux, seccomp(2)).

It bars new processes and programs, other processes (signals to them, their memory), sockets that weren't granted,
files' modes, owners and times, of which Landlock knows nothing, emptying files, of which it knows since Linux 6.2, and
memory that no limit of the process counts.
Everything else a Python program needs stays. It is a fence around code that is wrong or that was taken over, and no
jail for somebody with a hole in the operating system at hand.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2

CLONE_THREAD = 0x10000
#: From here on, x86-64 has all calls a second time (x32).
X32 = 0x40000000

#: Per machine: its number for filters (linux/audit.h), and the numbers of its calls (asm/unistd.h).
X86_64, AARCH64 = 0xC000003E, 0xC00000B7

#: Calls that are refused whatever they ask for: name, number on x86-64 (None: it has none), on aarch64.
REFUSED: tuple[tuple[str, int | None, int | None], ...] = (
    # New processes, new programs, another group than the one that is killed.
    ("fork", 57, None),
    ("vfork", 58, None),
    ("execve", 59, 221),
    ("execveat", 322, 281),
    ("setsid", 112, 157),
    ("setpgid", 109, 154),
    # Other processes.
    ("tkill", 200, 130),
    ("rt_sigqueueinfo", 129, 138),
    ("rt_tgsigqueueinfo", 297, 240),
    ("pidfd_send_signal", 424, 424),
    ("pidfd_open", 434, 434),
    ("pidfd_getfd", 438, 438),
    ("ptrace", 101, 117),
    ("process_vm_readv", 310, 270),
    ("process_vm_writev", 311, 271),
    ("process_madvise", 440, 440),
    ("setpriority", 141, 140),
    ("sched_setaffinity", 203, 122),
    ("sched_setscheduler", 144, 119),
    ("sched_setparam", 142, 118),
    ("sched_setattr", 314, 274),
    ("ioprio_set", 251, 30),
    ("setrlimit", 160, 164),
    # Another user: whoever becomes one no longer ends with the server.
    ("setuid", 105, 146),
    ("setgid", 106, 144),
    ("setreuid", 113, 145),
    ("setregid", 114, 143),
    ("setresuid", 117, 147),
    ("setresgid", 119, 149),
    ("setfsuid", 122, 151),
    ("setfsgid", 123, 152),
    # To empty a file by its name. ftruncate needs one that is open for writing, and none is.
    ("truncate", 76, 45),
    # What is said of files, and news of them.
    ("chmod", 90, None),
    ("fchmod", 91, 52),
    ("fchmodat", 268, 53),
    ("fchmodat2", 452, 452),
    ("chown", 92, None),
    ("lchown", 94, None),
    ("fchown", 93, 55),
    ("fchownat", 260, 54),
    ("setxattr", 188, 5),
    ("lsetxattr", 189, 6),
    ("fsetxattr", 190, 7),
    ("removexattr", 197, 14),
    ("lremovexattr", 198, 15),
    ("fremovexattr", 199, 16),
    ("setxattrat", 463, 463),
    ("removexattrat", 466, 466),
    ("file_setattr", 469, 469),
    ("utime", 132, None),
    ("utimes", 235, None),
    ("futimesat", 261, None),
    ("utimensat", 280, 88),
    ("inotify_init", 253, None),
    ("inotify_init1", 294, 26),
    ("fanotify_init", 300, 262),
    # Memory that belongs to no process.
    ("shmget", 29, 194),
    ("semget", 64, 190),
    ("msgget", 68, 186),
    ("memfd_create", 319, 279),
    # Sockets and files by another way; what has had holes before.
    ("io_uring_setup", 425, 425),
    ("open_by_handle_at", 304, 265),
    ("bpf", 321, 280),
    ("perf_event_open", 298, 241),
    ("userfaultfd", 323, 282),
    ("unshare", 272, 97),
    ("setns", 308, 268),
    ("mount", 165, 40),
    ("umount2", 166, 39),
    ("move_mount", 429, 429),
    ("fsopen", 430, 430),
    ("pivot_root", 155, 41),
    ("chroot", 161, 51),
    ("add_key", 248, 217),
    ("request_key", 249, 218),
    ("keyctl", 250, 219),
)

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
    for _, *numbers in REFUSED:
        number = numbers[column]
        if number is not None:
            made += [(EQUAL, 0, 1, number), refuse]
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
    made += [(EQUAL, 0, 5 if network else 1, SOCKET[column])]
    if network:
        made += [(LOAD, 0, 0, _argument(0)), (EQUAL, 2, 0, socket.AF_INET), (EQUAL, 1, 0, socket.AF_INET6)]
        made += [refuse, allow]
    else:
        made += [refuse]
    return [*made, allow]


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
