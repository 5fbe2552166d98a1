"""What waits, by item too: a page of a worklist looks at the first few of each, however many wait."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0012_trace_of_a_promise")]

    initial = False

    operations = [
        ops.RemoveIndex(model_name="Case", name="banshi_case_worklist", fields=None),
        ops.AddIndex(
            model_name="Case",
            index=Index(fields=["department", "state", "item", "urgency", "id"], name="banshi_case_work"),
        ),
    ]
