"""The body that a link of the API's description gives, as expressions by member."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

#: A runtime expression inside a text.
EXPRESSION = re.compile(r"{(\$[^{}]+)}")


def body_of(link: Mapping[str, Any]) -> dict[str, str]:
    """Its members, each with the expression that gives it; empty where it gives no body."""
    found: dict[str, str] = json.loads(EXPRESSION.sub(r'"\1"', link.get("requestBody", "{}")))
    return found


def with_bodies(description: bytes) -> bytes:
    """The description with the bodies of its links as objects, which schemathesis fills in by member."""

    def read(part: dict[str, Any]) -> dict[str, Any]:
        return {**part, "requestBody": body_of(part)} if isinstance(part.get("requestBody"), str) else part

    return json.dumps(json.loads(description, object_hook=read)).encode()
