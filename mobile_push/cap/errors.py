"""What is wrong with an alert, and where."""

from __future__ import annotations

import re
from typing import Self

#: CAP's name of an element, or the place among its like, from 0.
Step = str | int


def snake_case(name: str) -> str:
    """CAP's name of an element as the API writes it: `senderName` gives `sender_name`."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


class CapError(ValueError):
    """This is no alert of CAP 1.2 that can be used."""

    def __init__(self, detail: str, *path: Step) -> None:
        #: What is wrong and what to do, without the place.
        self.detail = detail
        self.path = path
        super().__init__(detail, *path)

    def within(self, *path: Step) -> Self:
        """The same, seen from further out."""
        return type(self)(self.detail, *path, *self.path)

    @property
    def element(self) -> str:
        """The element by CAP's names, counted from 1: `info[1]/area[2]/polygon[1]`; "" is the whole alert."""
        steps = (f"[{step + 1}]" if isinstance(step, int) else f"/{step}" for step in self.path)
        return "".join(steps).lstrip("/")

    @property
    def pointer(self) -> str:
        """The JSON Pointer (RFC 6901) into the API's document: `/info/0/area/1/polygon/0`."""
        return "".join(f"/{step if isinstance(step, int) else snake_case(step)}" for step in self.path)

    def __str__(self) -> str:
        return f"{self.element}: {self.detail}" if self.path else self.detail


class SignatureError(CapError):
    """The alert is not signed by somebody who may send alerts here."""
