"""Requests: whose they are, and that each makes its thing once."""

from __future__ import annotations

from typing import Any

from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Resource
from banshi.kernel.http.idempotency import RUNNING
from banshi.kernel.http.stored_answers import STORED_ANSWERS, StoredAnswers


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(RUNNING, lambda _: set()),
        Resource.made(STORED_ANSWERS, lambda platform: StoredAnswers(platform.store)),
    ]
