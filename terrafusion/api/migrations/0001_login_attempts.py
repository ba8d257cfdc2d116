"""The table in which attempts to sign in are counted where there is no Redis (``CACHES["logins"]``)."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.core.cache.backends.db import BaseDatabaseCache
from django.core.management import call_command
from django.db import migrations

_TABLE = "login_attempts"


def _make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    call_command("createcachetable", _TABLE, database=editor.connection.alias, verbosity=0)


def _drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    editor.delete_model(BaseDatabaseCache(_TABLE, {}).cache_model_class)


class Migration(migrations.Migration):
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunPython(_make, _drop)]
