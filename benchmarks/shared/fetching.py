"""What a benchmark asks a server for, beside the load."""

from __future__ import annotations

import json
import ssl
import urllib.request
from pathlib import Path
from typing import Any

#: Seconds for one answer.
ANSWER_TIMEOUT_S = 120


def fetched(
    url: str, *, method: str = "GET", body: bytes | None = None, authority: Path | None = None
) -> tuple[bytes, dict[str, str]]:
    """What our own server answers: the body and the headers. Raises urllib's errors for anything but success."""
    request = urllib.request.Request(url, data=body, method=method)  # noqa: S310
    trusted = ssl.create_default_context(cafile=str(authority)) if authority else None
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S, context=trusted) as answer:  # noqa: S310
        return answer.read(), dict(answer.headers)


def document(url: str, *, method: str = "GET") -> Any:
    """The JSON that it answers."""
    return json.loads(fetched(url, method=method)[0])
