"""How the kinds' messages are written: in both languages, and with whom to ask in the end."""

from __future__ import annotations

from banshi.kernel.contract.values import MessageTemplates, Texts

#: The last line of what a case's citizen is told.
QUESTIONS: Texts = {
    "zh-CN": "\n如有疑问，请致电{department}：{phone}。",
    "en": "\nQuestions? Call {phone} ({department}).",
}


def message(title: Texts, zh: str, en: str, *, questions: Texts = QUESTIONS) -> MessageTemplates:
    """A step's message, with the line for questions below its texts."""
    body = {language: text + questions.get(language, "") for language, text in {"zh-CN": zh, "en": en}.items()}
    return MessageTemplates(title=title, body=body)
