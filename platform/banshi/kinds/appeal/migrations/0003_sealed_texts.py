"""Room for sealed texts in the columns that are encrypted where there is a ring of keys."""

from tortoise import migrations
from tortoise import fields

from banshi.foundation.encryption.fields import Widen


class Migration(migrations.Migration):
    dependencies = [("appeal", "0002_tips")]

    initial = False

    operations = [
        Widen(model_name="AppealRecord", name="rating_text", field=fields.CharField(default="", max_length=5388))
    ]
