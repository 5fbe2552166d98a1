"""A file that belongs to an alert: a picture, a map, a recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mobile_push.cap.elements import Element, element
from mobile_push.cap.errors import CapError
from mobile_push.cap.kinds import BYTES, FILE, MEDIA_TYPE, TEXT, Text

_BASE64 = Text(r"[A-Za-z0-9+/\s]+={0,2}\s*", "is no base64; encode the file", most=1_000_000)


@dataclass(frozen=True, kw_only=True)
class Resource(Element):
    """A file beside the text: where it is, or the file itself in `deref_uri`."""

    description: str = field(metadata=element("resourceDesc", TEXT, "What the file shows, for people."))
    media_type: str = field(metadata=element("mimeType", MEDIA_TYPE, "Its media type, such as image/png."))
    size: int | None = field(default=None, metadata=element("size", BYTES, "Its size in bytes."))
    uri: str | None = field(default=None, metadata=element("uri", FILE, "Where it is; only the name with deref_uri."))
    deref_uri: str | None = field(default=None, metadata=element("derefUri", _BASE64, "The file itself, in base64."))
    digest: str | None = field(default=None, metadata=element("digest", TEXT, "SHA-1 of the file, in hexadecimal."))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.uri and not self.deref_uri and not urlsplit(self.uri).scheme:
            raise CapError("no whole address; begin with https:// and the host, or send the file in derefUri", "uri")
