from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # so that the tables can be written to while the indexes are made

    dependencies = [
        ('reporting', '0004_lane'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='reportjob',
            index=models.Index(condition=models.Q(('status__in', ['PENDING'])), fields=['lane', 'county', 'submitted_by', 'created_at', 'job_id'], name='reportjob_turn'),
        ),
        AddIndexConcurrently(
            model_name='reportjob',
            index=models.Index(fields=['status', '-created_at', '-job_id'], name='reportjob_status'),
        ),
    ]
