"""Certificates: PDF files that anybody can verify."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing

from banshi.builtin.certificates import checks as checks
from banshi.builtin.certificates import routes
from banshi.builtin.certificates.press import PRESS, Press
from banshi.foundation.findings import Finding
from banshi.kernel.contract.hookspecs import hands_over, hookimpl
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform

banshi_routes = hands_over(*routes.ROUTES)


def _press(platform: Platform) -> aclosing[Press]:
    return aclosing(Press(platform.settings.certificate_fonts, platform.settings.certificate_name_fonts))


banshi_resources = hands_over(Resource(PRESS, _press, Phase.BEFORE_PLUGINS))


@hookimpl
def banshi_checks(registry: Registry) -> Iterator[Finding]:
    yield from checks.certificates_can_be_made(registry)
    yield from checks.fonts_can_be_read(registry)
