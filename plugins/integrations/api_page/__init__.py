"""A page for people at /docs that shows the API's description. It needs no network.

Swagger UI draws it, out of the PyPI package flask-swagger-ui; only its files are read, nothing of it is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from banshi import Finding, Route, hookimpl

from . import assets, page


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return page.routes(found) if (found := assets.find()) else ()


@hookimpl
def banshi_checks() -> Iterable[Finding]:
    if not assets.find():
        advice = f"install {assets.PACKAGE} (pip install 'banshi[page]'), or take the plugin out of plugins.toml"
        yield Finding("api_page", "no-assets", f"there is no /docs: {advice}", warning=True)
