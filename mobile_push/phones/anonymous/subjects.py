"""What stands in a person's place where nobody has signed in: a subject that no issuer's token may bear."""

from __future__ import annotations

from uuid import UUID

#: No token that begins so is taken (`banshi.builtin.identity.tokens`).
PREFIX = "anonymous:"


def subject_of(device: UUID) -> str:
    """Whose a phone's registration is: its own, and so are its wishes."""
    return f"{PREFIX}{device}"


def is_anonymous(person: str) -> bool:
    """Whether nobody is behind a registration."""
    return person.startswith(PREFIX)
