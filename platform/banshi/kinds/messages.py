"""How the kinds' messages are written: in both languages, and with whom to ask in the end."""

from __future__ import annotations

from banshi.kernel.contract.values import MessageTemplates, Texts
from banshi.kinds.sentences import say

#: The last line of what a case's citizen is told.
QUESTIONS: Texts = say("\nQuestions? Call {phone} ({department}).")


#: Which case it is about: a title says what happened first, since a lock screen shows no more of it.
NUMBER: Texts = say("\nNumber: {number}.")


def message(title: Texts, body: Texts, *, questions: Texts = QUESTIONS) -> MessageTemplates:
    """A step's message, with the case's number, where its texts don't say it, and the line for questions below."""
    whole = {
        language: text + ("" if "{number}" in text else NUMBER[language]) + questions.get(language, "")
        for language, text in body.items()
    }
    return MessageTemplates(title=title, body=whole)
