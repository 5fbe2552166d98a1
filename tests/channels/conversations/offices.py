"""Offices with chats, and a database that takes nothing for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

from banshi.testing import Door, Person, open_door
from tests.channels.desk.bureau import ENQUIRIES, waiting
from tests.places import DEPARTMENTS


def office(
    folder: Path,
    database: str = "",
    *,
    names: Sequence[str] = ("petitions",),
    plugins: Mapping[str, Path | str] | None = None,
    platform: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AbstractAsyncContextManager[Door]:
    """These departments with the conversations, whose settings are the last, and those plugins."""
    whole: dict[str, Path | str] = {name: DEPARTMENTS / name for name in names}
    whole |= {"conversations": "conversations", **(plugins or {})}
    told = {**({"database": database} if database else {}), **(platform or {})}
    return open_door(folder, whole, settings={"conversations": settings}, platform=told)


async def claimed(officer: Person) -> str:
    """Whoever waits longest is the officer's now; where."""
    place = f"{ENQUIRIES}/{(await waiting(officer))[0]['id']}"
    (await officer.post(f"{place}/claim")).ok()
    return place


@contextmanager
def nothing_written(door: Door, why: Exception) -> Iterator[None]:
    """What is to be written meanwhile is not, and raises that."""
    commit = door.platform.store.commit

    async def broken(_: object) -> None:
        raise why

    door.platform.store.commit = broken  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        door.platform.store.commit = commit  # type: ignore[method-assign]
