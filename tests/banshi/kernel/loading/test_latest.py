"""What is made of the catalogue is made anew once it has changed, and tried again where that failed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from banshi.kernel.loading.cached import PerRevision


def test_what_could_not_be_made_is_tried_again_and_not_taken_for_made() -> None:
    registry: Any = SimpleNamespace(revision=0)

    def made() -> int:
        if registry.revision == 1 and not tries:
            tries.append(1)
            raise RuntimeError
        return int(registry.revision)

    tries: list[int] = []
    latest = PerRevision(registry, made)
    assert latest.get() == 0
    registry.revision = 1
    with pytest.raises(RuntimeError):
        latest.get()
    assert latest.get() == 1


def test_a_change_while_it_is_made_is_seen_the_next_time() -> None:
    registry: Any = SimpleNamespace(revision=0)

    def made() -> int:
        registry.revision = max(registry.revision, 1)
        return len(calls.append(0) or calls)  # type: ignore[func-returns-value]

    calls: list[int] = []
    latest = PerRevision(registry, made)
    assert [latest.get(), latest.get(), latest.get()] == [1, 2, 2]
