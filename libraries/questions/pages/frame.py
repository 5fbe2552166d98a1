"""A bare page: no script, nothing from elsewhere, and a form that may go to us alone."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from aiohttp import web

from banshi import Answer, Call, Forbidden, Problem, Texts, text_in
from questions.sentences import say, word

STYLE = (
    "body{font:18px/1.6 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}"
    "dt{color:#555}dd{margin:0 0 .7rem;font-weight:bold;overflow-wrap:anywhere}"
    "button,.go{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#0b57d0;color:#fff}"
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
FAILED, LEAVING = word("This did not work"), word("You are led to the sign-in")


class FromElsewhere(Forbidden):
    """Open the link from the chat in this browser, and go on from there."""

    code = "from-elsewhere"
    says = say


class LinkOver(Problem):
    """This was used already, or its time is over. Ask for a new one in the chat."""

    status = 410
    code = "link-over"
    says = say


def refuse_others(call: Call) -> None:
    """Raise FromElsewhere for a form that no page of ours has sent: who hasn't seen one isn't led on by another's."""
    if call.request.headers.get("Origin") != call.address:
        raise FromElsewhere


def told(language: str, texts: Texts) -> str:
    """A sentence as HTML."""
    return escape(text_in(texts, language))


def page(language: str, title: Texts, body: str, *, status: int = 200, head: str = "") -> web.Response:
    """A page; `body` and `head` are HTML."""
    shown = told(language, title)
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{shown}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}<style>{STYLE}</style></head>'
        f"<body><h1>{shown}</h1>{body}</body></html>\n"
    )
    headers = {**HEADERS, "Content-Language": language}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def button(language: str, words: Texts) -> str:
    """What sends a form that has nothing to fill in."""
    return f'<form method="post"><button>{told(language, words)}</button></form>'


def leaving(language: str, address: str, host: str) -> web.Response:
    """On to the provider. A redirect would have to be allowed as the target of a form, wherever the provider leads."""
    go = told(language, word("Go on to {host}", host=host))
    body = f'<p><a class="go" rel="noreferrer" href="{escape(address)}">{go}</a></p>'
    head = f'<meta http-equiv="refresh" content="0;url={escape(address)}">'
    return page(language, LEAVING, body, head=head)


def sending(answer: web.Response) -> web.Response:
    """A page whose form's Origin is sent to us and to nobody else: what isn't sent from it does nothing."""
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def problem(trouble: Problem, language: str) -> web.Response:
    """What went wrong, for a person with a browser."""
    detail = escape(str(trouble.document(language)["detail"]))
    answer = page(language, FAILED, f"<p>{detail}</p>", status=trouble.status)
    answer.headers.update(trouble.headers)
    return answer
