from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="ZoneClosure",
            fields=[
                ("zone", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=8)),
                ("reason", fields.CharField(max_length=500)),
                ("closed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_by", fields.CharField(max_length=255)),
                (
                    "passes_revoked_at",
                    fields.DatetimeField(
                        null=True,
                        description="When the last pass for it was revoked, None while that is still under way.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "traffic_zone_closure",
                "app": "traffic",
                "pk_attr": "zone",
                "table_description": "A zone that no pass opens for the time being.",
            },
            bases=["Model"],
        ),
    ]
