from django.db import migrations
from django.db.models import Q

NAMES = {"fewest_sales": "min_sales", "neighbours": "neighbors"}
"""What parameters and fields were called, and are called now."""


def rename(members):
    """The object of parameters or fields with today's names."""
    return {NAMES.get(name, name): value for name, value in members.items()}


def rename_all(apps, schema_editor):
    old = list(NAMES)
    jobs = apps.get_model("market_analysis", "MarketAnalysisJob").objects
    with_old = jobs.filter(Q(parameters__has_any_keys=old) | Q(resolved__has_any_keys=old))
    for job in with_old.only("parameters", "resolved").iterator(chunk_size=1000):
        job.parameters, job.resolved = rename(job.parameters), rename(job.resolved)
        job.save(update_fields=["parameters", "resolved"])
    schedules = apps.get_model("jobs", "Schedule").objects
    for schedule in schedules.filter(job_type="market_analysis", request__parameters__has_any_keys=old):
        schedule.request["parameters"] = rename(schedule.request["parameters"])
        schedule.save(update_fields=["request"])
    areas = apps.get_model("market_analysis", "MarketArea").objects
    for area in areas.filter(values__has_any_keys=old).only("values").iterator(chunk_size=1000):
        area.values = rename(area.values)
        area.save(update_fields=["values"])


class Migration(migrations.Migration):

    dependencies = [
        ("jobs", "0005_fair_turns"),
        ("market_analysis", "0008_help_texts"),
    ]

    operations = [migrations.RunPython(rename_all, migrations.RunPython.noop, elidable=True)]
