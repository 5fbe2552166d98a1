"""Typed settings, and an entry that gets them wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from banshi import hookimpl


@dataclass(frozen=True, kw_only=True)
class Settings:
    office: str
    days: int = 1
    key: str = ""


@hookimpl
def banshi_settings() -> type:
    return Settings


@hookimpl
def banshi_handlers(settings: Settings) -> Mapping[str, Any]:
    raise AssertionError("hooks that ask for settings are not called while these are wrong")
