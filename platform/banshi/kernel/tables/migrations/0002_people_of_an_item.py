from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0001_initial")]

    initial = False

    operations = [
        ops.AddIndex(model_name="Case", index=Index(fields=["item", "state", "person"], name="banshi_case_people"))
    ]
