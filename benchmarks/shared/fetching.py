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
    url: str, *, method: str = "GET", body: Any = None, authority: Path | None = None
) -> tuple[bytes, dict[str, str]]:
    """What our own server answers: the body and the headers. `body` is sent as JSON.

    Raises urllib's errors for anything but success.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {} if body is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310
    trusted = ssl.create_default_context(cafile=str(authority)) if authority else None
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S, context=trusted) as answer:  # noqa: S310
        return answer.read(), dict(answer.headers)


def document(url: str, **how: Any) -> Any:
    """The JSON that it answers; `how` as `fetched` has it."""
    return json.loads(fetched(url, **how)[0])
