"""Files in media storage that no row of the database names: what a restored database does not know, and what a worker
left that was killed at the wrong moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.apps import apps
from django.core.files.storage import Storage
from django.db.models import FileField, Q
from django.utils import timezone

from terrafusion.jobs.publish import media
from terrafusion.jobs.registry import all_types

YOUNGEST = timedelta(days=1)
"""A file that is no older may be on its way: its row is written after it."""


def unknown(before: datetime | None = None) -> Iterator[str]:
    """The names of those that were last changed ``before`` (default: a day ago). Hidden folders, as those of running
    attempts, are passed over."""
    before = before or timezone.now() - YOUNGEST
    known = _known()
    storage = media()
    for name in _names(storage, ""):
        if name not in known and storage.get_modified_time(name) < before and name not in _known(name):
            yield name


def _known(name: str | None = None) -> set[str]:
    """The names that rows have; of one ``name`` only, to ask again for what was published meanwhile."""
    known: set[str] = set()
    for job_type in all_types():
        rows = job_type.model.objects.all()
        if name is not None:
            rows = rows.filter(Q(result_file=name) | Q(publishing_as=name))
        for names in rows.exclude(result_file="", publishing_as="").values_list("result_file", "publishing_as"):
            known.update(names)
    for model in apps.get_models():
        for field in (field for field in model._meta.get_fields() if isinstance(field, FileField)):
            files = (
                model._default_manager.all() if name is None else model._default_manager.filter(**{field.name: name})
            )
            known.update(files.values_list(field.name, flat=True))
    return known - {"", None}


def _names(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:  # removed since its parent was read, or nothing was ever published
        return
    yield from (f"{folder}{name}" for name in files if not name.startswith("."))
    for inner in folders:
        if not inner.startswith("."):
            yield from _names(storage, f"{folder}{inner}/")
