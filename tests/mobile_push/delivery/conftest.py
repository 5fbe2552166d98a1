"""Pauses of seconds and minutes, as tests have time for."""

from __future__ import annotations

import pytest

from tests.mobile_push.conftest import SMALL, hurry


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here, chunks are small, and a step of a walk is small too."""
    hurry(monkeypatch, SMALL)
