"""A notice's picture: phones fetch it themselves, from wherever they are."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import PurePosixPath
from urllib.parse import urlsplit

#: Endings of what no phone's notification shows. JPEG and PNG are shown by all (Firebase, "Send an image").
UNSHOWN = frozenset({".svg", ".pdf", ".tif", ".tiff", ".psd", ".html", ".htm"})

#: Names that lead somewhere only inside one network.
INSIDE = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


def wrong_with_picture(address: str) -> str:
    """What keeps phones from showing the picture at that address, which begins with https://; "" for nothing."""
    if not (address.isascii() and address.isprintable()):
        return "Write the address in ASCII: other characters of a path as %XX, of a host as xn--…."
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "This is no address; give one such as https://www.example.org/picture.jpg."
    if parts.username is not None or parts.password is not None:
        return "Everybody's phone is sent this address; take the name and the password out of it."
    if not _is_public(host):
        return f"A phone outside can't reach {host[:80]!r}; give the address of a public host."
    if PurePosixPath(parts.path.lower()).suffix in UNSHOWN:
        return "A phone's notification can't show that kind of file; give a JPEG or a PNG, 1 MB at most."
    return ""


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        pass
    name = host.rstrip(".")
    labels = name.split(".")
    last = labels[-1]
    return len(labels) > 1 and all(labels) and not last.isdigit() and not name.endswith(INSIDE)
