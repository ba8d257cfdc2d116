from django.db import migrations, models

HELP = "The effective inputs of its export: the day and the rules."


class Migration(migrations.Migration):
    """The column keeps its name, so that code of the version before can run on it; it is renamed a release later."""

    dependencies = [("gis_export", "0016_help_texts")]

    operations = [
        migrations.AlterField(
            "ExportPart", "in_force", models.JSONField(default=dict, db_column="in_force", help_text=HELP)
        ),
        migrations.RenameField("ExportPart", "in_force", "effective_inputs"),
    ]
