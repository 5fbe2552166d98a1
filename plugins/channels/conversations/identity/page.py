"""What somebody sees on the way from the chat to the identity provider and back."""

from __future__ import annotations

from html import escape

from aiohttp import web

from conversations.sentences import say, word
from questions.pages.frame import button, page, sending, told

ACCOUNT, PROVIDER, UNTIL = word("Account in the chat"), word("You sign in at"), word("Good until")
ASKING, DONE, BEGIN = word("Bind this chat to you"), word("It is bound"), word("Sign in and bind")
WARNING = say(
    "Did you ask for this yourself, in that chat? If somebody sent you this link, close it: whoever asked for it "
    "would see your cases and act in your name."
)


def asking(language: str, account: str, provider: str, until: str) -> web.Response:
    """Which account of which channel is to be bound, at which provider, and until when."""
    about = ((ACCOUNT, account), (PROVIDER, provider), (UNTIL, until))
    listed = "".join(f"<dt>{told(language, name)}</dt><dd>{escape(value)}</dd>" for name, value in about)
    warned = f'<p class="warn">{told(language, WARNING)}</p>'
    return sending(page(language, ASKING, f"<dl>{listed}</dl>{warned}{button(language, BEGIN)}"))


def done(language: str, account: str, name: str) -> web.Response:
    """It is bound."""
    known = told(language, say("The chat at {account} knows you as {name} now.", account=account, name=name or "✓"))
    back = told(language, say("Go back to the chat and write anything: it goes on there."))
    return page(language, DONE, f"<p>{known}</p><p>{back}</p>")
