"""Nothing of a platform's log below a level, also where the tests' conftest has taken its configuration away."""

from __future__ import annotations

import logging
import sys

import structlog


def quiet(level: int = logging.CRITICAL) -> None:
    """What is left goes to standard error."""
    errors = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level), logger_factory=errors)
