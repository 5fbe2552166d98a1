"""Whether a broadcast takes a second person, whatever the settings say of its department."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0017_push_ids")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Broadcast",
            name="second_person",
            field=fields.BooleanField(
                default=False,
                description="Whether a second person has to approve it, whatever the settings say of its department.",
                db_default=False,
            ),
        ),
    ]
