"""The triggers in the database are those that the models declare, after each migration."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import connections


def after_migrate(using: str, plan: object = (), **_: object) -> None:
    """A receiver of ``post_migrate``. Nothing is to be done where nothing was migrated, as when tests empty tables."""
    if not plan:
        return
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    registered: list[tuple[Any, Any]] = pgtrigger.registered()
    for model, trigger in registered:
        needed = {model._meta.db_table, getattr(trigger, "event_model", model)._meta.db_table}
        if needed <= tables:  # of a migration to an earlier state some are not there
            trigger.install(model, database=using)
