from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dummy', '0007_origin'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='dummyjob',
            index=models.Index(fields=['county', 'status', '-created_at', '-job_id'], name='dummyjob_in_status'),
        ),
        migrations.AddIndex(
            model_name='dummyjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code', '-created_at', '-job_id'], name='dummyjob_error'),
        ),
        migrations.AddIndex(
            model_name='dummyjob',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['county', 'error_code', '-created_at', '-job_id'], name='dummyjob_in_error'),
        ),
        migrations.AddIndex(
            model_name='dummyjob',
            index=models.Index(fields=['flavour', '-created_at', '-job_id'], name='dummyjob_type'),
        ),
        migrations.AddIndex(
            model_name='dummyjob',
            index=models.Index(fields=['county', 'flavour', '-created_at', '-job_id'], name='dummyjob_in_type'),
        ),
    ]
