"""The site's files, each at an address of its own version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from banshi import Key
from web_site.session import ROOT
from web_site.settings import SiteSettings

FOLDER = Path(__file__).with_name("assets")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
#: What installs the site, and what its installed form keeps for when there is no network.
WORKER = "worker.js"
PATHS = {one.name: one for one in sorted(FOLDER.rglob("*")) if one.suffix in TYPES}
NAMES = tuple(name for name in PATHS if name != WORKER)
#: What may do more than be read, by its policy: the scanner's decoder, which runs WebAssembly where no page may.
DECODER = "scan_decoder.js"


@dataclass(frozen=True, slots=True)
class Assets:
    """Their bytes by name."""

    files: Mapping[str, bytes]
    #: A part of their address: another release of any has another, so that a browser never mixes two.
    version: str

    def address(self, name: str) -> str:
        return f"{ROOT}/assets/{self.version}/{name}"


ASSETS: Key[Assets] = Key("the site's files")


def read(settings: SiteSettings) -> Assets:
    """The files as a city has them: its colours stand in the style sheet, its crest in place of ours."""
    files = {name: path.read_bytes() for name, path in PATHS.items()}
    tokens = "".join(f"--{name}:{colour};" for name, colour in sorted(settings.colours.items()))
    if tokens:
        files["site.css"] += f":root{{{tokens}}}\n".encode()
    if settings.crest is not None:
        files["seal.svg"] = re.sub(rb"(?is)<script.*?</script>", b"", settings.crest.read_bytes())
    version = blake2b(b"\0".join(files.values()), digest_size=6).hexdigest()
    return Assets(files, version)
