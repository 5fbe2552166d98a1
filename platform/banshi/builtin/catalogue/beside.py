"""What others show beside the catalogue: kinds in their items' guides, plugins above what a search finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banshi.foundation.keys import Key
from banshi.kernel.contract.values import Item
from banshi.kernel.runtime.running import Platform


@dataclass(frozen=True, slots=True)
class BesideGuide:
    """Its members by name; nothing for items of other kinds. The API's description has to know them."""

    members: Callable[[Platform, Item, str], Mapping[str, Any]]


#: Kinds offer what they show.
BESIDE_GUIDE: Key[BesideGuide] = Key("beside the guide")

#: What a plugin has published that a search's words are about, in a language: of each kind, title, summary …
BESIDE_SEARCH: Key[Callable[[Platform, str, str], Awaitable[Sequence[Mapping[str, Any]]]]] = Key("beside the search")
