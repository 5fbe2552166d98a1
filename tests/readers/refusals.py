"""Why something was not taken."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.testing import Person, Reply


def faults(reply: Reply) -> list[tuple[str, str]]:
    """What is wrong with a body: where, and the rule that is broken."""
    return [(one["pointer"], one["code"]) for one in reply.problem(422, "invalid-fields")["problems"]]


async def refused(opening: AbstractAsyncContextManager[Any], match: str | None = None) -> ConfigurationError:
    """What keeps a platform or a store from being opened."""
    with pytest.raises(ConfigurationError, match=match) as told:
        async with opening:
            raise AssertionError("it was opened")
    return told.value


async def understood(person: Person, paths: Iterable[str]) -> dict[str, int]:
    """Those of the paths that are not refused as questions that nobody can ask, with what is answered."""
    replies = {path: await person.get(path) for path in paths}
    return {
        path: reply.status
        for path, reply in replies.items()
        if (reply.status, reply.document.get("code")) != (400, "invalid-parameter")
    }
