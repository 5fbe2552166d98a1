"""Whether a case has a pass is asked at each look at it."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0004_mode_of_a_case")]

    initial = False

    operations = [ops.AddIndex(model_name="Pass", index=Index(fields=["case_id", "number"], name="banshi_pass_case"))]
