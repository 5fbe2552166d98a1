"""What would fail later is found at the start."""

from __future__ import annotations

from collections.abc import Iterable

from banshi.builtin import checks
from banshi.foundation.findings import Finding
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.loading.registry import Registry


@hookimpl
def banshi_checks(registry: Registry, strict: bool) -> Iterable[Finding]:
    return checks.findings(registry, strict=strict)
