"""What would fail later is found at the start."""

from __future__ import annotations

from collections.abc import Iterable

from banshi import checks
from banshi.errors import Finding
from banshi.hookspecs import hookimpl
from banshi.registry import Registry


@hookimpl
def banshi_checks(registry: Registry, strict: bool) -> Iterable[Finding]:
    return checks.findings(registry, strict=strict)
