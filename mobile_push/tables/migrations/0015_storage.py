"""Tables whose rows are changed all the time have room for it."""

from tortoise import migrations

from banshi.sdk.database import HISTORY, QUEUE, Kept


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0014_anonymous")]

    initial = False

    operations = [
        Kept("Chunk", QUEUE),
        *(Kept(name, HISTORY) for name in ("Delivery", "InboxMessage")),
    ]
