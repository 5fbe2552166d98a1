"""Where a plugin's tables are declared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """A plugin's own tables: modules with its Tortoise models and with its migrations."""

    models: str
    migrations: str
