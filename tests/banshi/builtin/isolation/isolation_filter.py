"""A filter of system calls, run instruction by instruction: what it says of any call of any machine."""

from __future__ import annotations

from functools import cache

from banshi.builtin.isolation.fence import seccomp


@cache
def program_of(machine: int) -> list[tuple[int, int, int, int]]:
    return list(seccomp.program(machine, 1, network=False))


def verdict(machine: int, number: int, *arguments: int, seen_as: int | None = None) -> int:
    """What the filter for a machine says of a call, run as it stands: 0 for yes, or the number of an error."""
    program, at, accumulator = program_of(machine), 0, 0
    words = {0: number, 4: machine if seen_as is None else seen_as}
    for place, value in enumerate(arguments):
        words |= {16 + 8 * place: value & 0xFFFFFFFF, 20 + 8 * place: value >> 32}
    while True:
        code, if_true, if_not, value = program[at]
        at += 1
        if code == seccomp.LOAD:
            accumulator = words.get(value, 0)
        elif code == seccomp.AND:
            accumulator &= value
        elif code == seccomp.RETURN:
            return value & 0xFFFF
        else:
            tests = {seccomp.EQUAL: accumulator == value, seccomp.AT_LEAST: accumulator >= value}
            at += if_true if tests.get(code, bool(accumulator & value)) else if_not
