"""Tables without a migration, under a name that is taken."""

from __future__ import annotations

from banshi import Tables, hookimpl


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models=f"{__name__}.models", migrations=f"{__name__}.migrations")
