"""Requests: whose they are, and that each makes its thing once."""

from __future__ import annotations

from typing import Any

from banshi.auth import TOKENS, open_tokens
from banshi.contract import Phase, Resource
from banshi.hookspecs import hookimpl
from banshi.once import RUNNING
from banshi.stored_answers import STORED_ANSWERS, StoredAnswers


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(RUNNING, lambda _: set()),
        Resource.made(STORED_ANSWERS, lambda platform: StoredAnswers(platform.store)),
        Resource(TOKENS, open_tokens, Phase.BEFORE_PLUGINS),
    ]
