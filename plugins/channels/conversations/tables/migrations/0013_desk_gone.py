"""The desk's tables from before it was a plugin of its own go: `0010_desk` has emptied them, and nobody reads them."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("conversations", "0012_homes")]

    initial = False

    beside = "0010_desk has emptied them, and asked for the servers to be stopped that read them"

    operations = [
        ops.DeleteModel(name=name) for name in ("DeskDay", "DeskEvent", "DeskOfficer", "DeskPhrase", "Enquiry")
    ]
