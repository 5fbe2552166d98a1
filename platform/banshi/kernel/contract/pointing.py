"""Which field of a form a plugin's pointer means: whatever its author wrote, made one that the reader's form has."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import structlog

from banshi.forms.pointing import placed
from banshi.foundation.errors import FieldProblem
from banshi.foundation.field_problems import few
from banshi.kernel.contract.values import Item

log = structlog.get_logger("banshi.pointing")


class PluginWarning(UserWarning):
    """Something in a plugin that its author has to mend, and that the platform made right meanwhile."""


def pointed(found: Iterable[FieldProblem], item: Item, answers: Any) -> list[FieldProblem]:
    """A handler's problems with answers, each at a field of the item's form, with pointers into the body.

    Whoever writes "dog" means the field: a citizen is never told that the department failed because of that. The author
    is told what to write, in the log and as a `PluginWarning`, which pytest shows.
    """
    return [replace(one, pointer=f"/answers{_told(one.pointer, item, answers)}") for one in few(found)]


def _told(written: str, item: Item, answers: Any) -> str:
    right, advice = placed(written, item.form.schema if item.form is not None else {}, answers)
    if advice:
        about = {"plugin": item.plugin, "item": item.code, "method": "validate"}
        log.warning("a problem names no field of the form", **about, advice=advice)
        warnings.warn(f"{item.plugin}: {item.code}: validate: {advice}", PluginWarning, stacklevel=2)
    return right
