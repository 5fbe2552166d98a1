"""Tables whose rows are changed all the time have room for it, and what is over leaves the outbox's index."""

from tortoise import migrations
from tortoise.indexes import PartialIndex
from tortoise.migrations import operations as ops

from banshi.kernel.tables.migrations._storage import HISTORY, QUEUE, Kept


class Migration(migrations.Migration):
    dependencies = [("banshi", "0023_ended_sessions")]

    initial = False

    operations = [
        Kept("OutboxRow", QUEUE),
        *(Kept(name, HISTORY) for name in ("Case", "CaseEvent", "CaseReading", "Attachment")),
        ops.AddIndex(
            model_name="OutboxRow",
            index=PartialIndex(
                fields=["consumer", "state", "lane", "id"],
                name="banshi_outbox_open",
                condition={"state = 'parked' OR state": "due"},
            ),
        ),
        ops.RemoveIndex(model_name="OutboxRow", name="banshi_outbox_due", fields=None),
    ]
