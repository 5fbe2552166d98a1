"""A plugin in a process of its own empties no file, with the rights that the oldest systems know as well."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from banshi.builtin.isolation.declaring import Declaration, findings_of
from banshi.builtin.isolation.fence import landlock, seccomp
from tests.banshi.builtin.isolation.fenced import TRYING, printed_by
from tests.banshi.builtin.isolation.isolation_filter import verdict

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the fence is made of what Linux has")
X86_64 = pytest.mark.skipif(seccomp.machine_here() != seccomp.X86_64, reason="calls of another machine than this")

#: Versions of Landlock: of Linux 5.13, 5.19, 6.2, 6.7, and the newest that we handle. An older one is the rights that
#: it knows: a right that isn't handled is not asked for.
VERSIONS = (1, 2, 3, 4, 5, 6)

#: Tries to empty each of two files, one that it may read and one that it may not, in every way there is.
TRIES = """
version, readable, folder = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
landlock.supported = lambda: version
X86 = seccomp.machine_here() == seccomp.X86_64
TRUNCATE, OPENAT, OPENAT2 = (76, 257, 437) if X86 else (45, 56, 437)
HERE = -100
missing = limits.close_in(2**30, [readable], network=False)


def mapped(file):
    with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 1, prot=mmap.PROT_READ | mmap.PROT_WRITE) as memory:
        memory[0] = 0


def how(flags):
    return ctypes.create_string_buffer(flags.to_bytes(8, "little") + bytes(16))


def by_descriptor(file):
    opened = os.open(file, os.O_RDONLY)
    os.ftruncate(opened, 0)


def over(file):
    os.replace(file.with_name("other"), file)


for file in (readable / "file", folder / "file"):
    whose, path = file.parent.name, str(file).encode()
    tried(f"{whose} truncate", os.truncate, file, 0)
    tried(f"{whose} truncate of the C library", lambda: asked(TRUNCATE, path, 0))
    tried(f"{whose} truncate to a byte more", lambda: asked(TRUNCATE, path, 2))
    tried(f"{whose} ftruncate", by_descriptor, file)
    tried(f"{whose} mapped", mapped, file)
    tried(f"{whose} taken away", os.unlink, file)
    tried(f"{whose} put over", over, file)
    tried(f"{whose} put elsewhere", os.rename, file, file.with_name("third"))
    for mode in range(4):
        for more in (0, os.O_CREAT, os.O_APPEND, os.O_NONBLOCK, os.O_CLOEXEC | os.O_NOFOLLOW, os.O_DIRECT):
            flags = mode | os.O_TRUNC | more
            tried(f"{whose} open {flags:o}", os.open, file, flags, 0o600)
            tried(f"{whose} openat {flags:o}", lambda: asked(OPENAT, HERE, path, flags, 0o600))
            tried(f"{whose} wide {flags:o}", lambda: asked(OPENAT, HERE, path, ctypes.c_long(flags | 1 << 40), 0o600))
            tried(f"{whose} openat2 {flags:o}", lambda: asked(OPENAT2, HERE, path, how(flags), ctypes.c_size_t(24)))
            if X86:
                tried(f"{whose} plain open {flags:o}", lambda: asked(2, path, flags, 0o600))
                tried(f"{whose} x32 open {flags:o}", lambda: asked(0x40000002, path, flags, 0o600))
    if X86:
        tried(f"{whose} creat", lambda: asked(85, path, 0o600))
        tried(f"{whose} x32 truncate", lambda: asked(0x4000004C, path, 0))
tried("ring", lambda: asked(425, 8, ctypes.create_string_buffer(120)))
tried("handle", lambda: asked(304 if X86 else 265, HERE, ctypes.create_string_buffer(128), os.O_RDONLY | os.O_TRUNC))

tried("read", (readable / "file").read_text)
tried("nothing to write to", lambda: open(os.devnull, "w").write("x"))
tried("nothing to add to", lambda: open(os.devnull, "a+").close())
print([missing, became])
"""

#: Said before, it is a machine for which we have no filter.
WITHOUT_A_FILTER = "from banshi.builtin.isolation.fence import seccomp\nseccomp.close_in = lambda **_: False\n"

#: What has to go on, and does nothing to a file.
HARMLESS = {"read", "nothing to write to", "nothing to add to"}


def emptied(tmp_path: Path, version: int, before: str = "") -> tuple[list[str], dict[str, int | str], list[str]]:
    """What was not guarded, what became of each try (a number of an error), and the names of the files then."""
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
        for file in ("file", "other"):
            (tmp_path / name / file).write_text(name, encoding="utf-8")
    places = [str(tmp_path / "mine"), str(tmp_path / "theirs")]
    missing, became = printed_by(before + TRYING + TRIES, str(version), *places)
    whole = [str(one.relative_to(tmp_path)) for one in sorted(tmp_path.rglob("*")) if one.is_file()]
    harmed = [name for name in whole if (tmp_path / name).read_text(encoding="utf-8") != name.partition("/")[0]]
    return missing, became, harmed


@LINUX
@pytest.mark.parametrize("version", VERSIONS)
def test_no_way_empties_a_file_whatever_the_system_knows(tmp_path: Path, version: int) -> None:
    if landlock.supported() < version:
        pytest.skip(f"this system has version {landlock.supported()} of Landlock")
    missing, became, harmed = emptied(tmp_path, version)
    assert (missing, harmed) == ([], [])
    assert len(list(tmp_path.rglob("*"))) == 2 + 4, "none has gone, and none has come"
    done = {name for name, said in became.items() if said == 0}
    assert done == HARMLESS
    refused = {name: said for name, said in became.items() if name not in HARMLESS}
    assert set(refused.values()) <= {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EINVAL}, refused
    # A library goes back to openat, whose flags can be seen.
    assert {said for name, said in refused.items() if "openat2" in name} == {errno.ENOSYS}


@LINUX
@pytest.mark.parametrize(
    ("version", "missing"),
    [
        (0, ["files", "processes and sockets"]),
        (1, ["emptying files", "processes and sockets"]),
        (2, ["emptying files", "processes and sockets"]),
        (3, ["processes and sockets"]),
    ],
)
def test_a_system_that_can_t_guard_files_from_being_emptied_says_so(
    tmp_path: Path, version: int, missing: list[str]
) -> None:
    """Without the filter, as on a machine for which we have none."""
    told, _, harmed = emptied(tmp_path, version, WITHOUT_A_FILTER)
    assert told == missing
    assert bool(harmed) == (missing[0] != "processes and sockets"), "what is said is what is so"
    (found,) = findings_of("parks", tmp_path / "plugins.toml", Declaration(unguarded=tuple(told)))
    assert found.rule == "not-guarded"
    assert f"can't bar its process from {' or '.join(missing)}" in found.advice


# -- other machines --------------------------------------------------------------------------------------------------

#: Numbers of open, openat, truncate, ftruncate, openat2 by machine (asm/unistd.h).
NUMBERS = {seccomp.X86_64: (2, 257, 76, 77, 437), seccomp.AARCH64: (None, 56, 45, 46, 437)}


@pytest.mark.parametrize("machine", NUMBERS)
def test_the_filter_of_each_machine_refuses_what_landlock_doesn_t_look_at(machine: int) -> None:
    plain, at, truncate, ftruncate, anew = NUMBERS[machine]
    assert verdict(machine, truncate, 0, 0) == errno.EPERM
    assert verdict(machine, ftruncate, 3, 0) == 0, "it needs a file that is open for writing"
    assert verdict(machine, anew, 0, 0, 0, 24) == errno.ENOSYS
    others = [0, os.O_CREAT, os.O_EXCL, os.O_APPEND, os.O_DIRECTORY, os.O_CLOEXEC | os.O_NONBLOCK, os.O_SYNC, 1 << 31]
    for mode, emptying, more, upper in product(range(4), (0, os.O_TRUNC), others, (0, 1 << 40)):
        flags = mode | emptying | more | upper
        wanted = errno.EPERM if emptying and mode in (os.O_RDONLY, 3) else 0
        assert verdict(machine, at, 0, 0, flags) == wanted, f"{flags:o}"
        # A flag in another argument is none.
        assert verdict(machine, at, os.O_TRUNC, os.O_TRUNC, flags & ~os.O_TRUNC, os.O_TRUNC) == 0
        if plain is not None:
            assert verdict(machine, plain, 0, flags) == wanted, f"{flags:o}"


def test_calls_of_a_32_bit_program_are_refused_whatever_they_ask_for() -> None:
    for machine, other in ((seccomp.X86_64, 0x40000003), (seccomp.AARCH64, 0x40000028)):
        assert {verdict(machine, number, seen_as=other) for number in range(450)} == {errno.EPERM}


@LINUX
@X86_64
def test_a_call_through_the_door_of_32_bit_programs_empties_nothing(tmp_path: Path) -> None:
    """truncate by `int 0x80`, in code that the process writes itself; without that door it ends."""
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    code = f"""
import ctypes, mmap, sys
from banshi.builtin.isolation.fence import landlock, limits
landlock.supported = lambda: 1
LOW, ALL = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
memory = mmap.mmap(-1, 4096, LOW, ALL)
place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
assert place < 2**32
path = {str(file)!r}.encode() + bytes(1)
memory[512 : 512 + len(path)] = path
words = bytes.fromhex("53b85c000000bb") + (place + 512).to_bytes(4, "little") + bytes.fromhex("31c9cd805bc3")
memory[: len(words)] = words
if sys.argv[1] == "in":
    limits.close_in(2**30, [], network=False)
print(ctypes.CFUNCTYPE(ctypes.c_int)(place)())
"""
    inside = subprocess.run([sys.executable, "-c", code, "in"], capture_output=True, text=True, check=False)
    assert file.read_text(encoding="utf-8") == "x"
    assert inside.stdout == f"-{errno.EPERM}\n" or inside.returncode == -signal.SIGSEGV, inside.stderr
    outside = subprocess.run([sys.executable, "-c", code, "out"], capture_output=True, text=True, check=False)
    if outside.returncode == 0:
        assert file.read_text(encoding="utf-8") == "", "the way is one, where there is no fence"
