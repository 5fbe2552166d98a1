"""The filter of system calls is a list of what is let through, on each machine, and others say so too."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import shutil
import subprocess

import pytest

from banshi.builtin.isolation.fence import seccomp
from banshi.builtin.isolation.fence.seccomp import ALLOWED, NEWEST
from tests.banshi.builtin.isolation.isolation_filter import verdict

MACHINES = [seccomp.X86_64, seccomp.AARCH64]

#: Calls of which some uses are refused: open, openat, clone, kill, tgkill, prlimit64, socketpair, socket, prctl, fcntl
#: and ioctl.
LOOKED_AT = {
    seccomp.X86_64: {2, 257, 56, 62, 234, 302, 53, 41, 157, 72, 16},
    seccomp.AARCH64: {56, 220, 129, 131, 261, 199, 198, 167, 25, 29},
}
#: clone3 and openat2.
UNSEEN = {435, 437}

#: Linux 6.7 has them, and a program of today may take them for a futex; systemd's lists are older.
NEWER_THAN_SYSTEMD = {"futex_requeue", "futex_wait", "futex_wake"}


def judge(found: str | None, package: str) -> str:
    """What was found, or a reason to skip; under CI=true a missing judge fails."""
    if found is None:
        assert os.environ.get("CI") != "true", f"{package} is missing; .ci/run installs it"
        pytest.skip(f"needs Debian's package {package}")
    return found


def numbers(machine: int) -> list[int]:
    column = 1 if machine == seccomp.X86_64 else 2
    return [one[column] for one in ALLOWED if one[column] is not None]


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_on_the_list_is_let_through_and_every_other_number_is_refused(machine: int) -> None:
    allowed = numbers(machine)
    assert len(allowed) == len(set(allowed))
    assert not LOOKED_AT[machine] & set(allowed)
    for number in set(range(4_096)) - LOOKED_AT[machine]:
        refused = errno.ENOSYS if number > NEWEST or number in UNSEEN else errno.EPERM
        assert verdict(machine, number) == (0 if number in allowed else refused), number


def test_libseccomp_knows_each_call_by_the_same_number_on_both_machines() -> None:
    library = ctypes.CDLL(judge(ctypes.util.find_library("seccomp"), "libseccomp2"))
    resolve = library.seccomp_syscall_resolve_name_arch
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    for name, *ours in ALLOWED:
        theirs = [resolve(machine, name.encode()) for machine in MACHINES]
        assert ours == [number if number >= 0 else None for number in theirs], name


def test_systemd_lets_a_service_do_all_of_it_and_counts_none_of_it_as_privileged() -> None:
    program = judge(shutil.which("systemd-analyze"), "systemd")

    def of(*sets: str) -> set[str]:
        command = [program, "--no-pager", "syscall-filter", *sets]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
        words = {line.strip() for line in said if line.startswith(" ")}
        inner = {word for word in words if word.startswith("@")}
        return {word for word in words - inner if not word.startswith("#")} | (of(*inner) if inner else set())

    ours = {name for name, *_ in ALLOWED}
    assert ours - of("@default", "@system-service") == NEWER_THAN_SYSTEMD
    barred = ("@privileged", "@mount", "@debug", "@obsolete", "@cpu-emulation", "@keyring", "@setuid", "@pkey")
    assert len(of(*barred)) > 60
    assert not ours & of(*barred)
