"""Work on whole tables, which is recorded in its own way: a load by its report, certified values by their decision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pgtrigger
from django.db import models
from django.db.backends.utils import CursorWrapper
from pghistory.trigger import Event


@contextmanager
def unrecorded(cursor: CursorWrapper, *tables: type[models.Model]) -> Iterator[None]:
    """Meanwhile, statements of the cursor's transaction leave no edits of ``tables``; their other triggers work on."""
    registered: list[tuple[Any, Any]] = pgtrigger.registered()
    names = [trigger.get_pgid(model) for model, trigger in registered if model in tables and isinstance(trigger, Event)]
    cursor.execute("SELECT coalesce(nullif(current_setting('pgtrigger.ignore', true), ''), '{}')")
    (before,) = cursor.fetchone()
    cursor.execute("SELECT set_config('pgtrigger.ignore', (%s::text[] || %s::text[])::text, true)", [before, names])
    yield
    # Where a statement failed, the transaction is rolled back, and the setting with it.
    cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [before])
