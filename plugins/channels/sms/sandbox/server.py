"""A gateway that takes texts, and tells what became of them."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from aiohttp import web

import sandboxes.sandbox as frame
from sandboxes.faults import Count, Faults

SEND = "/sms/api/sendMessageOne"

#: What the sandbox's codes say.
CODES = {0: "处理成功", 2: "帐号名或密码鉴权错误", 5: "帐号余额不足", 6: "缺少发送号码", 8: "发送消息内容为空"}
CODES |= {10: "非法IP地址", 11: "24小时发送时间段限制", 13: "请求过于频繁", 16: "时间戳差异过大"}
CODES |= {25: "签名需要包含【】符", 99: "错误的请求JSON", 500: "系统异常"}

#: Milliseconds by which a call's clock may differ; seconds between two tries to hand a receipt over, and how many.
MAX_SKEW_MS, RECEIPT_AGAIN_S, RECEIPT_TRIES = 300_000, 0.2, 50


@dataclass(slots=True)
class SmsFaults(Faults):
    """Those of a gateway."""

    #: The code of the one message in a call that is taken as a whole.
    message: Count = 0
    #: What becomes of each text, "" for nothing that is told; how often that is told, and whether before the answer.
    receipt: str = "DELIVRD"
    receipts: Count = 1
    receipt_first: bool = False


class SmsSandbox(frame.Sandbox[SmsFaults]):
    """An operator's gateway; `texts` is all that it was given, `to` the address for its receipts."""

    def __init__(
        self, to: str, host: str = "127.0.0.1", port: int = 0, *, account: str = "city", key: str = "k"
    ) -> None:
        super().__init__(SmsFaults(), host, port)
        self.to, self.account, self.key = to, account, key
        self.texts: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[int]] = set()

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await super().__aexit__(*error)

    def calls(self) -> Mapping[str, frame.Call]:
        return {SEND: self._send}

    def controls(self) -> Mapping[str, frame.Control]:
        return {**super().controls(), "GET texts": lambda _: self.texts}

    def refused(self, code: int | str) -> web.StreamResponse:
        if code not in CODES:
            raise ValueError(f"codes: the gateway's codes here are {sorted(CODES)}, not {code}")
        return frame.answered({"code": code, "message": CODES[int(code)]})

    async def told(self) -> None:
        """Until all receipts were handed over."""
        await asyncio.gather(*self._tasks)

    async def _send(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            asked = orjson.loads(await request.read())
            code, (message,) = self._wrong(asked), asked["messageList"]
            text = {"msgId": next(self._numbers), **{name: message[name] for name in ("phone", "content", "callData")}}
        except (ValueError, KeyError, TypeError):
            code = 99
        self.counted[SEND, code or self.faults.message] += 1
        if code:
            return self.refused(code)
        own = {"code": self.faults.message, "message": CODES.get(self.faults.message, ""), "phone": text["phone"]}
        if not self.faults.message:
            own["msgId"] = text["msgId"]
            self.texts.append(text)
            task = asyncio.create_task(self.tell([self.receipt_of(text)] * self.faults.receipts))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            if self.faults.receipt_first:
                await asyncio.wait({task})
        return frame.answered({"code": 0, "message": CODES[0], "smsCount": 1, "data": [own]})

    def _wrong(self, asked: Mapping[str, Any]) -> int:
        at, hidden = asked["timestamp"], hashlib.md5(self.key.encode(), usedforsecurity=False).hexdigest()
        sign = hashlib.md5(f"{self.account}{at}{hidden}".encode(), usedforsecurity=False).hexdigest()
        if (asked["userName"], asked["sign"]) != (self.account, sign):
            return 2
        if abs(at - self.clock() * 1000) > MAX_SKEW_MS:
            return 16
        return 0 if asked["messageList"][0]["content"].startswith("【") else 25

    def receipt_of(self, text: Mapping[str, Any]) -> dict[str, Any]:
        """What the gateway says of a text."""
        told = {name: text[name] for name in ("msgId", "phone", "callData")}
        return {**told, "status": self.faults.receipt, "receiveTime": "2026-12-01 08:00:00", "smsCount": 1}

    async def tell(self, receipts: list[dict[str, Any]]) -> int:
        """Hand receipts over one by one, again until they are taken; the last answer's status."""
        status = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            for one in receipts if self.faults.receipt else ():
                for _ in range(RECEIPT_TRIES):
                    try:
                        async with session.post(self.to, json=[one]) as answer:
                            status = answer.status
                    except (aiohttp.ClientError, OSError, TimeoutError):
                        status = 0
                    if status == 200:
                        break
                    await asyncio.sleep(RECEIPT_AGAIN_S)
        return status
