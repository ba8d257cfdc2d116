"""Groups for the staff of an office. A group of that name that is there already stays as it is, and nobody undoes what
an office changes later."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

ALL = ("view", "add", "change", "delete")
LOOK = ("view",)
EDIT = ("view", "change")

_RATES = ("buildinglife", "costrate", "incomerate", "landrate", "rentmultiplier", "rentrate")
_JOBS = ("gis_export.gisexportjob", "market_analysis.marketanalysisjob", "reporting.reportjob", "valuation.valuationjob")
_VALUES = ("decidedvalue", "decision", "evaluationsale", "propertyvaluation", "valuationmodel")

GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "County administrators": {
        "auth.user": LOOK,
        "records.county": EDIT,
        "records.countysettings": ("view", "add", "change"),
        "records.countyaccess": ALL,
        "records.countyevent": LOOK,
        "records.countysettingsevent": LOOK,
        "records.countyaccessevent": LOOK,
        "records.referencelayer": EDIT,
        "reporting.countybranding": ALL,
        "reporting.countybrandingevent": LOOK,
        "reporting.reporttemplate": ALL,
        "reporting.reporttemplateevent": LOOK,
        **{f"valuation.{name}": ALL for name in _RATES},
        **{f"valuation.{name}event": LOOK for name in _RATES},
    },
    "Records officers": {
        "auth.user": LOOK,
        **{
            f"records.{name}": LOOK
            for name in (
                "county",
                "countysettings",
                "countyaccess",
                "propertyoperational",
                "sale",
                "referencelayer",
                "referencefeature",
                "uploadedarea",
                "countyevent",
                "countysettingsevent",
                "countyaccessevent",
                "propertyoperationalevent",
                "propertyvaluehistoryevent",
                "saleevent",
                "personaldataaccess",
            )
        },
        "reporting.parcelphoto": LOOK,
        **{f"valuation.{name}": LOOK for name in _VALUES},
        **{job: LOOK for job in _JOBS},
    },
    "Records clerks": {
        "records.county": LOOK,
        "records.propertyoperational": EDIT,
        "records.propertyoperationalevent": LOOK,
        "records.propertyvaluehistoryevent": LOOK,
        "records.sale": ("view", "add", "change"),
        "records.saleevent": LOOK,
        "records.referencelayer": LOOK,
        "records.referencefeature": EDIT,
        "reporting.parcelphoto": ALL,
    },
    "Job operators": {
        "records.county": LOOK,
        **{job: EDIT for job in _JOBS},
        "gis_export.exportpart": LOOK,
        "jobs.schedule": ("view", "change", "delete"),
        "jobs.webhookdelivery": EDIT,
    },
    "Security officers": {
        "accounts.accountevent": LOOK,
        "accounts.token": ("view", "delete"),
        "auth.user": LOOK,
        "auth.group": LOOK,
    },
}


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    using = editor.connection.alias
    for config in installed.get_app_configs():  # as migrate does after the last migration, which is too late for this one
        create_permissions(config, verbosity=0, using=using)
    permissions, groups = apps.get_model("auth", "Permission").objects, apps.get_model("auth", "Group").objects
    for name, pages in GROUPS.items():
        group, new = groups.using(using).get_or_create(name=name)
        for page, verbs in pages.items() if new else ():
            label, _, model = page.partition(".")
            codenames = [f"{verb}_{model}" for verb in verbs]
            chosen = permissions.using(using).filter(content_type__app_label=label, codename__in=codenames)
            group.permissions.add(*chosen)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_events"), ("auth", "0012_alter_user_first_name_max_length"), ("records", "0016_access_log")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
