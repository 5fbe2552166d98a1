"""Who is asked before somebody creates something."""

from __future__ import annotations

from functools import partial
from typing import Any

from banshi.builtin.creating.per_person import one_more
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Resource
from banshi.kernel.http.callers import CREATING


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [Resource.made(CREATING, lambda platform: partial(one_more, platform))]
