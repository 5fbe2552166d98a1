"""What people are told of what no step of a case says: that somebody wrote, and what became of a report."""

from __future__ import annotations

from functools import partial
from typing import Any

from tortoise.models import Model

from banshi.foundation.texts import clean, cut
from banshi.kernel.contract.message_templates import LONGEST_TITLE, fill, parse
from banshi.kernel.contract.values import LANGUAGES, Message, MessageTemplates, text_in
from banshi.kernel.outbox import outbox
from banshi.kernel.runtime.running import Platform
from banshi.kinds import messages
from banshi.kinds.sentences import say, word

message = partial(messages.message, questions={})

#: None of these has the text that somebody wrote: it stands in the conversation alone.
WRITTEN = message(
    word("A new message about “{posting}”"),
    say("""Somebody has written to you about “{posting}”. Open the conversation to read and answer it. Neither of you \
sees the other's name or number."""),
)

#: For whoever has lost something, and for whoever has found it.
MATCHED_LOST = message(
    word("This may be yours: “{posting}”"),
    say("""Somebody has found “{posting}”, which is like what you have lost: “{own}”.
Open your posting to look at it. If it is yours, write to the finder through the platform."""),
)
MATCHED_FOUND = message(
    word("Its owner may be looking for it: “{posting}”"),
    say("""Somebody has lost “{posting}”, which is like what you have found: “{own}”.
Open your posting to look at it. If it fits, write to the owner through the platform."""),
)

KEPT = message(
    word("Your report was looked into: “{posting}”"),
    say("""Staff have read the conversation that you reported, and left it open.
A note: {reason}
You may block it at any time."""),
)

CLOSED = message(
    word("A conversation was closed: “{posting}”"),
    say("""A conversation about “{posting}” was reported. Staff have read it and closed it: neither side can write \
now.
The reason: {reason}"""),
)


def rows_for(
    platform: Platform, person: str, templates: MessageTemplates, link: str, dedup: str, *, item: str, **values: str
) -> list[Model]:
    """The promise to tell a person this, as rows for the transaction that makes it true."""
    given: dict[str, str] = {name: clean(value) for name, value in values.items()}
    one_line = {name: " ".join(value.split()) for name, value in given.items()}
    title: Any = templates.title
    body: Any = templates.body
    message = Message(
        id=outbox.new_message_id(),
        kind="case",
        person=person,
        title={language: cut(fill(parse(text_in(title, language)), one_line), LONGEST_TITLE) for language in LANGUAGES},
        body={language: fill(parse(text_in(body, language)), given) for language in LANGUAGES},
        link=link,
        item=item,
        created_at=platform.now(),
    )
    return [*outbox.message_rows(platform, message, dedup=dedup)]
