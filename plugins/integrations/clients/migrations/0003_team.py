from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("clients", "0002_keys")]

    initial = False

    operations = [
        ops.AddField(
            model_name="ApiClient",
            name="team",
            field=fields.JSONField(
                null=True,
                description="Subjects of the people for whom it makes cases while it is of the mode team.",
                encoder=JSON_DUMPS,
                decoder=loads,
            ),
        ),
    ]
