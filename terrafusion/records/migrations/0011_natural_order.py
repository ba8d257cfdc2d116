from django.contrib.postgres.operations import CreateCollation
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0010_proposal_days'),
    ]

    operations = [
        CreateCollation('natural_order', provider='icu', locale='und-u-kn-true'),
    ]
