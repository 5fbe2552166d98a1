"""`python -m mobile_push.sandbox`: a sandbox by itself, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from mobile_push.sandbox import serve

if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve("127.0.0.1", 9099, Path("fcm-sandbox.json")))
