from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("hotline", "0001_initial")]

    initial = False
    beside = "both are of one version: no server before it has filed for a caller"

    operations = [
        ops.AlterField(
            model_name="HotlineFiling",
            name="officer",
            field=fields.CharField(description="Who filed it, or has written in it last.", max_length=1415),
        ),
        ops.AddField(
            model_name="HotlineFiling",
            name="hands",
            field=fields.JSONField(
                null=True,
                description="Who of the staff had a hand in it before that.",
                encoder=JSON_DUMPS,
                decoder=loads,
            ),
        ),
        ops.RemoveField(model_name="HotlineFiling", name="begun_by"),
    ]
