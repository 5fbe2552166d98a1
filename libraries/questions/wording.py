"""How a question is put."""

from __future__ import annotations

from banshi import text_in
from questions.plan import Question
from questions.sentences import say


def asked(question: Question, language: str) -> list[str]:
    """The lines of a question, without its choices."""
    node = question.node
    if question.sort == "optional":
        return [text_in(say("You may add these, by their numbers; 0 for none."), language)]
    if question.sort == "another":
        return [text_in(say("Another one for “{title}”? 1 yes, 2 no.", title=question.title), language)]
    lines = [question.label, *(str(node[name]) for name in ("description", "x-shows") if node.get(name))]
    if question.sort == "yes":
        lines.append(text_in(say("1 yes, 2 no."), language))
    if question.sort == "file":
        lines.append(text_in(say("Send a photo."), language))
    if question.may_end:
        lines.append(text_in(say("0 if there are no more."), language))
    return lines


def example(question: Question, language: str) -> list[str]:
    """How a day or a time is written, since people have many ways for it."""
    written = {
        "day": say("Write the day, such as 8 December 2026."),
        "moment": say("Write day and time, such as 8 December 2026, 2:30 pm."),
    }.get(question.sort)
    return [text_in(written, language)] if written else []
