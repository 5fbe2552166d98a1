from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("posting", "0001_initial")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Conversation",
            name="other_report",
            field=fields.CharField(default="", db_default="", max_length=1000),
        ),
        ops.AddField(
            model_name="Conversation",
            name="other_reported_at",
            field=fields.DatetimeField(
                null=True,
                description="Why the other side reported it too, before anybody had looked into the first report.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AlterModelOptions(
            name="PostingMatch",
            options={
                "table": "posting_match",
                "app": "posting",
                "unique_together": (("lost_id", "found_id"),),
                "indexes": [Index(fields=["found_id"], name="posting_match_found")],
                "pk_attr": "id",
                "table_description": "Something lost and something found that may be the same. Its posters were told in this row's transaction.",
            },
        ),
    ]
