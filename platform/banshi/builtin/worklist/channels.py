"""What plugins count of what comes by their channels, for `GET /v1/statistics/channels`; and how few are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from banshi.foundation.keys import Key
from banshi.kernel.contract.values import Texts
from banshi.kernel.http.months import MIN_SHOWN
from banshi.kernel.runtime.running import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came by one channel in a month, as it was counted: what is few is hidden later."""

    #: As `Principal.channel` has it.
    channel: str
    #: A kind of case, whose cases are counted without this, or `calls`, `conversations` or `enquiries`.
    what: str
    received: int = 0
    #: Of these, answered by a person, and so within `within_s` seconds; None where nobody has to answer.
    answered: int = 0
    in_time: int = 0
    within_s: int | None = None
    #: Ratings given in the month, and the sum of their stars, from 1 to 5.
    rated: int = 0
    stars: int = 0


class ChannelFigures:
    """What a plugin counts of its channels; it overrides what it has to say."""

    def titles(self, platform: Platform) -> Mapping[str, Texts]:  # noqa: ARG002
        """What people call them, by their codes."""
        return {}

    async def came(self, platform: Platform, begins: datetime, ends: datetime) -> Iterable[Came]:  # noqa: ARG002
        """A line or several for each channel and what came by it, from the one moment until before the other."""
        return ()


#: Plugins offer what they count of their channels.
CHANNEL_FIGURES: Key[ChannelFigures] = Key("figures of channels")


def shown_figure(count: int) -> int | None:
    """A figure as it is shown: what comes from few is told to nobody, and none at all is no secret."""
    return count if count >= MIN_SHOWN or not count else None
