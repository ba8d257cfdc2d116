import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """The column keeps its name, so that code of the version before can run on it; it is renamed a release later."""

    dependencies = [("jobs", "0005_fair_turns")]

    operations = [
        migrations.AlterField(
            "Canary",
            "sung_at",
            models.DateTimeField(db_column="sung_at", db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.RenameField("Canary", "sung_at", "recorded_at"),
    ]
