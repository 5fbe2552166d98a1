"""What the commands ask of a running server, and what they say when it answers something else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

#: Seconds until an answer, and between two signs of life of a stream before it counts as broken.
PATIENCE, SILENCE = 10.0, 60.0

#: Bytes of an event at most.
LONGEST_EVENT = 1_048_576


class Failed(Exception):
    """What went wrong, in a sentence for whoever typed the command."""

    def __init__(self, detail: str, *, status: int = 0) -> None:
        super().__init__(detail)
        #: The server's; 0 where it did not answer.
        self.status = status


@dataclass(slots=True)
class Server:
    """A server, and the token that it is asked with."""

    url: str
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str) -> Any:
        """The document of an answer. Raises Failed."""
        try:
            async with self.session.request(method, self.url + path, allow_redirects=False) as answer:
                return await _document(self.url, answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _unreachable(self.url, error) from None

    async def follow(self, path: str) -> AsyncIterator[tuple[str, Any]]:
        """The events of a stream: (name, document). Raises Failed, also where it ends in the middle."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE, sock_read=SILENCE)
        try:
            async with self.session.get(self.url + path, timeout=timeout, allow_redirects=False) as answer:
                if answer.status != 200:
                    await _document(self.url, answer)
                name = ""
                async for line in answer.content:
                    if line.startswith(b"event: "):
                        name = line[7:].strip().decode()
                    elif line.startswith(b"data: "):
                        yield name, orjson.loads(line[6:])
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _unreachable(self.url, error) from None


@asynccontextmanager
async def server(url: str, token: str) -> AsyncIterator[Server]:
    """Ask the server at `url`. Raises Failed for an address or a token that can't be one."""
    if not url.startswith(("http://", "https://")):
        raise Failed(f"--url has to begin with http:// or https://, not {url!r}")
    if not token:
        raise Failed("this needs a token: give --token, or set BANSHI_TOKEN")
    if not (token.isascii() and token.isprintable()):
        raise Failed("the token has characters that no token has; take it as the identity provider gives it")
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, read_bufsize=LONGEST_EVENT) as session:
        yield Server(url.rstrip("/"), session)


async def _document(url: str, answer: aiohttp.ClientResponse) -> Any:
    try:
        document = orjson.loads(await answer.read())
    except orjson.JSONDecodeError:
        document = None
    if answer.status == 200 and document is not None:
        return document
    if not isinstance(document, dict) or "detail" not in document:
        raise Failed(f"{url} answers {answer.status} and nothing of Banshi's; mend --url", status=answer.status)
    raise Failed(str(document["detail"]), status=answer.status)


def _unreachable(url: str, error: Exception) -> Failed:
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return Failed(f"{url} does not answer; is the server up?")
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return Failed(f"{url} is no address; mend --url")
    return Failed(f"{url} can't be reached ({type(error).__name__}); is the server up, and --url right?")
