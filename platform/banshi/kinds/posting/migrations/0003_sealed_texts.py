"""Room for sealed texts in the columns that are encrypted where there is a ring of keys."""

from tortoise import migrations
from tortoise import fields

from banshi.foundation.encryption.fields import Widen


class Migration(migrations.Migration):
    dependencies = [("posting", "0002_both_report")]

    initial = False

    operations = [
        Widen(
            model_name="Conversation",
            name="other_report",
            field=fields.CharField(default="", db_default="", max_length=5388),
        ),
        Widen(
            model_name="Conversation",
            name="poster",
            field=fields.CharField(description="Subjects: whose posting it is, and who wrote first.", max_length=1415),
        ),
        Widen(model_name="Conversation", name="report", field=fields.CharField(default="", max_length=5388)),
        Widen(model_name="Conversation", name="reviewer", field=fields.CharField(default="", max_length=1415)),
        Widen(model_name="Conversation", name="writer", field=fields.CharField(max_length=1415)),
        Widen(
            model_name="ConversationMessage",
            name="person",
            field=fields.CharField(
                description="The person's how-manieth message of that hour since 1970 it is: one number is given out once.",
                max_length=1415,
            ),
        ),
    ]
