"""Its items.toml has everything wrong at once; its handlers are for items that aren't there."""

from __future__ import annotations

from collections.abc import Mapping

from banshi import Application, hookimpl


@hookimpl
def banshi_handlers() -> Mapping[str, Application]:
    return {"half-a-form": Application(), "wrong-value": Application(), "Bad-Slug": Application()}
