"""The peer of reads: aiohttp alone, on uvloop, one route that answers prepared bytes with prepared headers.

Reads {"headers": {...}, "body": "..."} as JSON from the file that it is given.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import uvloop
from aiohttp import web

from benchmarks.peers.serving import serve

if __name__ == "__main__":
    answer = json.loads(Path(sys.argv[1]).read_text())
    body, headers = answer["body"].encode(), answer["headers"]

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=body, headers=headers)

    uvloop.run(serve(web.get("/v1/items/{code}", show)))
