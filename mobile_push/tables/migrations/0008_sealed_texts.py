"""Room for sealed texts in the columns that are encrypted where there is a ring of keys."""

from tortoise import migrations
from tortoise import fields

from banshi.sdk.database import Widen


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0007_index_of_copies")]

    initial = False

    operations = [
        Widen(
            model_name="Device",
            name="person",
            field=fields.CharField(db_index=True, max_length=1415),
        ),
        Widen(
            model_name="FanOut",
            name="through",
            field=fields.CharField(
                default="",
                description="The last key that is planned: everything up to it lies in chunks.",
                max_length=1415,
            ),
        ),
        Widen(
            model_name="Follow",
            name="person",
            field=fields.CharField(max_length=1415),
        ),
        Widen(
            model_name="InboxCounter",
            name="person",
            field=fields.CharField(primary_key=True, unique=True, db_index=True, max_length=1415),
        ),
        Widen(
            model_name="InboxMessage",
            name="person",
            field=fields.CharField(max_length=1415),
        ),
        Widen(
            model_name="PhoneReceipt",
            name="person",
            field=fields.CharField(db_index=True, max_length=1415),
        ),
        Widen(
            model_name="Profile",
            name="person",
            field=fields.CharField(primary_key=True, unique=True, db_index=True, max_length=1415),
        ),
    ]
