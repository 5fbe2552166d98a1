"""Answers that are written into a file once, and read by any number of people at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from banshi.foundation.files import spooled
from banshi.sdk.catalogue import SpooledAnswer
from banshi.sdk.http import etag_of

BODY = bytes(range(256)) * 8


def once(folder: Path, made: list[int]) -> SpooledAnswer:
    def make() -> Iterator[bytes]:
        made.append(1)
        yield from (BODY[start : start + 100] for start in range(0, len(BODY), 100))

    return SpooledAnswer(make, folder)


def named(folder: Path) -> list[Path]:
    """The files in it that have a name."""
    return list(folder.iterdir())


async def test_whoever_asks_at_once_gets_the_one_that_is_made(tmp_path: Path) -> None:
    made: list[int] = []
    answer = once(tmp_path, made)
    found = await asyncio.gather(*(answer.get() for _ in range(20)))
    assert made == [1]
    assert {one.etag for one in found} == {etag_of(BODY)}
    assert found[0].size == len(BODY)
    assert named(tmp_path) == []
    answer.close()


@pytest.mark.parametrize("size", [1, 63, 64, 65, len(BODY) - 1, len(BODY), len(BODY) + 1])
async def test_it_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(spooled, "PIECE_BYTES", size)
    answer = once(tmp_path, [])
    pieces = [piece async for piece in (await answer.get()).pieces()]
    assert b"".join(pieces) == BODY
    assert all(0 < len(piece) <= size for piece in pieces)
    answer.close()


async def test_one_that_could_not_be_made_is_made_for_who_asks_next(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> Iterator[bytes]:
        made.append(1)
        yield b"some"
        if len(made) == 1:
            raise OSError("no room")
        yield b" and all"

    answer = SpooledAnswer(make, tmp_path)
    with pytest.raises(OSError, match="no room"):
        await answer.get()
    assert (await answer.get()).size == len(b"some and all")
    answer.close()


async def test_who_leaves_does_not_end_it_for_the_others(tmp_path: Path) -> None:
    answer = once(tmp_path, [])
    leaves = asyncio.ensure_future(answer.get())
    await asyncio.sleep(0)
    leaves.cancel()
    assert (await answer.get()).size == len(BODY)
    answer.close()
