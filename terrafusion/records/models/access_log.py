"""The record of who got to see personal data. Rows are added, and removed by their age only."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from terrafusion.records.models.county import County


class Act(models.TextChoices):
    READ = "read", "Read"
    PREVIEWED = "previewed", "Previewed"
    EXPORTED = "exported", "Exported"
    DOWNLOADED = "downloaded", "Downloaded"


class _Stands(pgtrigger.Trigger):
    """Calls a function of migration 0016, and no session can switch it off (see ``history.track.Stands``)."""

    function: str

    def render_execute(self, model: object) -> str:
        return f"{self.function}()"


class _NeverChanges(_Stands):
    name = "access_stands"
    level = pgtrigger.Statement
    when = pgtrigger.Before
    operation = pgtrigger.Update | pgtrigger.Truncate
    function = "records_refuse_change_of_access"
    func = "RETURN NULL;"  # never called: see render_execute


class _KeptForItsTime(_Stands):
    name = "access_is_kept"
    level = pgtrigger.Row
    when = pgtrigger.Before
    operation = pgtrigger.Delete
    function = "records_keep_access"
    func = "RETURN OLD;"  # never called: see render_execute


class PersonalDataAccess(models.Model):
    """One act of one person. Names stay when a user or a county is gone, so nothing here is a key of theirs."""

    county = models.ForeignKey(
        County, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField(db_default=Now(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
    )
    username = models.CharField(max_length=150)
    act = models.CharField(max_length=10, choices=Act.choices)
    kind = models.CharField(max_length=50, help_text="Kind of thing, such as gis_export or parcel.")
    key = models.CharField(max_length=100, help_text="Which one: the id of a job, the number of a parcel.")
    details = models.JSONField(default=dict, help_text="What of it, such as the file.")
    right = models.CharField(max_length=60, help_text="The right by which the user saw it, as it was then.")

    class Meta:
        verbose_name = "access to personal data"
        verbose_name_plural = "access to personal data"
        default_permissions = ("view",)
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["county", "-at", "-id"], name="access_of_county"),
            models.Index(fields=["user", "kind", "key", "-at"], name="access_by_user"),
        ]
        triggers = [_NeverChanges(), _KeptForItsTime()]

    def __str__(self) -> str:
        return f"{self.username} {self.act} {self.kind} {self.key}"
