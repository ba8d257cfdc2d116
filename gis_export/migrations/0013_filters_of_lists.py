from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # so that the tables can be written to while the indexes are made

    dependencies = [
        ('gis_export', '0012_origin'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='exportpart',
            index=models.Index(fields=['county', 'status', '-created_at', '-job_id'], name='exportpart_in_status'),
        ),
        AddIndexConcurrently(
            model_name='exportpart',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code', '-created_at', '-job_id'], name='exportpart_error'),
        ),
        AddIndexConcurrently(
            model_name='exportpart',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['county', 'error_code', '-created_at', '-job_id'], name='exportpart_in_error'),
        ),
        AddIndexConcurrently(
            model_name='exportpart',
            index=models.Index(fields=['export_format', '-created_at', '-job_id'], name='exportpart_type'),
        ),
        AddIndexConcurrently(
            model_name='exportpart',
            index=models.Index(fields=['county', 'export_format', '-created_at', '-job_id'], name='exportpart_in_type'),
        ),
        AddIndexConcurrently(
            model_name='gisexportjob',
            index=models.Index(fields=['county', 'status', '-created_at', '-job_id'], name='gisexportjob_in_status'),
        ),
        AddIndexConcurrently(
            model_name='gisexportjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code', '-created_at', '-job_id'], name='gisexportjob_error'),
        ),
        AddIndexConcurrently(
            model_name='gisexportjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['county', 'error_code', '-created_at', '-job_id'], name='gisexportjob_in_error'),
        ),
        AddIndexConcurrently(
            model_name='gisexportjob',
            index=models.Index(fields=['export_format', '-created_at', '-job_id'], name='gisexportjob_type'),
        ),
        AddIndexConcurrently(
            model_name='gisexportjob',
            index=models.Index(fields=['county', 'export_format', '-created_at', '-job_id'], name='gisexportjob_in_type'),
        ),
    ]
