"""What a query's table in items.toml says beside the guide."""

from __future__ import annotations

from collections.abc import Iterator

from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.kinds import Unnamed
from banshi.kernel.contract.values import Item
from banshi.kinds.declarations import form_faults

#: The role of staff who look up anybody at the counter. One of its own: whoever checks people in there needs no more.
REGISTRAR = "registrar"

#: Of an hour's look-ups so many may find nothing: a quarter, and never fewer than these. Who mistypes a plate gets a
#: few more chances, who tries one after the other comes to an end.
MISSES_SHARE, MIN_MISSES = 4, 5


@data_table
class QueryRules:
    """The table `[items.query]`."""

    #: The register that is asked.
    register: str
    #: The answer is about a person: the asker states a purpose, and the look-up is recorded.
    personal: bool = True
    #: Look-ups that one person may make in an hour, and one member of staff at the counter.
    per_hour: int = 20
    staff_per_hour: int = 120

    def limit(self, *, staff: bool) -> int:
        return self.staff_per_hour if staff else self.per_hour

    def misses(self, *, staff: bool) -> int:
        """Those of an hour's that may find nothing; all, where nobody's data are shown."""
        limit = self.limit(staff=staff)
        return max(MIN_MISSES, limit // MISSES_SHARE) if self.personal else limit


def unnamed(item: Item) -> Unnamed:
    """Whether somebody may ask who doesn't say who they are: of nobody's data."""
    return "never" if item.details.personal else "allowed"


def check(item: Item) -> Iterator[tuple[str, str]]:
    """What is wrong with a query's declaration by itself, as (rule, advice)."""
    yield from form_faults(item, "a query asks for something")
    for key in ("per_hour", "staff_per_hour"):
        if item.details is not None and getattr(item.details, key) < 1:
            yield "wrong-number", f"query.{key} has to be at least 1"
