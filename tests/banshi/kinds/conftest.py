"""What the offices of every kind stand on."""

from __future__ import annotations

import pytest


@pytest.fixture
def own_database(request: pytest.FixtureRequest) -> str | None:
    """That of a test that takes one; without it an office makes its own file."""
    return request.getfixturevalue("database") if "database" in request.fixturenames else None
