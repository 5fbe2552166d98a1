from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0005_tries")]

    initial = False

    operations = [
        ops.AddField(
            model_name="InboxMessage",
            name="mode",
            field=fields.CharField(
                default="live", description="The case's: test, team or live.", db_default="live", max_length=4
            ),
        ),
    ]
