"""What somebody sees on the way from the chat to the identity provider and back: no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from aiohttp import web

from banshi import Problem, Texts, text_in
from conversations.sentences import say

STYLE = (
    "body{font:18px/1.6 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}"
    "dt{color:#555}dd{margin:0 0 .7rem;font-weight:bold;overflow-wrap:anywhere}"
    "button,.go{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#0b57d0;color:#fff}"
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


#: Titles, labels and a button.
WORDS = {
    "zh-CN": {
        "asking": "绑定聊天账号",
        "account": "聊天账号",
        "provider": "登录方式",
        "until": "有效期至",
        "begin": "登录并绑定",
        "leaving": "正在前往登录",
        "go": "前往{host}",
        "done": "绑定成功",
        "failed": "没有成功",
    },
    "en": {
        "asking": "Bind this chat to you",
        "account": "Account in the chat",
        "provider": "You sign in at",
        "until": "Good until",
        "begin": "Sign in and bind",
        "leaving": "You are led to the sign-in",
        "go": "Go on to {host}",
        "done": "It is bound",
        "failed": "This did not work",
    },
}


def told(language: str, texts: Texts) -> str:
    """A sentence as HTML."""
    return escape(text_in(texts, language))


def page(language: str, which: str, body: str, *, status: int = 200, head: str = "") -> web.Response:
    """A page with one of the titles; `body` and `head` are HTML."""
    title = WORDS[language][which]
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}<style>{STYLE}</style></head>'
        f"<body><h1>{title}</h1>{body}</body></html>\n"
    )
    headers = {**HEADERS, "Content-Language": language}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def asking(language: str, about: Mapping[str, str]) -> web.Response:
    """Which account of which channel is to be bound, at which provider, and until when."""
    listed = "".join(f"<dt>{WORDS[language][name]}</dt><dd>{escape(value)}</dd>" for name, value in about.items())
    warning = say(
        "Did you ask for this yourself, in that chat? If somebody sent you this link, close it: whoever asked for it "
        "would see your cases and act in your name."
    )
    warned = f'<p class="warn">{told(language, warning)}</p>'
    form = f'<form method="post"><button>{WORDS[language]["begin"]}</button></form>'
    answer = page(language, "asking", f"<dl>{listed}</dl>{warned}{form}")
    # The form's Origin is sent to us and to nobody else: what isn't sent from this page begins nothing.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def leaving(language: str, address: str, host: str) -> web.Response:
    """On to the provider. A redirect would have to be allowed as the target of a form, wherever the provider leads."""
    go = escape(WORDS[language]["go"].format(host=host))
    body = f'<p><a class="go" rel="noreferrer" href="{escape(address)}">{go}</a></p>'
    head = f'<meta http-equiv="refresh" content="0;url={escape(address)}">'
    return page(language, "leaving", body, head=head)


def done(language: str, account: str, name: str) -> web.Response:
    """It is bound."""
    known = told(language, say("The chat at {account} knows you as {name} now.", account=account, name=name or "✓"))
    back = told(language, say("Go back to the chat and write anything: it goes on there."))
    return page(language, "done", f"<p>{known}</p><p>{back}</p>")


def problem(trouble: Problem, language: str) -> web.Response:
    """What went wrong, for a person with a browser."""
    detail = escape(str(trouble.document(language)["detail"]))
    answer = page(language, "failed", f"<p>{detail}</p>", status=trouble.status)
    answer.headers.update(trouble.headers)
    return answer
