"""WeChat's side of the door: its check of our address, and every message, answered within its five seconds.

A message is answered in the same connection wherever that can be done in time. Where it can't, it is kept, WeChat is
told `success`, and the answer follows by itself: in a window, or before whatever is said next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from banshi import Answer, Audience, Call, NotFound, Parameter, Problem, Unavailable
from banshi.sdk.http import Routes, read_body
from conversations import ANSWERING
from wechat.accounts import ACCOUNTS, OpenAccount
from wechat.sentences import say
from wechat.telling.notices import take_event
from wire import crypto, messages, xml

ROUTES = Routes("wechat", lenient=True)

#: Bytes of a message; with all its photos one has a few thousand.
MAX_BODY_BYTES = 65_536

#: Seconds within which a message is answered; after five WeChat hangs up, and sends it again.
ANSWER_S = 4.5

#: Seconds by which WeChat's clock and ours may differ; what is signed for another time was kept by somebody.
MAX_AGE_S = 300

#: Tells WeChat to send nothing again, and people nothing.
SUCCESS = b"success"

TEXT = {"type": "string", "maxLength": 512}
SIGNED = [Parameter(name, TEXT, "As WeChat sends it.") for name in ("signature", "timestamp", "nonce")]
ECHO = [*SIGNED, Parameter("echostr", TEXT, "What is to be sent back.")]
MESSAGE = [
    *SIGNED,
    Parameter("encrypt_type", TEXT, "`aes` for an encrypted message."),
    Parameter("msg_signature", TEXT, "The signature of an encrypted message."),
]
ANSWERS = {
    200: Answer("What WeChat reads.", {"type": "string"}, media_type="text/plain"),
    403: Answer("It is not signed as WeChat signs for this account, or was signed too long ago."),
}


class NotFromWeChat(Problem, status=403, code="signature-refused", says=say):
    """This is not signed as WeChat signs for this account, or it was signed too long ago."""


class NoMessage(Problem, status=400, code="malformed-body", says=say):
    """This is no message of WeChat's that can be read."""


@ROUTES.get("/v1/wechat/{account}", Audience.ANYONE, ANSWERS, parameters=ECHO)
async def check_wechat_address(call: Call) -> web.StreamResponse:
    """Answer WeChat's check of the address that an account has for its server."""
    _check(call, _account(call))
    return web.Response(text=call.query.get("echostr", ""), content_type="text/plain")


@ROUTES.post(
    "/v1/wechat/{account}",
    Audience.ANYONE,
    {**ANSWERS, 200: Answer("The reply as XML, or `success` as plain text.", {"type": "string"}, media_type="text/*")},
    parameters=MESSAGE,
    raw_body={"text/xml": {"type": "string", "description": "The message, as WeChat writes it."}},
)
async def take_wechat_message(call: Call) -> web.StreamResponse:
    """Take a message or an event of an official account; the answer is what the person reads."""
    clock = asyncio.get_running_loop().time
    until = clock() + ANSWER_S
    account = _account(call)
    _check(call, account)
    try:
        async with asyncio.timeout_at(until):
            body = await read_body(call.request, MAX_BODY_BYTES, "text/xml")
    except TimeoutError:
        raise NoMessage from None
    try:
        body = _opened(call.query, account, body)
        message = messages.read(body)
        received = account.received(message)
    except xml.Unreadable:
        raise NoMessage from None
    if received is None:
        try:
            async with asyncio.timeout_at(until):
                await take_event(call.platform, account, message)
        except TimeoutError:
            raise Unavailable(headers={"Retry-After": "5"}) from None
        return _told(SUCCESS)
    answering, name = call.platform[ANSWERING], call.path["account"]
    text = await answering.answered(name, account, received, body, until - clock())
    if text is None:
        raise Unavailable(headers={"Retry-After": "5"})
    if not text:
        return _told(SUCCESS)
    document = messages.reply(message, text, call.now)
    if account.cipher is not None:
        document = messages.sealed(account.cipher, account.settings.token, document, int(call.now.timestamp()))
    return _told(document, "text/xml")


def _account(call: Call) -> OpenAccount:
    account = call.platform[ACCOUNTS].get(call.path["account"])
    if account is None:
        raise NotFound
    return account


def _check(call: Call, account: OpenAccount) -> None:
    """Raise NotFromWeChat where the query is not signed for this account, or not now."""
    query = call.query
    at, nonce = query.get("timestamp", ""), query.get("nonce", "")
    signed = crypto.is_signed(query.get("signature", ""), account.settings.token, at, nonce)
    fresh = at.isascii() and at.isdigit() and abs(call.now.timestamp() - int(at[:12])) <= MAX_AGE_S
    if not signed or not fresh:
        raise NotFromWeChat


def _opened(query: Mapping[str, str], account: OpenAccount, body: bytes) -> bytes:
    """The message itself. Raises NotFromWeChat and xml.Unreadable."""
    if account.cipher is None:
        return body
    sealed = messages.first(xml.read(body), "Encrypt")
    parts = (account.settings.token, query.get("timestamp", ""), query.get("nonce", ""), sealed)
    # An account with a key takes nothing in plain text: its signature would say nothing of what is in it.
    if not sealed or not crypto.is_signed(query.get("msg_signature", ""), *parts):
        raise NotFromWeChat
    try:
        return account.cipher.decrypted(sealed)
    except crypto.NotOurs:
        raise NotFromWeChat from None


def _told(body: bytes, media_type: str = "text/plain") -> web.Response:
    return web.Response(body=body, content_type=media_type, charset="utf-8")
