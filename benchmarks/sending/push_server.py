"""The push service for all Web Push senders: mobile_push's sandbox over TLS, on uvloop, keeping nothing.

Argument: a folder, in which it puts `ca.pem` (the certificate to trust).
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop

from benchmarks.sending.provider import tls
from mobile_push.sandbox.webpush.push_service import WebPushSandbox


async def serve(folder: Path) -> None:
    async with WebPushSandbox(tls=tls(folder), record=False) as sandbox:
        print(sandbox.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
