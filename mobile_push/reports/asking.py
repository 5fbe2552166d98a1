"""What the commands ask of a running server, and what they say when it answers something else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

#: Seconds until an answer, and between two signs of life of a stream before it counts as broken.
ANSWER_TIMEOUT_S, SILENCE_TIMEOUT_S = 10.0, 60.0

#: Bytes of an event at most.
MAX_EVENT_BYTES = 1_048_576


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
        with _reaching(self.url):
            async with self.session.request(method, self.url + path, allow_redirects=False) as answer:
                return await _document(self.url, answer)

    async def follow(self, path: str) -> AsyncIterator[tuple[str, Any]]:
        """The events of a stream: (name, document). Raises Failed, also where it ends in the middle."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_TIMEOUT_S, sock_read=SILENCE_TIMEOUT_S)
        with _reaching(self.url):
            async with self.session.get(self.url + path, timeout=timeout, allow_redirects=False) as answer:
                if answer.status != 200:
                    await _document(self.url, answer)
                name = ""
                async for line in answer.content:
                    if line.startswith(b"event: "):
                        name = line[7:].strip().decode()
                    elif line.startswith(b"data: "):
                        yield name, orjson.loads(line[6:])


@asynccontextmanager
async def server(url: str, token: str) -> AsyncIterator[Server]:
    """Ask the server at `url`. Raises Failed for an address or a token that can't be one."""
    if not url.startswith(("http://", "https://")):
        raise Failed(f"--url has to begin with http:// or https://, not {url!r}")
    if not token:
        raise Failed("this needs a token: give --token, or set BANSHI_TOKEN")
    if not (token.isascii() and token.isprintable()):
        raise Failed("the token has characters that no token has; take it as the identity provider gives it")
    timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, read_bufsize=MAX_EVENT_BYTES) as session:
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
    raise Failed(str(document.get("reason", document["detail"])), status=answer.status)


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    """Raise Failed for whatever keeps an answer from coming."""
    try:
        yield
    except TimeoutError:
        raise Failed(f"{url} does not answer; is the server up?") from None
    except ValueError:  # aiohttp.InvalidURL is one
        raise Failed(f"{url} is no address; mend --url") from None
    except (aiohttp.ClientError, OSError) as error:
        told = f"{url} can't be reached ({type(error).__name__}); is the server up, and --url right?"
        raise Failed(told) from None
