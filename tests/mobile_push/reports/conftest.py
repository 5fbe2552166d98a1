"""Reports are of broadcasts as they are sent in tests."""

from __future__ import annotations

from tests.mobile_push.delivery.conftest import impatient

__all__ = ["impatient"]
