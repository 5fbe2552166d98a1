"""Requests: whose they are, and that each makes its thing once."""

from __future__ import annotations

from typing import Any

from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Resource
from banshi.kernel.http.idempotency import RUNNING, SQL, STORED_ANSWERS
from banshi.kernel.tables.look_ups import LookUps


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(RUNNING, lambda _: set()),
        Resource.made(STORED_ANSWERS, lambda platform: LookUps(platform.store, SQL)),
    ]
