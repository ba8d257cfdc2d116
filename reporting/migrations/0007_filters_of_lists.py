from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # so that the tables can be written to while the indexes are made

    dependencies = [
        ('reporting', '0006_origin'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='reportjob',
            index=models.Index(fields=['county', 'status', '-created_at', '-job_id'], name='reportjob_in_status'),
        ),
        AddIndexConcurrently(
            model_name='reportjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code', '-created_at', '-job_id'], name='reportjob_error'),
        ),
        AddIndexConcurrently(
            model_name='reportjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['county', 'error_code', '-created_at', '-job_id'], name='reportjob_in_error'),
        ),
        AddIndexConcurrently(
            model_name='reportjob',
            index=models.Index(fields=['report_type', '-created_at', '-job_id'], name='reportjob_type'),
        ),
        AddIndexConcurrently(
            model_name='reportjob',
            index=models.Index(fields=['county', 'report_type', '-created_at', '-job_id'], name='reportjob_in_type'),
        ),
    ]
