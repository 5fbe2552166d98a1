"""What a kind shows in its items' guides beyond what every guide has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
