"""A page with a form that may go to us alone: in the city's own frame where a plugin has one, or else a bare one, which
has no script and nothing from elsewhere.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from aiohttp import web

from banshi import Answer, Call, Forbidden, Key, Problem, Texts, text_in
from banshi.sdk.http import ErrorFormat, Routes
from questions.sentences import say, word

STYLE = (
    "body{font:18px/1.6 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}"
    "dt{color:#555}dd{margin:0 0 .7rem;font-weight:bold;overflow-wrap:anywhere}"
    "button,.btn{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#0b57d0;color:#fff}"
    "input,select,textarea{font:inherit;width:100%;box-sizing:border-box}small{color:#555;display:block}"
    "p.warn{border-left:.3rem solid #b3261e;padding-left:.8rem}"
)
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

#: A form may go to us alone.
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
}

PAGE = Answer("A page.", media_type="text/html")
ON = Answer("On to the provider, or back from there.", media_type="text/html", headers={"Location": "Where."})
TOKEN = {"token": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}}
#: A page of the city's own around a title and a body, which is HTML: its whole text, and its headers.
FRAME: Key[Callable[[Call, str, str], tuple[str, Mapping[str, str]]]] = Key("frame of pages")
FAILED, LEAVING = word("This did not work"), word("You are led to the sign-in")


class FromElsewhere(Forbidden, code="from-elsewhere", says=say):
    """Open the link from the chat in this browser, and go on from there."""


class LinkOver(Problem, status=410, code="link-over", says=say):
    """This was used already, or its time is over. Ask for a new one in the chat."""


def refuse_others(call: Call) -> None:
    """Raise FromElsewhere for a form that no page of ours has sent: who hasn't seen one isn't led on by another's."""
    if call.request.headers.get("Origin") != call.address:
        raise FromElsewhere


def sentence(language: str, texts: Texts) -> str:
    """A sentence as HTML."""
    return escape(text_in(texts, language))


def page(call: Call, title: Texts, body: str, *, status: int = 200) -> web.Response:
    """A page; `body` is HTML."""
    for _, frame in call.platform.registry.offered(FRAME):
        text, headers = frame(call, text_in(title, call.language), body)
        break
    else:
        text, headers = _bare(call.language, sentence(call.language, title), body), HEADERS
    headers = {**headers, "Cache-Control": "no-store", "Content-Language": call.language}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def _bare(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><h1>{title}</h1>{body}</body></html>\n"
    )


def button(language: str, words: Texts) -> str:
    """What sends a form that has nothing to fill in."""
    return f'<form method="post"><button class="btn">{sentence(language, words)}</button></form>'


def pairs(listed: Mapping[str, str]) -> str:
    """What is known already, by its title."""
    rows = "".join(f"<div><dt>{escape(title)}</dt><dd>{escape(text)}</dd></div>" for title, text in listed.items())
    return f'<dl class="kv">{rows}</dl>' if rows else ""


def leaving(call: Call, address: str, host: str) -> web.Response:
    """On to the provider. A redirect would have to be allowed as the target of a form, wherever the provider leads."""
    go = sentence(call.language, word("Go on to {host}", host=host))
    answer = page(call, LEAVING, f'<p><a class="btn" rel="noreferrer" href="{escape(address)}">{go}</a></p>')
    answer.headers["Refresh"] = f"0; url={address}"
    return answer


def sending(answer: web.Response) -> web.Response:
    """A page whose form's Origin is sent to us and to nobody else: what isn't sent from it does nothing."""
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def _detail(trouble: Problem, language: str) -> str:
    return f"<p>{escape(str(trouble.document(language)['detail']))}</p>"


def problem(trouble: Problem, language: str) -> web.Response:
    """What went wrong before it was known whose page it is."""
    text = _bare(language, sentence(language, FAILED), _detail(trouble, language))
    headers = {**HEADERS, "Content-Language": language, **trouble.headers}
    return web.Response(text=text, status=trouble.status, content_type="text/html", headers=headers)


class PageRoutes(Routes):
    """Routes whose refusals are pages too."""

    def __init__(self, tag: str, **more: Any) -> None:
        super().__init__(tag, errors=ErrorFormat(media_type="text/html", told=problem), **more)

    def _declare(self, *about: Any) -> Any:
        declare = super()._declare(*about)

        def declared(handler: Any) -> Any:
            @functools.wraps(handler)
            async def handle(call: Call) -> web.StreamResponse:
                try:
                    return await handler(call)  # type: ignore[no-any-return]
                except Problem as trouble:
                    answer = page(call, FAILED, _detail(trouble, call.language), status=trouble.status)
                    answer.headers.update(trouble.headers)
                    return answer

            declare(handle)
            return handler

        return declared
