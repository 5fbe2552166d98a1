"""What comes by each channel, how fast it is answered and how it is rated; nothing that comes from few.

A month is told once it is over: whoever asked again and again during it would see each case come. Its figures are by
kind of case, and what plugins count beside these, such as calls. Of what is few the count is hidden, and as much beside
it as keeps anybody from finding it by subtraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from banshi import Resource, Route, hookimpl
from banshi.sdk.http import KeptFigures
from channel_figures import counting, routes


@hookimpl
def banshi_resources() -> Sequence[Resource[Any]]:
    return [Resource.made(counting.CAME, partial(KeptFigures, count=counting.counted))]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return routes.ROUTES
