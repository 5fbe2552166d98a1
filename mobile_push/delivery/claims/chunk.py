"""A chunk: some hundred phones that a broadcast goes to together, and a bit for each that is dealt with."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

import orjson

from banshi.sdk.operations import Span
from mobile_push.providers.provider import Receipt
from mobile_push.screen.presentation import Kind
from mobile_push.tables.lanes import Lane

#: How long a phone waits that goes on.
WAIT = attrgetter("wait")

#: Phones of one chunk, and bytes of a phone's id.
MAX_PHONES_A_CHUNK = 512
ID_BYTES = 16

#: Why a phone of a chunk is for later where nothing went wrong.
QUIET_HOURS = "quiet hours"

#: Seconds: those who wait for less than twice as long are tried again together.
MIN_WAIT_APART_S = 8.0

#: What can become of a topic in place of phones: the provider has the message, or the phones get it by their tokens.
HANDED, BY_TOKEN = "handed", "by token"

#: Each step of the histogram of seconds is so much longer than the one before: its error is below five percent.
HISTOGRAM_STEP = math.log(1.1)


def bucket_of(seconds: float) -> int:
    """The step of the histogram that a duration belongs to."""
    return math.ceil(math.log(max(seconds, 0.001) * 1000) / HISTOGRAM_STEP)


def seconds_of(bucket: int) -> float:
    """The longest duration of that step."""
    return math.exp(bucket * HISTOGRAM_STEP) / 1000


class Apart(NamedTuple):
    """A phone of a chunk that goes on in a chunk of its own."""

    #: `due` where it is to be tried again after so many seconds, `parked` where an operator has to look at it.
    state: str
    code: str
    place: int
    wait: float = 0.0
    #: The way that it goes on by; "" for the chunk's own.
    name: str = ""


@dataclass(slots=True, eq=False)
class Open:
    """A chunk that is claimed, and what has become of its phones since it was read."""

    id: int
    broadcast: UUID
    lane: Lane
    attempts: int
    size: int
    tries: int
    #: Milliseconds of the database's clock: the end of the message, its publication, and what that clock showed when
    #: `time.monotonic()` showed 0.
    expires: int
    published: int
    epoch: float
    done: bytearray
    devices: bytes
    outcomes: Counter[str]
    seconds: Counter[int]
    left: int = 0
    #: When the lease was last taken or renewed.
    leased: float = 0.0
    #: A provider's own topic in place of phones; then there is one place, for the topic.
    topic: str = ""
    changed: bool = False
    #: It takes something back, and counts as no notice.
    quiet: bool = False
    #: What was not written down of it may have been sent.
    unsure: bool = False
    #: Phones that may have got it twice.
    twice: int = 0
    #: A bit for each phone that the message has reached or may have, and the places that are being sent.
    reached: bytearray = field(default_factory=bytearray)
    begun: set[int] = field(default_factory=set)
    #: It was recalled: nothing more of it is begun, and once nothing is under way it is let go.
    recalled: bool = False
    #: It isn't ours any more: it was recalled, or another worker has taken it over.
    lost: bool = False
    #: Some of its phones were given up because the lease was too old; it is left to end, and claimed anew.
    lapsed: bool = False
    #: Seconds until those are tried again of whom the same was said.
    pauses: dict[Receipt, float] = field(default_factory=dict)
    apart: list[Apart] = field(default_factory=list)
    #: Places whose message was not taken there, with the address and what was said of it: it may take another way.
    moving: dict[int, tuple[str, Receipt]] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)
    #: From the claim to the last checkpoint.
    span: Span | None = None

    def __post_init__(self) -> None:
        self.reached = self.reached or bytearray(len(self.done))

    def tick(self, place: int, word: str) -> None:
        """The phone at that place is dealt with."""
        self.done[place >> 3] |= 1 << (place & 7)
        self.outcomes[word] += 1
        self.left -= 1
        self.changed = True

    @property
    def kind(self) -> Kind:
        """Of its messages."""
        return "alert" if self.lane is Lane.ALERT else "notice"

    def reach(self, place: int) -> None:
        """The phone at that place has the message, or may have it."""
        self.reached[place >> 3] |= 1 << (place & 7)

    def part(self, one: Apart) -> None:
        """The phone at that place goes on in another chunk."""
        self.apart.append(one)
        if self.unsure:
            self.reach(one.place)
        self.tick(one.place, "parked" if one.state == "parked" else "later")

    def identity(self, place: int) -> UUID:
        """The id of the phone at that place."""
        return UUID(bytes=self.device(place))

    def ended(self) -> None:
        """Nothing more is sent of it from here."""
        if self.span is not None:
            self.span.set(accepted=self.outcomes["accepted"], dead=self.outcomes["dead"], left=self.left)
            self.span.close()
            self.span = None

    def inherit(self, other: Open) -> None:
        """Take over what is known of the same chunk from an earlier claim, written down or not."""
        self.done, self.outcomes, self.seconds = other.done, other.outcomes, other.seconds
        self.reached, self.changed, self.twice = other.reached, other.changed, other.twice
        self.apart, self.moving, self.sent = other.apart, other.moving, other.sent

    def open_places(self) -> list[int]:
        return [place for place in range(self.size) if not bits(self.done, place)]

    def device(self, place: int) -> bytes:
        return self.devices[place * ID_BYTES : (place + 1) * ID_BYTES]


class Checkpoint(NamedTuple):
    """A chunk's state at one moment: what comes in while the database writes is for the next one."""

    chunk: Open
    done: bytes
    reached: bytes
    outcomes: str
    seconds: str
    state: str
    apart: list[Apart]
    sent: list[bytes]

    @classmethod
    def of(cls, one: Open) -> Checkpoint:
        return cls(
            chunk=one,
            done=bytes(one.done),
            reached=_without(one.reached, one.apart),
            outcomes=orjson.dumps(one.outcomes).decode(),
            seconds=orjson.dumps({str(bucket): count for bucket, count in one.seconds.items()}).decode(),
            state="due" if one.left else "done",
            apart=list(one.apart),
            sent=[one.device(place) for place in one.sent],
        )

    def recorded(self) -> None:
        """Take what was written down out of the chunk."""
        one = self.chunk
        one.reached = bytearray(_without(one.reached, self.apart))
        del one.apart[: len(self.apart)], one.sent[: len(self.sent)]
        one.changed = one.done != self.done


def bits(field: bytes | bytearray, place: int) -> int:
    """The bit of a place."""
    return field[place >> 3] >> (place & 7) & 1


def moved(field: bytes | bytearray, places: Sequence[int]) -> bytes:
    """The bits of some places, as those of a chunk of their own."""
    found = bytearray(bytes_for(len(places)))
    for number, place in enumerate(places):
        found[number >> 3] |= bits(field, place) << (number & 7)
    return bytes(found)


def _without(field: bytes | bytearray, apart: Sequence[Apart]) -> bytes:
    """The bits without those of the phones that lie in another chunk from now on."""
    left = bytearray(field)
    for one in apart:
        left[one.place >> 3] &= ~(1 << (one.place & 7))
    return bytes(left)


def together(apart: Sequence[Apart]) -> list[tuple[Apart, list[int]]]:
    """The phones that go on together, and their places: by one way, about the same time, at the latest of their times.

    Browsers have push services of their own: nobody waits much longer because another's asked for an hour.
    """
    groups: dict[tuple[str, str, str, float], list[Apart]] = defaultdict(list)
    for one in apart:
        # Between two powers of two.
        about = one.wait if one.code == QUIET_HOURS else math.frexp(max(one.wait, MIN_WAIT_APART_S))[1]
        groups[(one.state, one.code, one.name, about)].append(one)
    return [(max(found, key=WAIT), [one.place for one in found]) for found in groups.values()]


def bytes_for(count: int) -> int:
    """Bytes of a bit for each."""
    return (count + 7) // 8
