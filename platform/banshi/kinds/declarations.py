"""What is checked alike in the declarations of several kinds."""

from __future__ import annotations

from collections.abc import Iterator

from banshi.kernel.contract.values import Item


def form_faults(item: Item, asks: str = "") -> Iterator[tuple[str, str]]:
    """What is wrong with an item's form as a whole; `asks` says why there has to be one, where there has to be."""
    if item.form is None:
        if asks:
            yield "no-form", f"declare `form`, a JSON Schema file or table: {asks}"
    elif item.form.schema.get("additionalProperties") is not False:
        yield "open-form", 'add "additionalProperties": false to the form: an unknown field has to be an error'
