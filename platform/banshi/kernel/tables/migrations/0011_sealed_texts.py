"""Room for sealed texts in the columns that are encrypted where there is a ring of keys."""

from tortoise import migrations
from tortoise import fields

from banshi.foundation.encryption.fields import Widen


class Migration(migrations.Migration):
    dependencies = [("banshi", "0010_whose_stored_answers")]

    initial = False

    operations = [
        Widen(
            model_name="Attachment", name="concerns", field=fields.CharField(default="", db_default="", max_length=1121)
        ),
        Widen(
            model_name="Attachment",
            name="name",
            field=fields.CharField(
                default="", description="What the citizen called it, for display only.", max_length=1121
            ),
        ),
        Widen(model_name="Attachment", name="person", field=fields.CharField(max_length=1415)),
        Widen(
            model_name="Case",
            name="person",
            field=fields.CharField(
                description="Subject of the citizen, and the name that the identity provider gave with it.",
                max_length=1415,
            ),
        ),
        Widen(model_name="Case", name="person_name", field=fields.CharField(default="", max_length=1415)),
        Widen(model_name="CaseEvent", name="actor_id", field=fields.CharField(default="", max_length=1415)),
        Widen(
            model_name="IdempotencyKey",
            name="person",
            field=fields.CharField(
                default="",
                description="Whose answer it is: it goes when they are forgotten. Empty for whoever doesn't say who they are.",
                db_default="",
                max_length=1415,
            ),
        ),
        Widen(model_name="Scan", name="officer", field=fields.CharField(max_length=1415)),
    ]
