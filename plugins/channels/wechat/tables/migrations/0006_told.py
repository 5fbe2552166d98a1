"""What is counted of WeChat's limits goes on in the platform's own table; the version before still counts here."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wechat", "0005_consent"), ("banshi", "0025_quotas_and_tokens")]

    initial = False

    operations = [
        ops.RunSQL(
            "INSERT INTO banshi_quota (key, period, used, spent_at) SELECT key, period, used, spent_at "
            "FROM wechat_quota WHERE true ON CONFLICT (key) DO NOTHING"
        )
    ]
