"""In which order tests run, so that no worker is left alone with a long one at the end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

One = TypeVar("One")


def dealt(long: Sequence[One], rest: Sequence[One], workers: int) -> list[One]:
    """All of them, for workers of whom each takes one of as many equal parts, from its beginning.

    Every second part begins with its share of the long ones. They start servers and wait for them: were all of one
    part, one worker would be at them until the end; were they of all parts, too many servers would begin at once.
    Neighbours stay together, since they share a browser, a server, a city.
    """
    ordered, others, left = list[One](), iter(rest), len(long) + len(rest)
    most = -(-len(long) // ((workers + 1) // 2))
    shares = [list(long[part // 2 * most :][:most]) if part % 2 == 0 else [] for part in range(workers)]
    for part, share in enumerate(shares):
        size = left // (workers - part)
        left -= size
        ordered += [*share, *islice(others, max(0, size - len(share)))]
    return ordered + list(others)
