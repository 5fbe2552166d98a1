from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("conversations", "0010_desk")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Said",
            index=Index(fields=["until"], name="conversations_said_until"),
        ),
    ]
