"""Room for sealed texts in the columns that are encrypted where there is a ring of keys."""

from tortoise import migrations
from tortoise import fields

from banshi.sdk.database import Widen


class Migration(migrations.Migration):
    dependencies = [("banshi", "0010_whose_stored_answers"), ("open311", "0001_initial")]

    initial = False

    operations = [
        Widen(
            model_name="ServiceRequest",
            name="address",
            field=fields.CharField(default="", max_length=2721),
        ),
    ]
