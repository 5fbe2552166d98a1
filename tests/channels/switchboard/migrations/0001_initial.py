from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Spoken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("call", fields.UUIDField()),
                ("text", fields.TextField(unique=False)),
                ("officer", fields.CharField(max_length=64)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "switchboard_spoken", "app": "switchboard", "pk_attr": "id"},
            bases=["Model"],
        )
    ]
