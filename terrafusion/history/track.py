"""``@track`` on a model: an edit table beside its own, and the triggers that fill and protect it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import pghistory
import pgtrigger
from django.db import models

Model = TypeVar("Model", bound=type[models.Model])

# PostgreSQL fires triggers in the order of their names, which begin with these: the row as it was gets the lower id.
BEFORE, AFTER = "edit_before", "edit_new"
"""An update leaves two rows: as it was, and as it became."""


class Edit(Protocol):
    """A row of an edit table, beside the columns of its own model. The admin sets ``changes``."""

    pgh_created_at: datetime
    pgh_label: str
    pgh_obj_id: int
    pgh_context: dict[str, Any] | None
    changes: list[tuple[str, str, str]]


class Stands(pgtrigger.Trigger):
    """Nobody changes or removes what is recorded; unlike the library's own protection, no session can switch it off."""

    name = "edits_stand"
    level = pgtrigger.Statement
    when = pgtrigger.Before
    operation = pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate
    func = "RETURN NULL;"  # never called: see render_execute

    def render_execute(self, model: object) -> str:
        return "history_refuse_change()"  # records migration 0012


def track(*, exclude: tuple[str, ...] = ()) -> Callable[[Model], Model]:
    """Record every insert, update and delete of the model's rows, but for the columns of ``exclude``."""
    return lambda model: _track(model, exclude)


def track_elsewhere(model: type[models.Model], app_label: str, *, fields: list[str]) -> None:
    """The same for a model of another project, whose edit table is kept by the app of that label."""
    _track(model, fields=fields, app_label=app_label)


def edit_models() -> list[type[models.Model]]:
    """The edit tables of all tracked models."""
    return pghistory.core.event_models()


def edit_model_of(model: type[models.Model]) -> type[models.Model] | None:
    """The edit table of a model; None where it is not tracked."""
    return next(iter(pghistory.core.event_models(tracks_model=model)), None)


def _track(model: Model, exclude: tuple[str, ...] = (), **options: Any) -> Model:
    names = (model._meta.verbose_name, model._meta.verbose_name_plural)
    tracked: Model = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(BEFORE, row=pghistory.Old),
        pghistory.UpdateEvent(AFTER, row=pghistory.New),
        pghistory.DeleteEvent(),
        exclude=list(exclude),
        level=pghistory.Statement,
        # In the row itself: a table of contexts of its own could be changed.
        context_field=pghistory.ContextJSONField(),
        obj_field=pghistory.ObjForeignKey(related_name="+", related_query_name="+"),
        meta={
            "verbose_name": f"edit of {names[0]}",
            "verbose_name_plural": f"edits of {names[1]}",
            "default_permissions": ("view",),
            "triggers": [Stands()],
        },
        model_name=f"{model.__name__}Event",
        **options,
    )(model)
    return tracked
