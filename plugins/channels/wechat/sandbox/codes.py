"""WeChat's error codes. Every answer is HTTP 200; what was refused says so in `errcode`."""

from __future__ import annotations

import tomllib
import uuid
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_suffix(".toml")
#: Code → text.
TEXTS = {int(code): text for code, text in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()}


class WeChatError(ValueError):
    """What WeChat does not do."""

    def __init__(self, code: int) -> None:
        super().__init__(code, TEXTS[code])
        self.code = code


def require(holds: object, code: int) -> None:
    """Raises WeChatError with that code where it doesn't hold."""
    if not holds:
        raise WeChatError(code)


def refusal(code: int) -> dict[str, Any]:
    """The answer of that code."""
    rid = uuid.uuid4().hex
    return {"errcode": code, "errmsg": f"{TEXTS[code]} rid: {rid[:8]}-{rid[8:16]}-{rid[16:24]}"}
