from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # so that the tables can be written to while the indexes are made

    dependencies = [
        ('gis_export', '0010_lane'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='exportpart',
            index=models.Index(condition=models.Q(('status__in', ['PENDING'])), fields=['lane', 'county', 'submitted_by', 'created_at', 'job_id'], name='exportpart_turn'),
        ),
        AddIndexConcurrently(
            model_name='gisexportjob',
            index=models.Index(condition=models.Q(('status__in', ['PENDING'])), fields=['lane', 'county', 'submitted_by', 'created_at', 'job_id'], name='gisexportjob_turn'),
        ),
        AddIndexConcurrently(
            model_name='exportpart',
            index=models.Index(fields=['status', '-created_at', '-job_id'], name='exportpart_status'),
        ),
        AddIndexConcurrently(
            model_name='gisexportjob',
            index=models.Index(fields=['status', '-created_at', '-job_id'], name='gisexportjob_status'),
        ),
    ]
