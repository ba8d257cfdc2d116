from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # so that the tables can be written to while the indexes are made

    dependencies = [
        ('market_analysis', '0005_origin'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='marketanalysisjob',
            index=models.Index(fields=['county', 'status', '-created_at', '-job_id'], name='marketanalysisjob_in_status'),
        ),
        AddIndexConcurrently(
            model_name='marketanalysisjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code', '-created_at', '-job_id'], name='marketanalysisjob_error'),
        ),
        AddIndexConcurrently(
            model_name='marketanalysisjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['county', 'error_code', '-created_at', '-job_id'], name='marketanalysisjob_in_error'),
        ),
        AddIndexConcurrently(
            model_name='marketanalysisjob',
            index=models.Index(fields=['analysis_type', '-created_at', '-job_id'], name='marketanalysisjob_type'),
        ),
        AddIndexConcurrently(
            model_name='marketanalysisjob',
            index=models.Index(fields=['county', 'analysis_type', '-created_at', '-job_id'], name='marketanalysisjob_in_type'),
        ),
    ]
