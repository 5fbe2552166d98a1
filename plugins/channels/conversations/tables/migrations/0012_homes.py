"""A home is a citizen's, not whoever's who has the contact; and what an answer names a message by may be longer."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from banshi.sdk.database import Widen


class Migration(migrations.Migration):
    dependencies = [("conversations", "0011_until")]

    initial = False

    beside = "no version before has written a home: its key may have another column"

    operations = [
        ops.RemoveConstraint(model_name="Home", name=None, fields=["conversation", "division"]),
        ops.AlterModelOptions(
            name="Home",
            options={
                "table": "conversations_home",
                "app": "conversations",
                "unique_together": (("conversation", "person", "division"),),
                "pk_attr": "id",
                "table_description": "Where a citizen is at home, as they have said in a chat: what they are told of there. One may have several.",
            },
        ),
        ops.AddField(
            model_name="Home",
            name="person",
            field=fields.CharField(
                default="",
                db_index=True,
                description="Whoever has the contact later is at home elsewhere.",
                db_default="",
                max_length=1415,
            ),
        ),
        ops.AddConstraint(
            model_name="Home",
            constraint=UniqueConstraint(fields=("conversation", "person", "division"), name=None),
        ),
        Widen(
            model_name="Window",
            name="ref",
            field=fields.CharField(
                default="",
                description="What an answer names the message by that opened it last.",
                db_default="",
                max_length=255,
            ),
        ),
    ]
