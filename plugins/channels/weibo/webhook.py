"""Weibo's side of the door: its check of our address, and messages, answered in the same connection."""

from __future__ import annotations

import asyncio

from aiohttp import web

from banshi import Answer, Audience, Call, NotFound, Parameter, Problem, Unavailable
from banshi.sdk.http import Routes, read_body
from conversations import ANSWERING
from weibo.accounts import ACCOUNTS, OpenAccount
from weibo.sentences import say
from wire import crypto, messages, xml

ROUTES = Routes("weibo", lenient=True)

#: Bytes of a message; seconds within which it is answered, and by which Weibo's clock and ours may differ.
MAX_BODY_BYTES, ANSWER_S, MAX_AGE_S = 65_536, 4.5, 300

TEXT = {"type": "string", "maxLength": 512}
SIGNED = [Parameter(name, TEXT, "As Weibo sends it.") for name in ("signature", "timestamp", "nonce")]
ECHO = [*SIGNED, Parameter("echostr", TEXT, "What is to be sent back.")]
ANSWERS = {
    200: Answer("What Weibo reads: the reply as XML, or nothing.", {"type": "string"}, media_type="text/*"),
    403: Answer("It is not signed as Weibo signs for this account, or was signed too long ago."),
}


class NotFromWeibo(Problem, status=403, code="signature-refused", says=say):
    """This is not signed as Weibo signs for this account, or it was signed too long ago."""


class NoWeiboMessage(Problem, status=400, code="malformed-body", says=say):
    """This is no message of Weibo's that can be read."""


@ROUTES.get("/v1/weibo/{account}", Audience.ANYONE, ANSWERS, parameters=ECHO)
async def check_weibo_address(call: Call) -> web.StreamResponse:
    """Answer Weibo's check of the address that an account has for its server."""
    _signed_for(call)
    return web.Response(text=call.query.get("echostr", ""), content_type="text/plain")


@ROUTES.post(
    "/v1/weibo/{account}",
    Audience.ANYONE,
    ANSWERS,
    parameters=SIGNED,
    raw_body={"text/xml": {"type": "string", "description": "The message, as Weibo writes it in XML mode."}},
)
async def take_weibo_message(call: Call) -> web.StreamResponse:
    """Take a private message to an account; the answer is what the person reads."""
    clock = asyncio.get_running_loop().time
    until, account = clock() + ANSWER_S, _signed_for(call)
    try:
        async with asyncio.timeout_at(until):
            body = await read_body(call.request, MAX_BODY_BYTES, "text/xml")
        message = messages.read(body)
        received = account.received(message)
    except (TimeoutError, xml.Unreadable):
        raise NoWeiboMessage from None
    if received is None:
        return web.Response(text="", content_type="text/plain")
    answering, name = call.platform[ANSWERING], call.path["account"]
    text = await answering.answered(name, account, received, body, until - clock())
    if text is None:
        raise Unavailable(headers={"Retry-After": "5"})
    document = messages.reply(message, text, call.now) if text else b""
    return web.Response(body=document, content_type="text/xml" if text else "text/plain", charset="utf-8")


def _signed_for(call: Call) -> OpenAccount:
    """The account. Raises NotFromWeibo where the query is not signed by its app's secret, or not now."""
    account = call.platform[ACCOUNTS].get(call.path["account"])
    if account is None:
        raise NotFound
    at = call.query.get("timestamp", "")
    parts = (account.settings.secret, at, call.query.get("nonce", ""))
    # In milliseconds, as Weibo's own example has it, or in seconds.
    seconds = int(at) / (1000 if len(at) > 10 else 1) if at.isascii() and at.isdigit() and len(at) <= 13 else 0
    is_fresh = abs(call.now.timestamp() - seconds) <= MAX_AGE_S
    if not crypto.is_signed(call.query.get("signature", ""), *parts) or not is_fresh:
        raise NotFromWeibo
    return account
