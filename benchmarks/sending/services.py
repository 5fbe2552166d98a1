"""Every push service that the platform sends to, as its sandboxes over TLS and HTTP/2, on uvloop; messages aren't kept.

Argument: a folder, in which it puts `account.json` (FCM's key), `apns.p8` (Apple's) and `ca.pem` (what to trust).
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop

from benchmarks.sending.provider import tls
from mobile_push.sandbox.together import PushServices


async def serve(folder: Path) -> None:
    async with PushServices(tls=tls(folder), record=False) as services:
        services.fcm.service_account_file(folder / "account.json")
        services.apns.key_file(folder / "apns.p8")
        services.jpush.behaviour.calls_a_minute = 1_000_000
        print(services.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
