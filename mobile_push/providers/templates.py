"""Templates that makers have granted, of whose words they let only keywords pass: where the message's own belong."""

from __future__ import annotations

from collections.abc import Mapping

from mobile_push.providers.provider import Push

#: What a service is told as its operator wrote it down: a word, a number, or a template's parameters.
Given = str | int | Mapping[str, str]


def filled(given: Given, push: Push) -> Given:
    """The same with the message's words in place of {title} and {body}."""
    if isinstance(given, Mapping):
        return {name: str(filled(one, push)) for name, one in given.items()}
    return given.replace("{title}", push.title).replace("{body}", push.body) if isinstance(given, str) else given
