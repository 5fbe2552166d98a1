"""How long to wait before the next try."""

from __future__ import annotations

from banshi.sdk.outgoing import Retry

#: The pauses between two tries of an event. Half of each is chance.
PAUSES = Retry(5.0, 3 * 3600.0, spread=0.5)

#: Failures in a row after which a receiver is left alone as a whole, and for how long.
FAILURES_BEFORE_REST, RESTS = 5, Retry(5.0, 3600.0, spread=0.5)

#: Seconds that a receiver may ask us to wait at most.
MAX_WISH_S = 6 * 3600.0

#: Milliseconds by which the clocks of two processes that are right may differ.
MAX_APART_MS = 5000


def pause(tries: int, wish: float | None = None) -> int:
    """Milliseconds until an event is tried again that was tried so often."""
    return _longer(PAUSES.pause(tries), wish)


def rest(rests: int, wish: float | None = None) -> int:
    """Milliseconds for which a receiver is left alone that was left alone so often in a row."""
    return _longer(RESTS.pause(rests + 1), wish)


def pending(until: int, noted_at: int, now: int) -> int:
    """When a pause or a rest ends that was noted then; 0 where it is over."""
    # A clock that was ahead, and was set back, has noted what is later than now, or lasts longer than anything may.
    too_late = noted_at > now + MAX_APART_MS or until > now + MAX_WISH_S * 1000
    return 0 if too_late or until <= now else until


def _longer(wanted: float, wish: float | None) -> int:
    return int(max(wanted, min(wish or 0.0, MAX_WISH_S)) * 1000)
