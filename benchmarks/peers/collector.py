"""A collector that takes every batch of spans and counts its bytes, as the other side of `tracing.py`.

GET says how many came.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

counting = Lock()
came = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        global came
        size = len(self.rfile.read(int(self.headers["Content-Length"])))
        with counting:
            came += size
        self.answer("application/x-protobuf", b"")

    def do_GET(self) -> None:
        self.answer("text/plain", str(came).encode())

    def answer(self, media_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
