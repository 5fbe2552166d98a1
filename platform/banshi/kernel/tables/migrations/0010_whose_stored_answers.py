"""Whose the stored answers are, so that they go when a person is forgotten."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0009_content_of_a_case")]

    initial = False

    operations = [
        ops.AddField(
            model_name="IdempotencyKey",
            name="person",
            field=fields.CharField(
                default="",
                description="Whose answer it is: it goes when they are forgotten. Empty for whoever doesn't say who they are.",
                db_default="",
                max_length=255,
            ),
        ),
        # Whatever adds a column makes none of itself.
        ops.AddIndex(model_name="IdempotencyKey", index=Index(fields=["person"], name="banshi_idempotency_key_person")),
    ]
