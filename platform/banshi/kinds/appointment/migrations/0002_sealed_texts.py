"""Room for sealed texts in the columns that are encrypted where there is a ring of keys."""

from tortoise import migrations
from tortoise import fields

from banshi.foundation.encryption.fields import Widen


class Migration(migrations.Migration):
    dependencies = [("appointment", "0001_initial")]

    initial = False

    operations = [
        Widen(model_name="Booking", name="person", field=fields.CharField(max_length=1415)),
        Widen(model_name="Hold", name="person", field=fields.CharField(max_length=1415)),
    ]
