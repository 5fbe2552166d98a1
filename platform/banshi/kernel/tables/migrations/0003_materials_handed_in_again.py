from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0002_people_of_an_item")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Attachment",
            name="accepted_at",
            field=fields.DatetimeField(
                null=True,
                description="When a member of staff found it right. None until then, and again once a case with the same bytes was refused.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="Attachment", name="concerns", field=fields.CharField(default="", db_default="", max_length=200)
        ),
        ops.AddField(
            model_name="Attachment",
            name="document",
            field=fields.CharField(
                default="",
                description="Which document its case asked for with it, and what that is about. Empty where it is none or was replaced.",
                db_default="",
                max_length=129,
            ),
        ),
        ops.AddField(
            model_name="Attachment",
            name="origin",
            field=fields.JSONField(
                null=True,
                description="Where it was taken over from: the earlier case's id, number and item.",
                encoder=JSON_DUMPS,
                decoder=loads,
            ),
        ),
    ]
