"""Settings of a type that can't be read from a file."""

from __future__ import annotations

from dataclasses import dataclass

from banshi import hookimpl


class Clock:
    """Nothing that TOML could say."""


@dataclass(frozen=True)
class Settings:
    clock: Clock


@hookimpl
def banshi_settings() -> type:
    return Settings
