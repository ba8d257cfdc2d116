from django.db import migrations

RENAMED = """
UPDATE reporting_reportjob SET area_parts = (
    SELECT jsonb_agg(part - 'metres' || jsonb_build_object('meters', part -> 'metres') ORDER BY place)
    FROM jsonb_array_elements(area_parts) WITH ORDINALITY AS parts (part, place)
) WHERE jsonb_typeof(area_parts) = 'array' AND area_parts @? '$[*].metres'
"""
"""The distance of each part of an area was called metres."""


class Migration(migrations.Migration):

    dependencies = [("reporting", "0008_help_texts")]

    operations = [migrations.RunSQL(RENAMED, migrations.RunSQL.noop, elidable=True)]
