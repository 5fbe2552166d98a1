"""What somebody sees on the way from the chat to the identity provider and back."""

from __future__ import annotations

from aiohttp import web

from banshi import Call, text_in
from conversations.sentences import say, word
from questions.pages.frame import button, page, pairs, sending, sentence

ACCOUNT, PROVIDER, UNTIL = word("Account in the chat"), word("You sign in at"), word("Good until")
ASKING, DONE, BEGIN = word("Bind this chat to you"), word("It is bound"), word("Sign in and bind")
WARNING = say(
    "Did you ask for this yourself, in that chat? If somebody sent you this link, close it: whoever asked for it "
    "would see your cases and act in your name."
)


def asking(call: Call, account: str, provider: str, until: str) -> web.Response:
    """Which account of which channel is to be bound, at which provider, and until when."""
    about = ((ACCOUNT, account), (PROVIDER, provider), (UNTIL, until))
    listed = pairs({text_in(name, call.language): value for name, value in about})
    warned = f'<p class="warn">{sentence(call.language, WARNING)}</p>'
    return sending(page(call, ASKING, listed + warned + button(call.language, BEGIN)))


def done(call: Call, account: str, name: str) -> web.Response:
    """It is bound."""
    language = call.language
    known = sentence(language, say("The chat at {account} knows you as {name} now.", account=account, name=name or "✓"))
    back = sentence(language, say("Go back to the chat and write anything: it goes on there."))
    return page(call, DONE, f"<p>{known}</p><p>{back}</p>")
