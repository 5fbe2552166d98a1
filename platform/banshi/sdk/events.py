"""What happened, for other systems and for other processes."""

from banshi.kernel.outbox.events import EVENT_TYPES as EVENT_TYPES
from banshi.kernel.outbox.events import LISTENERS as LISTENERS
from banshi.kernel.outbox.events import OBJECTIONS as OBJECTIONS
from banshi.kernel.outbox.events import Event as Event
from banshi.kernel.outbox.events import Listener as Listener
from banshi.kernel.outbox.events import event_rows as event_rows
from banshi.kernel.outbox.events import event_types as event_types
from banshi.kernel.outbox.outbox import intake_row as intake_row
from banshi.kernel.outbox.outbox import message_rows as message_rows
from banshi.kernel.runtime.signals.signals import SIGNALS as SIGNALS
