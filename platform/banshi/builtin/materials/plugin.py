"""Materials: what a person has handed in once may serve again."""

from __future__ import annotations

from collections.abc import Iterator

from banshi.checks import materials as checks
from banshi.errors import Finding
from banshi.hookspecs import hookimpl
from banshi.registry import Registry
from banshi.routes import Route
from banshi.web import materials


@hookimpl
def banshi_routes() -> list[Route]:
    return [*materials.ROUTES]


@hookimpl
def banshi_checks(registry: Registry) -> Iterator[Finding]:
    yield from checks.materials_name_documents(registry)
    yield from checks.documents_last_a_number_of_days(registry)
