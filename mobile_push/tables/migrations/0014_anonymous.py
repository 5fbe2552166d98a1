"""Phones on which nobody has signed in."""

from uuid import uuid4

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0013_silence")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AnonymousDevice",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True, default=uuid4, unique=True, db_index=True, description="The device's."
                    ),
                ),
                (
                    "secret_hash",
                    fields.CharField(description="SHA-256 of what its app proves itself with.", max_length=64),
                ),
            ],
            options={
                "table": "push_anonymous_device",
                "app": "mobile_push",
                "pk_attr": "id",
                "table_description": "A phone on which nobody has signed in: a `Device` under a subject that is made up of its id, and nobody's.",
            },
            bases=["Model"],
        ),
    ]
