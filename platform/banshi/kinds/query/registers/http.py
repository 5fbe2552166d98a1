"""A register behind an HTTP endpoint of its department's.

It is asked with `POST`, so that no log on the way has numbers in its addresses:
`{"register": "vehicles", "question": {"plate": …}, "owner": "…" or null, "limit": 101}`. It answers 200 and
`{"records": [{…}], "as_of": "2026-11-24T09:30:00+08:00"}`, where `as_of` may be left out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import aiohttp
import orjson

from banshi.kernel.http.responses import in_utc
from banshi.kernel.loading.outside_systems import RegisterSource
from banshi.kinds.query.registers.declared import Register
from banshi.kinds.query.registers.protocol import MAX_RECORDS, Found, Question, RegisterBroken, RegisterDown

#: Bytes of an answer at most: a hundred records of ten kilobytes each.
MAX_ANSWER_BYTES = 1_048_576

#: What says "not now" and not "never so".
NOT_NOW = {429, 502, 503, 504}


class HttpRegister:
    def __init__(self, register: Register, source: RegisterSource, session: aiohttp.ClientSession) -> None:
        self._code = register.code
        self._source = source
        self._session = session
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if source.token:
            self._headers["Authorization"] = f"Bearer {source.token}"

    async def find(self, question: Question) -> Found:
        asked = {"register": self._code, "question": question.fields, "owner": question.owner, "limit": MAX_RECORDS + 1}
        document = await self._document(orjson.dumps(asked))
        records = document.get("records") if isinstance(document, dict) else None
        if not isinstance(records, list) or len(records) > MAX_RECORDS + 1:
            raise RegisterBroken(f"an answer has records, {MAX_RECORDS + 1} at most")
        return Found(records=records, as_of=_moment(document.get("as_of")), sample=document.get("sample") is True)

    async def _document(self, body: bytes) -> Any:
        try:
            # A redirect would let whoever answers it choose who is told the question.
            async with self._session.post(
                self._source.url,
                data=body,
                headers=self._headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._source.timeout),
            ) as response:
                if response.status in NOT_NOW:
                    raise RegisterDown(f"it answers {response.status}")
                if response.status != 200:
                    raise RegisterBroken(f"it answers {response.status}")
                return orjson.loads(await _bounded(response))
        except orjson.JSONDecodeError:
            raise RegisterBroken("the answer is not JSON") from None
        except aiohttp.ClientPayloadError as error:
            raise RegisterBroken("the answer breaks off") from error
        except (aiohttp.ClientConnectionError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise RegisterDown("it can't be reached") from error
        except aiohttp.ClientError as error:
            raise RegisterBroken("the answer is not HTTP") from error


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise RegisterBroken(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
    return body


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return in_utc(value)
    except (TypeError, ValueError):
        raise RegisterBroken("as_of is a time with its zone") from None
