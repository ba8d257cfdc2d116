import django.db.models.deletion
from django.db import migrations, models

OLD, NEW = "judgedsale", "evaluationsale"


def grant(apps, schema_editor):
    """Who may see the rows in the admin still may: groups and users get the permissions with the model's new name."""
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    types = apps.get_model("contenttypes", "ContentType").objects.using(using)
    for old in permissions.filter(content_type__app_label="valuation", codename__endswith=f"_{OLD}"):
        verb = old.codename.removesuffix(f"_{OLD}")
        kind, _ = types.get_or_create(app_label="valuation", model=NEW)
        new, _ = permissions.get_or_create(
            content_type_id=kind.pk, codename=f"{verb}_{NEW}", defaults={"name": f"Can {verb} evaluation sale"}
        )
        for group in old.group_set.all():
            group.permissions.add(new)
        for user in old.user_set.all():
            user.user_permissions.add(new)


class Migration(migrations.Migration):
    """The table keeps its name, so that code of the version before can run on it; it is renamed a release later."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("valuation", "0012_help_texts"),
    ]

    operations = [
        migrations.AlterModelTable("JudgedSale", "valuation_judgedsale"),
        migrations.RenameModel("JudgedSale", "EvaluationSale"),
        migrations.AlterField(
            "EvaluationSale",
            "job",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="evaluation_sales",
                to="valuation.valuationjob",
            ),
        ),
        migrations.RenameIndex("EvaluationSale", new_name="evaluation_sale_cursor", old_name="judged_sale_cursor"),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
