"""Whether a file's bytes can be read, wait until they were examined, or were harmful and are gone."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("banshi", "0017_upload_room")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Attachment",
            name="state",
            field=fields.CharField(default="stored", db_index=True, db_default="stored", max_length=16),
        )
    ]
