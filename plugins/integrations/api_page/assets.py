"""The files that the page loads: Swagger UI's, and two of its own. There are no others, whatever is asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from banshi.sdk.http import etag_of

#: Where Swagger UI's files are from, and the folder that they are in there.
PACKAGE, FOLDER = "flask-swagger-ui", "dist"

OWN = Path(__file__).resolve().parent

#: The name that the page loads it by, and its media type.
OF_SWAGGER_UI = {
    "favicon-32x32.png": "image/png",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
OF_THE_PAGE = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    path: Path
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All of them by name."""

    files: Mapping[str, Asset]
    #: A part of their address: another release of any has another, so that a browser never mixes two.
    version: str

    def address(self, name: str) -> str:
        return f"/docs/assets/{self.version}/{name}"


def find() -> Assets | None:
    """The files as they are now; None where the package is not installed, or is built otherwise."""
    # A top-level package's spec is found without importing it, and Flask with it.
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        return None
    theirs = Path(spec.submodule_search_locations[0]) / FOLDER
    wanted = {theirs / name: media_type for name, media_type in OF_SWAGGER_UI.items()}
    wanted |= {OWN / name: media_type for name, media_type in OF_THE_PAGE.items()}
    try:
        files = {path.name: Asset(path, told, etag_of(path.read_bytes())) for path, told in wanted.items()}
    except OSError:
        return None
    version = blake2b("".join(asset.etag for asset in files.values()).encode(), digest_size=6).hexdigest()
    return Assets(files, version)
