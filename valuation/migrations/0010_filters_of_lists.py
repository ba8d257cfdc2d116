from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # so that the tables can be written to while the indexes are made

    dependencies = [
        ('valuation', '0009_origin'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='valuationjob',
            index=models.Index(fields=['county', 'status', '-created_at', '-job_id'], name='valuationjob_in_status'),
        ),
        AddIndexConcurrently(
            model_name='valuationjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code', '-created_at', '-job_id'], name='valuationjob_error'),
        ),
        AddIndexConcurrently(
            model_name='valuationjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['county', 'error_code', '-created_at', '-job_id'], name='valuationjob_in_error'),
        ),
        AddIndexConcurrently(
            model_name='valuationjob',
            index=models.Index(fields=['valuation_method', '-created_at', '-job_id'], name='valuationjob_type'),
        ),
        AddIndexConcurrently(
            model_name='valuationjob',
            index=models.Index(fields=['county', 'valuation_method', '-created_at', '-job_id'], name='valuationjob_in_type'),
        ),
    ]
