"""Whose token it is: the city's identity provider's, or one for development."""

from __future__ import annotations

from typing import Any

from banshi.builtin.identity.tokens import open_tokens
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.http.callers import TOKENS


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [Resource(TOKENS, open_tokens, Phase.BEFORE_PLUGINS)]
