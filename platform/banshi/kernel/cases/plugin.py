"""Cases: how they are handed in, shown and worked on."""

from __future__ import annotations

from functools import partial
from typing import Any

from banshi.access import ACCESS, Access
from banshi.contract import Resource
from banshi.hookspecs import hookimpl
from banshi.latest import Latest
from banshi.registry import Registry
from banshi.routes import Route
from banshi.web import attachments, cases, submissions
from banshi.web.work import WORK, work_in


@hookimpl
def banshi_routes(registry: Registry) -> list[Route]:
    return [*cases.ROUTES, *attachments.ROUTES, submissions.route(registry)]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(ACCESS, lambda platform: Access(platform.registry)),
        Resource.made(WORK, lambda platform: Latest(platform.registry, partial(work_in, platform.registry))),
    ]
