"""What a pass or a certificate says, as people read it: choices in words, days written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

from banshi.builtin.lists.reading import names_of
from banshi.builtin.sentences import say
from banshi.forms import Form
from banshi.forms.pointing import fields_at, words_at
from banshi.forms.vocabulary.fields import CHOICES
from banshi.foundation.texts import clean
from banshi.kernel.contract.message_templates import day_in
from banshi.kernel.contract.values import Claim, Item, Texts, text_in

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def words_of(item: Item, claim: Claim) -> Mapping[str, Texts]:
    """What stands for each value of a claim: its own words, or else those of the choices in the form, or of the list
    that the form chooses from."""
    if claim.values or item.form is None:
        return claim.values
    return _words_at(item.form, claim.source) or names_of(list_of(item, claim))


def list_of(item: Item, claim: Claim) -> str:
    """The list that a claim's field is chosen from, as the form names it; "" where it is none."""
    return _list_at(item.form, claim.source) if item.form else ""


# A form is only read, and both are asked for whenever a pass or a certificate is shown.


@lru_cache(1024)
def _words_at(form: Form, pointer: str) -> Mapping[str, Texts]:
    return words_at(form.schema, pointer)


@lru_cache(1024)
def _list_at(form: Form, pointer: str) -> str:
    fields = fields_at(form.schema, pointer)
    nodes = [one for field in fields for one in (field, field.get("items", {})) if isinstance(one, Mapping)]
    return next((str(one[CHOICES]["list"]) for one in nodes if CHOICES in one), "")


def said(words: Mapping[str, Texts], value: Any, language: str) -> str:
    """A claim's value as people read it: a choice by its words, a day written out."""
    if isinstance(value, list | tuple):
        return say.text(language, ", ").join(said(words, one, language) for one in value)
    text = " ".join(clean(str(value)).split())
    if text in words:
        return text_in(words[text], language)
    if _DAY.match(text):
        with suppress(ValueError):
            at = datetime.fromisoformat(text)
            return day_in(at.date(), language) + ("" if len(text) == len("2026-11-25") else f" {at:%H:%M}")
    return text


def claim_documents(item: Item | None, claims: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """What a verification says of each claim."""
    if item is None or item.credential is None:
        return []
    return [
        {
            "name": claim.name,
            "title": text_in(claim.title, language),
            "value": claims[claim.name],
            "text": said(words_of(item, claim), claims[claim.name], language),
        }
        for claim in item.credential.claims
        if claim.name in claims
    ]
