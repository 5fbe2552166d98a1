"""What happened, for other systems and for other processes."""

from banshi.kernel.outbox.events import EVENT_TYPES, LISTENERS, OBJECTIONS, Event, Listener, event_rows, event_types
from banshi.kernel.outbox.outbox import intake_row, message_rows
from banshi.kernel.runtime.signals.signals import SIGNALS

__all__ = [
    "EVENT_TYPES",
    "LISTENERS",
    "OBJECTIONS",
    "SIGNALS",
    "Event",
    "Listener",
    "event_rows",
    "event_types",
    "intake_row",
    "message_rows",
]
