from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gis_export', '0013_filters_of_lists'),
    ]

    operations = [
        migrations.AlterField(
            model_name='gisexportjob',
            name='area_parts',
            field=models.JSONField(blank=True, help_text='What each of area_shapes is.', null=True),
        ),
    ]
