"""A person's sessions end: so does what a chat knows them by, and what they could still be bound by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from banshi import Update
from conversations.tables.models import ContactLink, LinkOffer


def ending_of(person: str | None, now: datetime) -> Sequence[Update]:
    """End the links of a person, or (None) of everybody, with the digits and codes that they have taken."""
    whose: dict[str, Any] = {} if person is None else {"person": person}
    over = {ContactLink: "ended_at", LinkOffer: "used_at"}
    return [Update(model, {**whose, name: None}, {name: now}, rows=None) for model, name in over.items()]
